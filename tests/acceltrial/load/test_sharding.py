"""Every request is sent by exactly one process, and a session's turns by the same one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acceltrial.load.sharding import scheduled_of, warm_up_of

AFTER = st.lists(st.integers(-1, 30), max_size=40).map(
    lambda found: [before if before < place else -1 for place, before in enumerate(found)]
)


@given(AFTER, st.integers(1, 5), st.integers(0, 7))
def test_the_shards_are_the_schedule(after: list[int], shards: int, first: int) -> None:
    taken = [scheduled_of(len(after), after, shards, shard, first=first) for shard in range(shards)]
    assert sorted(place for mine in taken for place in mine) == list(range(first, first + len(after)))
    owner = {place - first: shard for shard, mine in enumerate(taken) for place in mine}
    assert all(owner[place] == owner[before] for place, before in enumerate(after) if before >= 0)
    assert all(list(mine) == sorted(mine) for mine in taken)


@given(st.integers(0, 40), st.integers(1, 5), st.integers(0, 9))
def test_without_sessions_every_nth_request_is_ones_own(requests: int, shards: int, warm_up: int) -> None:
    for shard in range(shards):
        assert list(scheduled_of(requests, [], shards, shard)) == list(range(shard, requests, shards))
    whole = [place for shard in range(shards) for place in warm_up_of(warm_up, shards, shard)]
    assert sorted(whole) == list(range(warm_up))


def test_sessions_are_dealt_out_evenly() -> None:
    after = [-1, -1, -1, -1, 0, 1, 2, 3]
    assert list(scheduled_of(8, after, 2, 0)) == [0, 2, 4, 6]
    assert list(scheduled_of(8, after, 2, 1)) == [1, 3, 5, 7]
