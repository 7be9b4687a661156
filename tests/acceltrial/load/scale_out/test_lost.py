"""Requests of lost workers. Workers that die in a real run are in test_run.py."""

from __future__ import annotations

import polars as pl

from acceltrial.load import Schedule
from acceltrial.load.records import COLUMNS, NOT_SENT
from acceltrial.load.scale_out.lost import WORKER_LOST, with_lost


def records(*rows: tuple[int, str | None]) -> pl.DataFrame:
    found = pl.DataFrame({"index": [r[0] for r in rows], "error_class": [r[1] for r in rows]})
    empty = pl.DataFrame(schema=COLUMNS)
    return pl.concat([empty, found.cast({"error_class": pl.String})], how="diagonal")


def classes(frame: pl.DataFrame) -> dict[int, str | None]:
    return dict(frame.select("index", "error_class").iter_rows())


def test_an_open_loop_loses_what_has_no_record() -> None:
    schedule = Schedule.open_loop("constant", rate_rps=1, requests=5)
    found = records((0, None), (1, None), (2, NOT_SENT), (3, NOT_SENT), (4, "reset"))
    assert with_lost(found, schedule, 2, []).equals(found)
    told = classes(with_lost(found, schedule, 2, [1]))
    assert told == {0: None, 1: None, 2: NOT_SENT, 3: WORKER_LOST, 4: "reset"}


def test_a_closed_loop_loses_a_request_a_stream() -> None:
    schedule = Schedule.closed_loop(4, requests=10)
    told = classes(with_lost(records((0, None), (1, None), (2, None)), schedule, 2, [1]))
    assert told == {0: None, 1: None, 2: None, 3: WORKER_LOST}


def test_a_session_is_lost_whole() -> None:
    schedule = Schedule.sessions([0.0, 0.01], turns=2, think_s=1.0, seed=1)
    assert schedule.session is not None
    told = classes(with_lost(records(*((i, NOT_SENT) for i in range(4))), schedule, 2, [0]))
    lost = {int(schedule.session[index]) for index, name in told.items() if name == WORKER_LOST}
    assert lost == {0}
    assert list(told.values()).count(WORKER_LOST) == 2
