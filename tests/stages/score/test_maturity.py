from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stages.score.maturity import ecosystem, lock_in, scalability
from stages.score.params import ScoreParams
from stages.score.world import build_world


def option(rows: Any, build: Callable[..., Any], name: str) -> Any:
    world = build_world(build(rows))
    return world, next(found for found in world.options["chat"] if found.id == name)


def test_values_follow_from_the_catalogue(rows: Any, build: Callable[..., Any]) -> None:
    world, gpu = option(rows, build, "gpu-a-x1-bf16")
    assert ecosystem(world, gpu).value == 4
    assert lock_in(world, gpu, ScoreParams()).value == pytest.approx((1 + (1 - 3 / 4)) / 2)
    found = scalability(world, gpu, 2026)
    assert found.value == pytest.approx((0.75 + 1 + 2 / 6 + 2 / 3) / 4)


def test_unknown_components_open_the_interval_and_count_as_worst(
    rows: Any, build: Callable[..., Any]
) -> None:
    rows["accelerators"][2].update(year=None, quantisation=None, availability=None)
    world, chip = option(rows, build, "chip-x1-int8")
    found = scalability(world, chip, 2026)
    assert found.value == found.low == pytest.approx(0.25)
    assert found.high == pytest.approx(1.0)
    risk = lock_in(world, chip, ScoreParams())
    assert (risk.value, risk.low) == (1.0, 0.5)


def test_a_target_outside_the_catalogue_is_judged_by_its_class_or_its_engines(
    rows: Any, build: Callable[..., Any]
) -> None:
    world, local = option(rows, build, "local-q4")
    assert "llamacpp" in ecosystem(world, local).source
    rows["accelerators"].append(
        {**rows["accelerators"][0], "accelerator": "xeon", "accelerator_class": "cpu"}
    )
    world, local = option(rows, build, "local-q4")
    assert ecosystem(world, local).value == 4


def test_nothing_known_is_unknown(rows: Any, build: Callable[..., Any]) -> None:
    rows["accelerators"][2]["runtimes"] = None
    world, chip = option(rows, build, "chip-x1-int8")
    assert not ecosystem(world, chip).known
