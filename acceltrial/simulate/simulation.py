"""Runs a trace through a server. Compiled code is imported, and compiled at its first use, only here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from acceltrial.errors import ConfigurationError
from acceltrial.simulate.configuration import MOST_STATE, ROUTERS, Server, StepTimes
from acceltrial.simulate.load import Load

if TYPE_CHECKING:
    from acceltrial.simulate.state import Array, Replicas, Settings


@dataclass(frozen=True)
class Simulation:
    """What came out: one entry a request in `requests`, one row a replica in `replicas`.

    Attributes:
        span_s: from the first arrival to the last answer. up_s: replica-seconds that were paid.
        wall_s: that the simulation took, without compiling.
    """

    requests: Array
    replicas: Replicas
    settings: Settings
    span_s: float
    up_s: float
    wall_s: float


def simulate(load: Load, steps: StepTimes, server: Server, *, seed: int = 0) -> Simulation:
    """Every request's figures when `server` with these step times meets `load`; equal seeds, equal results.

    Raises:
        ConfigurationError: more replicas × prefixes than memory can hold.
    """
    keys = load.keys if server.prefix_cache else 0
    if server.most_replicas * keys > MOST_STATE:
        raise ConfigurationError(
            f"{server.most_replicas} replicas × {keys} sessions are too many to remember",
            where="simulation",
            remedy="take fewer replicas, thin the trace, or switch the prefix cache off",
        )
    from acceltrial.simulate.events import play
    from acceltrial.simulate.state import new_replicas, new_requests

    settings = _settings(server, float(steps.base))
    failures = _failures(server, float(load.arrival[-1]) if len(load) else 0.0, seed)
    figures, factors = _figures(steps), _factors(steps, server.max_sequences)
    _compile(settings, figures, factors)
    requests = new_requests(load.arrival, load.inputs, load.outputs, load.key, load.prefix, load.priority)
    replicas = new_replicas(server.most_replicas, max(keys, 1), settings)
    start = perf_counter()
    play(settings, requests, replicas, figures, factors, *failures)
    wall = perf_counter() - start
    active = replicas.rep["status"] != 0
    used = replicas.rep["finished"] > 0
    last = float(np.max(replicas.rep["now"][used], initial=float(load.arrival[-1]) if len(load) else 0.0))
    up = replicas.rep["up"] + np.where(active, last - replicas.rep["up_since"], 0.0)
    return Simulation(requests, replicas, settings, last, float(up.sum()), wall)


def _settings(server: Server, base_s: float) -> Settings:
    from acceltrial.simulate.state import BLOCK_TOKENS, Settings

    blocks = server.cache_tokens // BLOCK_TOKENS
    return Settings(
        token_budget=server.token_budget,
        prompt_tail=server.prompt_tail,
        blocks=blocks,
        spare_blocks=blocks // 100,
        max_sequences=server.max_sequences,
        longest=server.longest,
        prefix_cache=server.prefix_cache,
        prefill_replicas=server.prefill_replicas,
        router=ROUTERS.index(server.router),
        transfer_s_per_token=float(server.transfer_s_per_token),
        base_s=base_s,
        most_steps=server.most_steps,
        first_replicas=server.replicas,
        scaling=server.most_replicas > server.replicas,
        scaling_interval_s=float(server.scaling_interval_s),
        scale_up_at=float(server.scale_up_at),
        scale_down_at=float(server.scale_down_at),
        start_up_s=float(server.start_up_s),
        repair_s=float(server.repair_s),
    )


def _figures(steps: StepTimes) -> Array:
    from acceltrial.simulate.steps import BLEND_CELLS

    untouched = math.log1p(-steps.expert_share) if steps.expert_share < 1 else -math.inf
    plain = np.array(
        [
            steps.shared,
            steps.experts,
            untouched,
            steps.cache,
            steps.token,
            steps.attention,
            steps.link,
            steps.sequence,
            steps.layers,
            steps.prefill_factor,
            steps.prompt,
        ]
    )
    return np.concatenate([plain, _blends(steps.blend, BLEND_CELLS)])


@lru_cache(maxsize=8)
def _blends(power: float, cells: int) -> Array:
    ratios = np.linspace(0.0, 1.0, cells + 1)
    return np.asarray((1.0 + ratios**power) ** (1.0 / power))


def _factors(steps: StepTimes, most: int) -> Array:
    """The factor of every batch up to `most`, between the given ones on the logarithm of the batch."""
    given = np.array(steps.decode_batches, dtype=float)
    at = np.log2(given) if len(given) else np.arange(len(steps.decode_factors), dtype=float)
    batches = np.log2(np.maximum(np.arange(most + 1, dtype=float), 1.0))
    return np.asarray(np.exp(np.interp(batches, at, np.log(steps.decode_factors))))


def _failures(server: Server, span_s: float, seed: int) -> tuple[Array, Array]:
    """Seconds and replicas of failures over the span, in order of time: exponential times between them."""
    if server.mtbf_s is None:
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    rng = np.random.default_rng(seed)
    expected = span_s / server.mtbf_s * server.most_replicas
    if expected > 1e6:
        raise ConfigurationError(
            f"{expected:.3g} failures over the trace are too many",
            where="simulation",
            remedy="give a longer time between failures",
        )
    count = rng.poisson(expected)
    at = np.sort(rng.uniform(0.0, span_s, count))
    return at, rng.integers(0, server.most_replicas, count)


_compiled: list[bool] = []


def _compile(settings: Settings, figures: Array, factors: Array) -> None:
    """Compiles, or loads what was compiled, on an empty trace, so that it is not timed: once in a process."""
    if _compiled:
        return
    from acceltrial.simulate.events import play
    from acceltrial.simulate.state import new_replicas, new_requests

    none = Load.of(np.zeros(0), np.zeros(0), np.zeros(0))
    requests = new_requests(none.arrival, none.inputs, none.outputs, none.key, none.prefix, none.priority)
    small = settings._replace(max_sequences=1)
    replicas = new_replicas(max(settings.first_replicas, 1), 1, small)
    play(settings, requests, replicas, figures, factors, np.zeros(0), np.zeros(0, dtype=np.int64))
    _compiled.append(True)
