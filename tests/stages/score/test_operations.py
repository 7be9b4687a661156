from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from schemas.decision import CRITERIA
from stages.score.figures import Given
from stages.score.flips_table import people_at

PLACE = CRITERIA.index("operational_complexity")


def of(made: Any, option: str, workload: str = "chat") -> Given:
    cases = made.cases(next(w for w in made.world.workloads if w.id == workload), drawn=False)
    return next(case for case in cases if case.option.id == option).given[PLACE]  # type: ignore[no-any-return]


def test_points_are_devices_and_hours_of_people(rows: Any, chooser: Callable[..., Any]) -> None:
    given = of(chooser(rows), "gpu-a-x1-bf16")
    replicas, hours = 1, (120 + 8 * 1) / 120
    assert given.value == pytest.approx(math.log2(1 + replicas) + math.log2(1 + hours), abs=1e-6)
    assert "1 devices (1)" in given.source
    assert "hours of people a month" in given.source


def test_more_work_of_people_is_more_complex(rows: Any, chooser: Callable[..., Any]) -> None:
    made = chooser(rows)
    today = of(made, "gpu-a-x1-bf16").value
    made.params = people_at(made.params, 10.0)
    assert of(made, "gpu-a-x1-bf16").value > today + 2


def test_hardware_of_ones_own_takes_another_point(rows: Any, chooser: Callable[..., Any]) -> None:
    assert "operated by ourselves" in of(chooser(rows), "local-q4").source
    assert "operated by ourselves" not in of(chooser(rows), "gpu-a-x1-bf16").source


def test_without_a_cost_it_is_unknown(rows: Any, chooser: Callable[..., Any]) -> None:
    rows["targets"][0]["price_usd_hr"] = None
    given = of(chooser(rows), "local-q4")
    assert not given.known
    assert given.reason
