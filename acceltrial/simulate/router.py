"""Which replica a request goes to, and how many replicas there are, in compiled code."""

from __future__ import annotations

from acceltrial.simulate.compiled import compiled, inlined
from acceltrial.simulate.memory import forget, release
from acceltrial.simulate.queues import first_waiting, leave, leave_running, wait_last
from acceltrial.simulate.sequences import drop_history
from acceltrial.simulate.state import (
    ACTIVE,
    BLOCK_TOKENS,
    DRAINING,
    MOVED,
    OFF,
    PREFIX_AWARE,
    RECOMPUTED,
    RETRIES,
    ROUND_ROBIN,
    STARTING,
    TURN,
    WASTED,
    Array,
    Replicas,
    Settings,
)

_OVERLOADED = 2
"""A replica with this many times the least load plus a few loses its claim by prefix."""


@inlined
def choose(c: Settings, q: Array, x: Replicas, i: int, first: int, last: int) -> int:
    """A replica of first ≤ r < last: an active one, else the one that is ready soonest."""
    best, least, soonest = -1, 1 << 60, first
    for r in range(first, last):
        if x.rep[r].status == ACTIVE and x.rep[r].load < least:
            best, least = r, x.rep[r].load
        if x.rep[r].status != OFF and (x.rep[soonest].status == OFF or x.rep[r].ready < x.rep[soonest].ready):
            soonest = r
    if best < 0:
        return soonest
    if c.router == ROUND_ROBIN:
        for _ in range(first, last):
            r = first + x.counts[TURN] % (last - first)
            x.counts[TURN] += 1
            if x.rep[r].status == ACTIVE:
                return int(r)
    if c.router == PREFIX_AWARE and q[i].key >= 0 and first == 0:
        longest = BLOCK_TOKENS - 1
        for r in range(first, last):
            kept = x.cache[q[i].key, r].cache_tokens
            if x.rep[r].status == ACTIVE and kept > longest and x.rep[r].load <= _OVERLOADED * least + 4:
                best, longest = r, kept
    return int(best)


@inlined
def put(q: Array, x: Replicas, r: int, i: int, at: float) -> None:
    """Lets a request wait at a replica that may have been idle until now."""
    if x.rep[r].load == 0 and x.rep[r].now < at:
        x.rep[r].idle += at - x.rep[r].now
        x.rep[r].now = at
    x.rep[r].load += 1
    x.rep[r].quiet_until = 0.0
    wait_last(q, x, r, i)


@inlined
def wake(x: Replicas, at: float) -> None:
    """Makes the replicas active whose start-up or repair is over."""
    for r in range(len(x.rep)):
        if x.rep[r].status == STARTING and x.rep[r].ready <= at:
            x.rep[r].status = ACTIVE
        elif x.rep[r].status == DRAINING and x.rep[r].load == 0:
            x.rep[r].status = OFF
            x.rep[r].up += max(at, x.rep[r].now) - x.rep[r].up_since


@compiled
def stay_down(x: Replicas, r: int, start: float, end: float) -> None:
    """Lets the time from `start` to `end` pass without a server."""
    if x.rep[r].now < start:
        x.rep[r].idle += start - x.rep[r].now
        x.rep[r].now = start
    if x.rep[r].now < end:
        x.rep[r].down += end - x.rep[r].now
        x.rep[r].now = end
    x.rep[r].ready = x.rep[r].now
    x.rep[r].status = STARTING


@compiled
def scale(c: Settings, x: Replicas, at: float) -> None:
    """Adds or drains one replica by the requests that each active or starting one has."""
    first = c.prefill_replicas
    there, load, idle, off = 0, 0, -1, -1
    for r in range(first, len(x.rep)):
        if x.rep[r].status == ACTIVE or x.rep[r].status == STARTING:
            there += 1
            load += x.rep[r].load
            idle = r
        elif off < 0 and x.rep[r].status != OFF:
            off = r
    for r in range(len(x.rep) - 1, first - 1, -1):
        if off < 0 and x.rep[r].status == OFF:
            off = r
    if load > c.scale_up_at * there and off >= 0:
        if x.rep[off].status == DRAINING:
            x.rep[off].status = ACTIVE
            return
        x.rep[off].up_since = at
        stay_down(x, off, at, at + c.start_up_s)
    elif (
        load < c.scale_down_at * (there - 1)
        and there > c.first_replicas - first
        and x.rep[idle].status == ACTIVE
    ):
        x.rep[idle].status = DRAINING


@compiled
def fail(c: Settings, q: Array, x: Replicas, r: int, at: float) -> int:
    """Loses what a replica holds and repairs it; the first of the requests to route again (-1: none).

    They are chained by `q.following` and start anew: their tokens were given in vain.
    """
    chain = -1
    for slot in range(x.slots.shape[1]):
        i = x.slots[r, slot].s_request
        if i < 0:
            continue
        steps = x.rep[r].steps - x.slots[r, slot].s_start
        release(x, r, q[i].key, x.slots[r, slot].s_hit, x.slots[r, slot].s_context + steps, False)
        q[i].generated += steps
        leave_running(x, r, slot, q[i].priority)
        x.slots[r, slot].s_request = -1
        x.rep[r].running -= 1
        x.slots[r, x.slots.shape[1] - x.rep[r].running - 1].slots_free = slot
        x.counts[RECOMPUTED] += q[i].inputs
        chain = _restart(q, x, i, chain)
    i = x.rep[r].current
    if i >= 0:
        tokens = q[i].inputs + q[i].generated
        release(x, r, q[i].key, x.rep[r].hit, tokens, False)
        x.counts[MOVED] -= q[i].moved
        x.counts[RECOMPUTED] += q[i].inputs if q[i].moved else tokens - x.rep[r].left - q[i].generated
        x.rep[r].current = -1
        chain = _restart(q, x, i, chain)
    for place in range(x.rep[r].tails):
        i = x.slots[r, place].tail
        release(x, r, q[i].key, x.slots[r, place].tail_hit, q[i].inputs + q[i].generated, False)
        x.counts[RECOMPUTED] += q[i].inputs - c.prompt_tail
        chain = _restart(q, x, i, chain)
    x.rep[r].tails = 0
    while first_waiting(x, r) >= 0:
        i = first_waiting(x, r)
        leave(q, x, r, i)
        x.counts[RECOMPUTED] += q[i].inputs if q[i].moved else -q[i].generated
        chain = _restart(q, x, i, chain)
    x.rep[r].context = 0
    x.phases[r, :] = 0
    x.rep[r].heap_size = 0
    x.rep[r].load = 0
    x.rep[r].quiet_until = 0.0
    forget(x, r)
    stay_down(x, r, at, at + c.repair_s)
    return int(chain)


@compiled
def _restart(q: Array, x: Replicas, i: int, chain: int) -> int:
    x.counts[RETRIES] += 1
    x.counts[WASTED] += q[i].generated
    q[i].generated = 0
    q[i].moved = 0
    if q[i].history >= 0:
        drop_history(q, x, i)
    q[i].following = chain
    return i
