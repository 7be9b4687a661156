"""How requests enter, are preempted, fail and finish on a replica, in compiled code."""

from __future__ import annotations

from acceltrial.simulate.compiled import compiled, inlined
from acceltrial.simulate.memory import blocks_for, pin, release, shrink, take
from acceltrial.simulate.queues import (
    enter_running,
    first_waiting,
    leave,
    leave_running,
    push_end,
    wait_first,
)
from acceltrial.simulate.state import (
    BLOCK_TOKENS,
    DONE,
    FREE_HISTORIES,
    GENERATED,
    HISTORY_HIGH,
    HISTORY_LOW,
    HIT,
    MOVED,
    PREEMPTIONS,
    PRIORITIES,
    RECOMPUTED,
    Array,
    Replicas,
    Settings,
)
from acceltrial.simulate.steps import bin_middle, bin_of


@compiled
def admit(c: Settings, q: Array, x: Replicas, r: int) -> bool:
    """Gives the first waiting request its blocks and makes it the one whose prompt is read."""
    i = first_waiting(x, r)
    together = x.rep[r].running + x.rep[r].ended_count + x.rep[r].tails
    if i < 0 or together >= c.max_sequences:
        return False
    tokens = q[i].inputs + q[i].generated
    key = q[i].key
    hit = 0
    if c.prefix_cache and key >= 0 and q[i].moved == 0:
        hit = min(q[i].prefix, x.cache[key, r].cache_tokens, tokens - 1) // BLOCK_TOKENS
    busy = together > 0
    # Room for the next step's blocks too: else the newcomer would be preempted before time passes.
    spare = c.spare_blocks + x.phases[r, (-x.rep[r].steps) % BLOCK_TOKENS] if busy else 0
    idle = x.rep[r].cached
    if hit > 0 and x.cache[key, r].cache_users == 0:
        idle -= x.cache[key, r].cache_tokens // BLOCK_TOKENS
    if x.rep[r].free + idle < blocks_for(tokens) - hit + spare:
        if busy or x.rep[r].free + x.rep[r].cached < blocks_for(tokens):
            return False
        hit = 0
    if hit > 0:
        pin(x, r, key)
    take(x, r, blocks_for(tokens) - hit)
    leave(q, x, r, i)
    x.rep[r].current = i
    x.rep[r].hit = hit
    x.rep[r].left = 1 if q[i].moved > 0 else tokens - hit * BLOCK_TOKENS
    x.counts[HIT] += hit * BLOCK_TOKENS
    x.counts[MOVED] += q[i].moved
    q[i].replica = r
    return True


@inlined
def start_decoding(c: Settings, q: Array, x: Replicas, r: int, i: int, hit: int) -> bool:
    """A prompt was read: its request's next token is out. True: the others come from another replica."""
    since = x.rep[r].now - q[i].arrival
    tokens = q[i].inputs + q[i].generated
    q[i].generated += 1
    x.counts[GENERATED] += 1
    if q[i].generated == 1:
        q[i].ttft = since + c.base_s
    else:
        _remember_gap(q, x, r, i, since - q[i].e2e)
    q[i].e2e = since
    prefills = r < c.prefill_replicas
    if q[i].generated >= q[i].outputs or prefills:
        release(x, r, q[i].key, hit, tokens, _keeps(c, r))
        x.rep[r].load -= 1
        if q[i].generated >= q[i].outputs:
            _close(c, q, x, r, i)
            return False
        return True
    if q[i].history < 0:
        _new_history(q, x, r, i)
    _enter_slot(q, x, r, i, hit, tokens)
    return False


@inlined
def _keeps(c: Settings, r: int) -> bool:
    """Whether a replica keeps prefixes: one that others read prompts for would never look at them."""
    return bool(c.prefix_cache and (c.prefill_replicas == 0 or r < c.prefill_replicas))


@inlined
def _enter_slot(q: Array, x: Replicas, r: int, i: int, hit: int, tokens: int) -> None:
    slots = x.slots.shape[1]
    slot = x.slots[r, slots - x.rep[r].running - 1].slots_free
    x.rep[r].running += 1
    x.slots[r, slot].s_request = i
    x.slots[r, slot].s_context = tokens
    x.slots[r, slot].s_start = x.rep[r].steps
    x.slots[r, slot].s_end = x.rep[r].steps + q[i].outputs - q[i].generated
    x.slots[r, slot].s_hit = hit
    x.rep[r].context += tokens
    x.phases[r, (tokens - x.rep[r].steps) % BLOCK_TOKENS] += 1
    push_end(x, r, x.slots[r, slot].s_end, slot)
    enter_running(x, r, slot, q[i].priority)


@inlined
def _leave_slot(q: Array, x: Replicas, r: int, slot: int) -> int:
    """Frees a slot; tokens that its request holds in the cache."""
    i = x.slots[r, slot].s_request
    steps = x.rep[r].steps - x.slots[r, slot].s_start
    tokens = x.slots[r, slot].s_context + steps
    q[i].generated += steps
    q[i].e2e = x.rep[r].now - q[i].arrival
    x.rep[r].context -= tokens
    x.phases[r, (tokens - x.rep[r].steps) % BLOCK_TOKENS] -= 1
    leave_running(x, r, slot, q[i].priority)
    x.slots[r, slot].s_request = -1
    x.rep[r].running -= 1
    x.slots[r, x.slots.shape[1] - x.rep[r].running - 1].slots_free = slot
    return int(tokens)


