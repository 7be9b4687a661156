"""What the flags of `acceltrial bench` ask for."""

from __future__ import annotations

from typing import Any

import pytest

from acceltrial.cli.bench_flags import Measuring, Traffic, extra_body, processes_of
from acceltrial.errors import ConfigurationError


def test_streams_alone_mean_a_closed_loop() -> None:
    schedule = Traffic(concurrency=4).schedule()
    assert (schedule.mode, schedule.concurrency, len(schedule)) == ("closed", 4, 200)
    assert Traffic(concurrency=2, duration=5.0).schedule().stop_after_s == 5.0
    # A timed closed loop is given what its streams can send, not more: all is rendered before the start.
    assert len(Traffic(concurrency=2, duration=5.0).schedule()) == 2_000
    assert len(Traffic(concurrency=8, duration=60.0).schedule()) == 48_000
    assert len(Traffic(concurrency=8, duration=60.0, think=0.09).schedule()) == 4_800
    assert len(Traffic(concurrency=512, duration=3_600.0).schedule()) == 100_000


def test_a_repeat_is_drawn_anew_and_the_first_is_the_run_itself() -> None:
    flags = Traffic(rate=10.0, requests=20, seed=3)
    first, again, second = flags.schedule(), flags.schedule(0), flags.schedule(1)
    assert first.intended_s.tolist() == again.intended_s.tolist()
    assert first.intended_s.tolist() != second.intended_s.tolist()
    assert second.intended_s.tolist() == flags.at_rate(10.0, 4).intended_s.tolist()


@pytest.mark.parametrize(
    "changes",
    [
        {"arrivals": "closed", "rate": 1.0},
        {"arrivals": "constant", "concurrency": 2},
        {"arrivals": "trace:t.csv", "rate": 1.0},
        {"warp": 2.0},
        {"think": 1.0},
        {"requests": 5, "duration": 5.0},
        {"rate": 0.0},
        {"rate": float("nan")},
        {"rate": float("inf")},
        {"requests": -1},
        {"arrivals": "closed", "think": -1.0},
    ],
)
def test_flags_that_do_not_go_together_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Traffic(**changes).require_sense()


@pytest.mark.parametrize(
    "changes",
    [
        {"repeats": 0},
        {"repeats": 2, "find_goodput": True},
        {"repeats": 2, "quality": "code"},
        {"find_goodput": True, "scale_out": "ray"},
    ],
)
def test_two_ways_of_running_at_once_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Measuring(**changes).require_sense()


def test_processes() -> None:
    assert (processes_of("auto"), processes_of("3")) == (0, 3)
    for wrong in ("0", "-1", "257", "many", ""):
        with pytest.raises(ConfigurationError):
            processes_of(wrong)


def test_extra_body() -> None:
    assert extra_body(None) is None
    assert extra_body('{"temperature": 0}') == {"temperature": 0}
    for wrong in ("", "[]", "{", "NaN"):
        with pytest.raises(ConfigurationError):
            extra_body(wrong)
