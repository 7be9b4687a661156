"""Which requests each load process sends: every n-th one, and a session's turns all by one process."""

from __future__ import annotations

from array import array
from collections.abc import Sequence


def warm_up_of(warm_up: int, shards: int, shard: int) -> range:
    """The warm-up requests of one shard."""
    return range(shard, warm_up, shards)


def scheduled_of(
    requests: int, after: Sequence[int], shards: int, shard: int, *, first: int = 0
) -> Sequence[int]:
    """The places, rising, of the requests that one shard sends.

    A request that waits for another is sent by the shard that sends that one: no other learns of the answer.

    Args:
        requests: how many the schedule has.
        after: for each, the place in the schedule of the request that must end before it, or -1; empty
            where none waits.
        shards: how many share them.
        shard: which of them.
        first: the place of the schedule's first request; warm-up requests may lie before it.
    """
    if not len(after) or shards == 1:
        return range(first + shard, first + requests, shards)
    mine, owner = array("q"), array("q")
    first_turns = 0
    for place, before in enumerate(after):
        if before >= 0:
            owner.append(owner[before])
        else:
            owner.append(first_turns % shards)
            first_turns += 1
        if owner[place] == shard:
            mine.append(first + place)
    return mine
