"""What the simulator remembers, as arrays that compiled code reads and writes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

BLOCK_TOKENS = 16
"""Tokens in one block of the paged cache, as in vLLM."""
BINS = 256
HISTORY_LOW, HISTORY_HIGH = BINS, BINS + 1
FIRST_BIN_S = 1e-5
BIN_GROWTH = 1.07
"""Gaps between tokens are kept in bins from 10 µs to 5 minutes, each 7 % wider than the last."""
PRIORITIES = 2

WAITING, DONE, REJECTED = 0, 1, 2
OFF, STARTING, ACTIVE, DRAINING = 0, 1, 2, 3
ROUND_ROBIN, LEAST_LOADED, PREFIX_AWARE = 0, 1, 2


REQUEST = np.dtype(
    [
        ("arrival", np.float64),
        ("inputs", np.int32),
        ("outputs", np.int32),
        ("key", np.int32),
        ("prefix", np.int32),
        ("generated", np.int32),
        ("following", np.int32),
        ("history", np.int32),
        ("ttft", np.float32),
        ("e2e", np.float32),
        ("itl_p50", np.float32),
        ("itl_p95", np.float32),
        ("itl_p99", np.float32),
        ("replica", np.int16),
        ("status", np.uint8),
        ("moved", np.uint8),
        ("priority", np.int8),
    ]
)
"""A request; times in seconds. `key` names what its prefix is cached under (-1: nothing), `prefix` how many
leading tokens may be reused. While it runs `e2e` holds the time of its latest token since its arrival."""

_COUNTS = (
    *("steps", "running", "context", "load", "free", "cached", "pinned", "own", "low_bin", "high_bin"),
    *(
        "current",
        "left",
        "hit",
        "ended_count",
        "tails",
        "heap_size",
        "cache_head",
        "cache_tail",
        "finished",
        "status",
    ),
)
_TIMES = [
    "now",
    "ready",
    "busy",
    "idle",
    "down",
    "up_since",
    "up",
    "quiet_until",
    "kv_area",
    "batch_area",
    "kv_peak",
]
REPLICA = np.dtype([(name, np.float64) for name in _TIMES] + [(name, np.int64) for name in _COUNTS])
"""A replica: times in seconds (areas are levels × seconds), and counts."""
_SLOTS = [
    "s_request",
    "s_context",
    "s_start",
    "s_end",
    "s_hit",
    "s_before",
    "s_after",
    "slots_free",
    "ended",
    "ended_hit",
    "tail",
    "tail_hit",
]
SLOT = np.dtype([(name, np.int64) for name in _SLOTS])
"""A place for a request that decodes; also the stack of free places, the prompts that end in a step, and
those whose last tokens the next step reads."""
PREFIX = np.dtype([(f"cache_{name}", np.int32) for name in ("tokens", "users", "before", "after")])
LEVEL = np.dtype([(name, np.int64) for name in ("q_head", "q_tail", "r_head", "r_tail")])
"""Of one priority: the ends of its waiting line and of its running requests."""


class Settings(NamedTuple):
    """The server as plain numbers; see `configuration.Server`."""

    token_budget: int
    prompt_tail: int
    blocks: int
    spare_blocks: int
    max_sequences: int
    longest: int
    prefix_cache: bool
    prefill_replicas: int
    router: int
    transfer_s_per_token: float
    base_s: float
    most_steps: int
    first_replicas: int
    scaling: bool
    scaling_interval_s: float
    scale_up_at: float
    scale_down_at: float
    start_up_s: float
    repair_s: float


class Replicas(NamedTuple):
    """One row a replica; its REPLICA, SLOT, PREFIX and LEVEL records, and arrays.

    `steps` counts a replica's steps; a sequence that decodes ends when the count reaches its `s_end`.
    `phases` counts decoding sequences by (context - steps) mod block, so that the blocks that k steps need
    are known without visiting a sequence. Blocks are `free`, `cached` (held by nobody, evictable), `pinned`
    (cached and in use) or `own` (of running requests alone); together they are all there are. `gaps` counts
    steps by their length, `pooled` the same times the sequences in them. A history is the part of `gaps` from
    before its request; its last two places hold its first and last bin, outside which it is nothing.
    """

    rep: Array
    slots: Array
    cache: Array
    levels: Array
    phases: Array
    gaps: Array
    heap: Array
    histories: Array
    histories_free: Array
    pooled: Array
    counts: Array


PREFILLED, HIT, RECOMPUTED, MOVED, GENERATED, WASTED, PREEMPTIONS, RETRIES, FREE_HISTORIES, STEPS, TURN = (
    range(11)
)
"""What `counts` holds: prompt tokens computed, found in the cache, computed again; requests moved between
pools; tokens given, and given in vain; preemptions; requests that a failure restarted; and at the end free
places of histories, steps, the round robin's turn."""


def new_requests(
    arrival: Array, inputs: Array, outputs: Array, key: Array, prefix: Array, priority: Array
) -> Array:
    """REQUEST records of which nothing has run yet."""
    requests = np.zeros(len(arrival), dtype=REQUEST)
    given = {"arrival": arrival, "inputs": inputs, "outputs": outputs}
    for name, values in {**given, "key": key, "prefix": prefix, "priority": priority}.items():
        requests[name] = values
    for name in ("ttft", "e2e", "itl_p50", "itl_p95", "itl_p99"):
        requests[name] = np.nan
    for name in ("replica", "following", "history"):
        requests[name] = -1
    return requests


def new_replicas(count: int, keys: int, settings: Settings) -> Replicas:
    """Empty replicas; the first `settings.first_replicas` of them are active."""
    size = settings.max_sequences
    rep = np.zeros(count, dtype=REPLICA)
    rep["status"][: settings.first_replicas] = ACTIVE
    rep["free"] = settings.blocks
    rep["low_bin"] = BINS - 1
    for name in ("current", "cache_head", "cache_tail"):
        rep[name] = -1
    slots = np.zeros((count, size), dtype=SLOT)
    slots["slots_free"] = np.arange(size - 1, -1, -1)
    slots["s_request"] = -1
    levels = np.zeros((count, PRIORITIES), dtype=LEVEL)
    for name in LEVEL.names or ():
        levels[name] = -1
    histories = PRIORITIES * size * count + 1
    counts = np.zeros(11, dtype=np.int64)
    counts[FREE_HISTORIES] = histories
    return Replicas(
        rep=rep,
        slots=slots,
        cache=np.zeros((keys, count), dtype=PREFIX),
        levels=levels,
        phases=np.zeros((count, BLOCK_TOKENS), dtype=np.int64),
        gaps=np.zeros((count, BINS), dtype=np.int32),
        heap=np.zeros((count, 4 * size + 8), dtype=np.int64),
        histories=np.zeros((histories, BINS + 2), dtype=np.int32),
        histories_free=np.arange(histories, dtype=np.int64),
        pooled=np.zeros(BINS, dtype=np.int64),
        counts=counts,
    )
