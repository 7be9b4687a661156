"""Waiting lines, slots of running requests, and the order in which they end, in compiled code."""

from __future__ import annotations

from acceltrial.simulate.compiled import compiled, inlined
from acceltrial.simulate.state import PRIORITIES, Array, Replicas

_SLOT_BITS = 20
_SLOT_MASK = (1 << _SLOT_BITS) - 1


@inlined
def wait_last(q: Array, x: Replicas, r: int, i: int) -> None:
    """Puts a request at the end of its priority's line."""
    level = q[i].priority
    q[i].following = -1
    if x.levels[r, level].q_tail >= 0:
        q[x.levels[r, level].q_tail].following = i
    else:
        x.levels[r, level].q_head = i
    x.levels[r, level].q_tail = i


@compiled
def wait_first(q: Array, x: Replicas, r: int, i: int) -> None:
    """Puts a request at the head of its priority's line."""
    level = q[i].priority
    q[i].following = x.levels[r, level].q_head
    if x.levels[r, level].q_tail < 0:
        x.levels[r, level].q_tail = i
    x.levels[r, level].q_head = i


@inlined
def first_waiting(x: Replicas, r: int) -> int:
    """The request whose turn it is; -1: none waits. Level 0 goes first."""
    for level in range(PRIORITIES):
        if x.levels[r, level].q_head >= 0:
            return int(x.levels[r, level].q_head)
    return -1


@inlined
def leave(q: Array, x: Replicas, r: int, i: int) -> None:
    """Takes the head of its line out of it."""
    level = q[i].priority
    x.levels[r, level].q_head = q[i].following
    if x.levels[r, level].q_head < 0:
        x.levels[r, level].q_tail = -1
    q[i].following = -1


@inlined
def push_end(x: Replicas, r: int, end: int, slot: int) -> None:
    """Remembers that the sequence in `slot` ends at step `end`."""
    if x.rep[r].heap_size == x.heap.shape[1]:
        _drop_stale(x, r)
    place = x.rep[r].heap_size
    x.heap[r, place] = (end << _SLOT_BITS) | slot
    x.rep[r].heap_size += 1
    _rise(x, r, place)


@inlined
def next_end(x: Replicas, r: int) -> int:
    """The slot whose sequence ends first; -1: none runs. Entries of sequences that left are dropped."""
    while x.rep[r].heap_size > 0:
        entry = x.heap[r, 0]
        slot = entry & _SLOT_MASK
        if x.slots[r, slot].s_request >= 0 and x.slots[r, slot].s_end == entry >> _SLOT_BITS:
            return int(slot)
        pop_end(x, r)
    return -1


@inlined
def pop_end(x: Replicas, r: int) -> None:
    """Drops the first entry."""
    x.rep[r].heap_size -= 1
    x.heap[r, 0] = x.heap[r, x.rep[r].heap_size]
    _sink(x, r, 0)


@inlined
def _rise(x: Replicas, r: int, place: int) -> None:
    while place > 0:
        above = (place - 1) >> 1
        if x.heap[r, above] <= x.heap[r, place]:
            break
        x.heap[r, above], x.heap[r, place] = x.heap[r, place], x.heap[r, above]
        place = above


@inlined
def _sink(x: Replicas, r: int, place: int) -> None:
    size = x.rep[r].heap_size
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        if below + 1 < size and x.heap[r, below + 1] < x.heap[r, below]:
            below += 1
        if x.heap[r, place] <= x.heap[r, below]:
            break
        x.heap[r, below], x.heap[r, place] = x.heap[r, place], x.heap[r, below]
        place = below


@compiled
def _drop_stale(x: Replicas, r: int) -> None:
    x.rep[r].heap_size = 0
    for slot in range(x.slots.shape[1]):
        if x.slots[r, slot].s_request >= 0:
            x.heap[r, x.rep[r].heap_size] = (x.slots[r, slot].s_end << _SLOT_BITS) | slot
            x.rep[r].heap_size += 1
            _rise(x, r, x.rep[r].heap_size - 1)


@inlined
def enter_running(x: Replicas, r: int, slot: int, level: int) -> None:
    """Puts a slot at the young end of its priority's running requests."""
    tail = x.levels[r, level].r_tail
    x.slots[r, slot].s_before = tail
    x.slots[r, slot].s_after = -1
    if tail >= 0:
        x.slots[r, tail].s_after = slot
    else:
        x.levels[r, level].r_head = slot
    x.levels[r, level].r_tail = slot


@inlined
def leave_running(x: Replicas, r: int, slot: int, level: int) -> None:
    """Takes a slot out of its priority's running requests."""
    before, after = x.slots[r, slot].s_before, x.slots[r, slot].s_after
    if before >= 0:
        x.slots[r, before].s_after = after
    else:
        x.levels[r, level].r_head = after
    if after >= 0:
        x.slots[r, after].s_before = before
    else:
        x.levels[r, level].r_tail = before
