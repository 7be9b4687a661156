"""What one load process sends next."""

from __future__ import annotations

from array import array
from pathlib import Path

from acceltrial.load.agenda import Agenda
from acceltrial.load.job import write_job
from tests.acceltrial.load.test_processes import job

_MS = 1_000_000


def agenda(folder: Path, intended_s: list[float], shard: int = 0, **settings: object) -> Agenda:
    after = settings.pop("after", None)
    think = settings.pop("think", None)
    warm_up = settings.get("warm_up", 0)
    assert isinstance(warm_up, int)
    given = job(folder, requests=warm_up + len(intended_s), **settings)
    write_job(
        given,
        [b"x"] * given.requests,
        array("d", intended_s),
        array("q", after) if isinstance(after, list) else None,
        array("d", think) if isinstance(think, list) else None,
    )
    return Agenda(given, shard)


def test_requests_are_handed_out_when_due_and_not_before(tmp_path: Path) -> None:
    found = agenda(tmp_path, [0.0, 0.010, 0.020])
    found.begin(1_000)
    assert found.pop_due(999) is None
    assert found.pop_due(1_000) == (0, 1_000)
    assert found.due_ns() == 1_000 + 10 * _MS
    assert found.pop_due(1_000 + 25 * _MS) == (1, 1_000 + 10 * _MS)
    assert found.pop_due(1_000 + 25 * _MS) == (2, 1_000 + 20 * _MS)
    assert found.due_ns() == 0
    for index in range(3):
        found.ended(index, 2_000)
    assert found.pending == 0


def test_shards_share_the_schedule_without_overlap(tmp_path: Path) -> None:
    taken = []
    for shard in range(3):
        found = agenda(tmp_path, [i / 1_000 for i in range(10)], shard, processes=3)
        found.begin(0)
        while (due := found.pop_due(10**12)) is not None:
            taken.append(due[0])
    assert sorted(taken) == list(range(10))


def test_a_stream_sends_its_next_request_after_the_answer_and_a_pause(tmp_path: Path) -> None:
    found = agenda(tmp_path, [0.0] * 3, concurrency=1, think=[0.0, 0.005, 0.0])
    found.begin(0)
    assert found.pop_due(0) == (0, 0)
    assert found.pop_due(10**9) is None
    found.ended(0, 2 * _MS)
    assert found.due_ns() == 7 * _MS
    assert found.pop_due(7 * _MS) == (1, 7 * _MS)


def test_a_closed_loop_begins_nothing_after_its_time(tmp_path: Path) -> None:
    found = agenda(tmp_path, [0.0] * 3, concurrency=1, stop_after_s=0.001)
    found.begin(0)
    found.pop_due(0)
    found.ended(0, 2 * _MS)
    assert found.pop_due(3 * _MS) is None
    assert found.pending == 0


def test_a_turn_waits_for_the_answer_before_it(tmp_path: Path) -> None:
    found = agenda(tmp_path, [0.0, 0.001], after=[-1, 0], think=[0.0, 0.003])
    found.begin(0)
    assert found.pop_due(10**9) == (0, 0)
    assert found.pop_due(10**9) is None
    found.ended(0, 5 * _MS)
    assert found.pop_due(8 * _MS) == (1, 8 * _MS)


def test_warming_up_comes_first_and_clearing_ends_all(tmp_path: Path) -> None:
    found = agenda(tmp_path, [0.0], warm_up=2)
    assert found.begin_warm_up(5)
    assert found.warming
    assert found.pop_due(5) == (0, 5)
    found.begin(9)
    assert not found.warming
    found.clear()
    assert found.pending == 0
    assert found.pop_due(10**12) is None
    assert not agenda(tmp_path, [0.0]).begin_warm_up(0)