@inlined
def finish(c: Settings, q: Array, x: Replicas, r: int, slot: int) -> None:
    """Ends the sequence in `slot`."""
    i, hit = x.slots[r, slot].s_request, x.slots[r, slot].s_hit
    tokens = _leave_slot(q, x, r, slot)
    release(x, r, q[i].key, hit, tokens, _keeps(c, r))
    x.rep[r].load -= 1
    _close(c, q, x, r, i)


@compiled
def _close(c: Settings, q: Array, x: Replicas, r: int, i: int) -> None:
    q[i].e2e = x.rep[r].now - q[i].arrival + c.base_s
    q[i].status = DONE
    x.rep[r].finished += 1
    if q[i].history < 0:
        return
    history = x.histories[q[i].history]
    gaps = q[i].outputs - 1
    seen, level = 0, 0
    low = min(x.rep[r].low_bin, history[HISTORY_LOW])
    high = max(x.rep[r].high_bin, history[HISTORY_HIGH])
    for place in range(low, high + 1):
        seen += x.gaps[r, place]
        if history[HISTORY_LOW] <= place <= history[HISTORY_HIGH]:
            seen -= history[place]
        while level < 3 and seen >= (0.5, 0.95, 0.99)[level] * gaps:
            middle = bin_middle(place)
            if level == 0:
                q[i].itl_p50 = middle
            elif level == 1:
                q[i].itl_p95 = middle
            else:
                q[i].itl_p99 = middle
            level += 1
        if level == 3:
            break
    drop_history(q, x, i)


@compiled
def preempt(c: Settings, q: Array, x: Replicas, r: int) -> None:
    """Takes the youngest request of the lowest priority off the replica, to be computed again.

    The last one that runs is not taken: what it shares is cut to what it reads.
    """
    if x.rep[r].current >= 0 or x.rep[r].tails > 0:
        _put_back(c, q, x, r)
        return
    slot = x.levels[r, PRIORITIES - 1].r_tail
    for level in range(PRIORITIES - 1, -1, -1):
        slot = x.levels[r, level].r_tail
        if slot >= 0:
            break
    i, hit = x.slots[r, slot].s_request, x.slots[r, slot].s_hit
    if x.rep[r].running == 1:
        shrink(x, r, q[i].key, hit)
        return
    tokens = _leave_slot(q, x, r, slot)
    release(x, r, q[i].key, hit, tokens, False)
    if q[i].history >= 0:
        _add_gaps(x, r, q[i].history, -1)
    q[i].moved = 0
    x.counts[PREEMPTIONS] += 1
    x.counts[RECOMPUTED] += q[i].inputs + q[i].generated
    wait_first(q, x, r, i)


@inlined
def _put_back(c: Settings, q: Array, x: Replicas, r: int) -> None:
    """Preempts the youngest prompt that is being read."""
    i, hit, left = x.rep[r].current, x.rep[r].hit, x.rep[r].left
    if i >= 0:
        x.rep[r].current = -1
    else:
        x.rep[r].tails -= 1
        i, hit, left = x.slots[r, x.rep[r].tails].tail, x.slots[r, x.rep[r].tails].tail_hit, c.prompt_tail
    tokens = q[i].inputs + q[i].generated
    release(x, r, q[i].key, hit, tokens, False)
    x.counts[PREEMPTIONS] += 1
    x.counts[RECOMPUTED] += tokens if q[i].moved else tokens - left
    x.counts[MOVED] -= q[i].moved
    q[i].moved = 0
    wait_first(q, x, r, i)


@inlined
def _new_history(q: Array, x: Replicas, r: int, i: int) -> None:
    x.counts[FREE_HISTORIES] -= 1
    place = x.histories_free[x.counts[FREE_HISTORIES]]
    q[i].history = place
    low, high = x.rep[r].low_bin, x.rep[r].high_bin
    x.histories[place, HISTORY_LOW] = low
    x.histories[place, HISTORY_HIGH] = high
    # A loop, because compiled slices first look for overlap.
    for other in range(low, high + 1):
        x.histories[place, other] = x.gaps[r, other]


@compiled
def _add_gaps(x: Replicas, r: int, place: int, sign: int) -> None:
    """Adds a replica's gaps to a history, or takes them off it."""
    history = x.histories[place]
    low = min(x.rep[r].low_bin, history[HISTORY_LOW])
    high = max(x.rep[r].high_bin, history[HISTORY_HIGH])
    for other in range(low, high + 1):
        known = history[other] if history[HISTORY_LOW] <= other <= history[HISTORY_HIGH] else 0
        history[other] = known + sign * x.gaps[r, other]
    history[HISTORY_LOW] = low
    history[HISTORY_HIGH] = high


@compiled
def _remember_gap(q: Array, x: Replicas, r: int, i: int, gap: float) -> None:
    """Adds a gap that the replica's own steps do not show: after preemption or a move."""
    place = bin_of(gap)
    x.pooled[place] += 1
    if q[i].history < 0:
        _new_history(q, x, r, i)
    else:
        _add_gaps(x, r, q[i].history, 1)
    # The history alone is widened: the replica's other requests need not look at a rare long gap.
    history = x.histories[q[i].history]
    for other in range(place, history[HISTORY_LOW]):
        history[other] = 0
    for other in range(history[HISTORY_HIGH] + 1, place + 1):
        history[other] = 0
    history[HISTORY_LOW] = min(place, history[HISTORY_LOW])
    history[HISTORY_HIGH] = max(place, history[HISTORY_HIGH])
    history[place] -= 1


@inlined
def drop_history(q: Array, x: Replicas, i: int) -> None:
    """Gives back the place in which a request's gaps were kept."""
    x.histories_free[x.counts[FREE_HISTORIES]] = q[i].history
    x.counts[FREE_HISTORIES] += 1
    q[i].history = -1
