"""Arrivals, failures, scaling and moves between replicas in order of time, in compiled code."""

from __future__ import annotations

import heapq
import math
from typing import Any

import numpy as np

from acceltrial.simulate.compiled import borrowed, compiled, entry, inlined
from acceltrial.simulate.memory import blocks_for
from acceltrial.simulate.replica import advance
from acceltrial.simulate.router import choose, fail, put, scale, wake
from acceltrial.simulate.state import DRAINING, OFF, REJECTED, ROUND_ROBIN, Array, Replicas, Settings


@entry
def play(
    c: Settings, q: Array, x: Replicas, p: Array, factors: Array, fail_at: Array, fail_who: Array
) -> None:
    """Plays the whole trace; the figures of requests and replicas are in `q` and `x` afterwards.

    `p` holds the step-time figures, `factors` those on the decode step by batch, `fail_at` and `fail_who` the
    seconds and replicas of failures in order of time.
    """
    bare = Replicas(
        borrowed(x.rep),
        borrowed(x.slots),
        borrowed(x.cache),
        borrowed(x.levels),
        borrowed(x.phases),
        borrowed(x.gaps),
        borrowed(x.heap),
        borrowed(x.histories),
        borrowed(x.histories_free),
        borrowed(x.pooled),
        borrowed(x.counts),
    )
    _play(c, borrowed(q), bare, borrowed(p), borrowed(factors), fail_at, fail_who)


@compiled
def _play(
    c: Settings, q: Array, x: Replicas, p: Array, factors: Array, fail_at: Array, fail_who: Array
) -> None:
    sent = [(0.0, np.int64(0))]
    sent.pop()
    replicas = len(x.rep)
    entries = c.prefill_replicas if c.prefill_replicas > 0 else replicas
    # Where no decision looks at the others, each is brought to its own next request alone.
    apart = c.router == ROUND_ROBIN and c.prefill_replicas == 0 and not c.scaling and len(fail_at) == 0
    failure, tick = 0, c.scaling_interval_s if c.scaling else math.inf
    for i in range(len(q)):
        at = q[i].arrival
        while True:
            next_failure = fail_at[failure] if failure < len(fail_at) else math.inf
            if min(next_failure, tick) > at:
                break
            if next_failure <= tick:
                _lose(c, q, x, p, factors, fail_who[failure], next_failure, entries, sent)
                failure += 1
            else:
                _catch_up(c, q, x, p, factors, tick, sent)
                scale(c, x, tick)
                tick += c.scaling_interval_s
        if q[i].inputs + q[i].outputs > c.longest or blocks_for(q[i].inputs + q[i].outputs) > c.blocks:
            q[i].status = REJECTED
            continue
        if not apart:
            _catch_up(c, q, x, p, factors, at, sent)
        r = choose(c, q, x, i, 0, entries)
        if x.rep[r].load > 0:
            advance(c, q, x, p, factors, r, at, sent, False)
        put(q, x, r, i, at)
    _catch_up(c, q, x, p, factors, math.inf, sent)


@inlined
def _is_due(x: Replicas, r: int, until: float) -> bool:
    """Whether `advance` would do anything: asked before the call, which copies ninety figures."""
    return bool(x.rep[r].load > 0 and x.rep[r].now < until and x.rep[r].quiet_until < until)


@compiled
def _catch_up(c: Settings, q: Array, x: Replicas, p: Array, factors: Array, until: float, sent: Any) -> None:
    """Brings every replica to `until`, as far as others can see; moves of requests happen at their time."""
    if c.prefill_replicas == 0:
        for r in range(len(x.rep)):
            if _is_due(x, r, until):
                advance(c, q, x, p, factors, r, until, sent, True)
    else:
        for r in range(c.prefill_replicas):
            if _is_due(x, r, until):
                advance(c, q, x, p, factors, r, until, sent, True)
        while len(sent) > 0 and sent[0][0] <= until:
            at, i = heapq.heappop(sent)
            for r in range(c.prefill_replicas, len(x.rep)):
                if _is_due(x, r, at):
                    advance(c, q, x, p, factors, r, at, sent, True)
            wake(x, at)
            r = choose(c, q, x, i, c.prefill_replicas, len(x.rep))
            if x.rep[r].load > 0:
                advance(c, q, x, p, factors, r, at, sent, False)
            put(q, x, r, i, at)
        for r in range(c.prefill_replicas, len(x.rep)):
            if _is_due(x, r, until):
                advance(c, q, x, p, factors, r, until, sent, True)
    if until < math.inf:
        wake(x, until)


@compiled
def _lose(
    c: Settings, q: Array, x: Replicas, p: Array, factors: Array, r: int, at: float, entries: int, sent: Any
) -> None:
    """One replica fails; its requests go to the others, or wait for its repair."""
    _catch_up(c, q, x, p, factors, at, sent)
    advance(c, q, x, p, factors, r, at, sent, False)
    if x.rep[r].status == OFF or x.rep[r].status == DRAINING:
        return
    i = fail(c, q, x, r, at)
    while i >= 0:
        following = q[i].following
        other = choose(c, q, x, i, 0, entries)
        advance(c, q, x, p, factors, other, at, sent, False)
        put(q, x, other, i, at)
        i = following
