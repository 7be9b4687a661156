from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from acceltrial.catalog.parity import Feature
from acceltrial.catalog.software import Software
from stages.score.maturity import ecosystem, lock_in, scalability
from stages.score.params import ScoreParams
from stages.score.world import build_world

TODAY = date(2026, 11, 20)


def listed(feature: str, state: str) -> dict[str, str]:
    return {"runtime": "vLLM", "hardware": "A", "feature": feature, "state": state, "source": "s",
            "as_of": "2026-08", "note": ""}  # fmt: skip


SOFTWARE = Software(
    [
        Feature("drafts", "x", ("dense_llm",), ("drafts",)),
        Feature("pages", "x", ("dense_llm",), ("pages",)),
        Feature("INT8", "x", ("dense_llm",), ("int8",)),
    ],
    {"int8": ["INT8"]},
    [listed("drafts", "documented"), listed("pages", "unknown"), listed("int8", "documented")],
    [("A", "a")],
    [{"family": "a", "component": "kit", "latest": "2", "released": "2026-10", "releases_in_year": 2,
      "as_of": "2026-11"}],
)  # fmt: skip


def option(rows: Any, build: Callable[..., Any], name: str, workload: str = "chat") -> Any:
    support = [{"family": "a", "item": "driver", "stage": "production", "ends": "2028-05-21"}]
    world = build_world(build(rows), SOFTWARE, support)
    owner = next(found for found in world.workloads if found.id == workload)
    return world, owner, next(found for found in world.options[workload] if found.id == name)


def test_maturity_is_counted_from_runtimes_matrices_and_releases(
    rows: Any, build: Callable[..., Any]
) -> None:
    world, chat, gpu = option(rows, build, "gpu-a-x1-bf16")
    found = ecosystem(world, chat, gpu)
    parts = {"runtimes": 4 / 8, "features": 1 / 2, "formats": 1.0, "tested": 2 / 3, "releases": 2 / 4}
    assert found.value == found.low == pytest.approx(sum(parts.values()) / 5)
    assert found.high == pytest.approx((sum(parts.values()) + 1 / 2) / 5)
    for name in parts:
        assert f"{name} " in found.source
    assert "1 of 2 documented and 0 unsupported by vLLM on A" in found.source
    assert "1 of 3 listed features untested" in found.source
    assert "kit 2 of 2026-10" in found.source


def test_matrices_of_serving_say_nothing_of_training_or_of_other_models(
    rows: Any, build: Callable[..., Any]
) -> None:
    for name in ("tune", "lab"):
        world, owner, gpu = option(rows, build, "gpu-a-x1-bf16", name)
        assert ecosystem(world, owner, gpu).value == pytest.approx((4 / 8 + 2 / 4) / 2)


def test_hardware_that_no_matrix_lists_counts_as_worst_and_may_be_best(
    rows: Any, build: Callable[..., Any]
) -> None:
    world, chat, gpu = option(rows, build, "gpu-b-x1-bf16")
    found = ecosystem(world, chat, gpu)
    assert (found.value, found.high) == pytest.approx((4 / 8 / 5, (4 / 8 + 4) / 5))


def test_lock_in_follows_from_suppliers_runtimes_and_the_artefact(
    rows: Any, build: Callable[..., Any]
) -> None:
    rows["accelerators"][1]["vendor"] = "w"
    world, _, gpu = option(rows, build, "gpu-a-x1-bf16")
    found = lock_in(world, gpu, ScoreParams())
    assert found.value == pytest.approx((1 + (1 - 3 / 4) + (1 - 1 / 3)) / 3)
    assert "bf16 files run on 1 other vendors' hardware" in found.source


def test_what_is_compiled_for_one_family_runs_nowhere_else(rows: Any, build: Callable[..., Any]) -> None:
    world, _, chip = option(rows, build, "chip-x1-int8")
    assert (
        "artefact 1.00 (made by its vendor's toolchain alone)" in lock_in(world, chip, ScoreParams()).source
    )
    compiled = Software(compilers={"a": "xcc"})
    world = build_world(build(rows), compiled)
    gpu = next(found for found in world.options["chat"] if found.id == "gpu-a-x1-bf16")
    assert "artefact 1.00 (compiled by xcc" in lock_in(world, gpu, ScoreParams()).source


def test_a_format_runs_where_it_is_documented(rows: Any, build: Callable[..., Any]) -> None:
    rows["accelerators"][0]["vendor"] = "maker-of-a"
    for row in rows["candidates"]:
        row["precision"] = "int8" if row["option"] == "gpu-b-x1-bf16" else "fp8"
    world, _, other = option(rows, build, "gpu-b-x1-bf16")
    assert "int8 files run on 1 other" in lock_in(world, other, ScoreParams()).source
    world, _, gpu = option(rows, build, "gpu-a-x1-bf16")
    found = lock_in(world, gpu, ScoreParams())
    assert found.low < found.high == found.value
    assert "no matrix says who takes fp8 files" in found.source


def test_room_to_grow_counts_age_support_memory_places_and_formats(
    rows: Any, build: Callable[..., Any]
) -> None:
    world, _, gpu = option(rows, build, "gpu-a-x1-bf16")
    found = scalability(world, gpu, TODAY)
    assert found.value == pytest.approx((0.75 + 1.5 / 3 + 1 + 2 / 6 + 2 / 3) / 5, abs=1e-3)
    assert "driver, production until 2028-05-21" in found.source


def test_unknown_components_open_the_interval_and_count_as_worst(
    rows: Any, build: Callable[..., Any]
) -> None:
    rows["accelerators"][2].update(year=None, quantisation=None, availability=None)
    world, _, chip = option(rows, build, "chip-x1-int8")
    found = scalability(world, chip, TODAY)
    assert found.value == found.low == pytest.approx(0.2)
    assert found.high == pytest.approx(1.0)
    risk = lock_in(world, chip, ScoreParams())
    assert (risk.value, risk.low) == pytest.approx((1.0, 2 / 3))


def test_a_target_outside_the_catalogue_is_judged_by_its_class_or_its_engines(
    rows: Any, build: Callable[..., Any]
) -> None:
    world, chat, local = option(rows, build, "local-q4")
    assert "llamacpp" in ecosystem(world, chat, local).source
    rows["accelerators"].append(
        {**rows["accelerators"][0], "accelerator": "xeon", "accelerator_class": "cpu"}
    )
    world, chat, local = option(rows, build, "local-q4")
    assert "runtimes 0.50 (4: " in ecosystem(world, chat, local).source
    assert "by vLLM on A" in ecosystem(world, chat, local).source


def test_nothing_known_is_unknown(rows: Any, build: Callable[..., Any]) -> None:
    rows["accelerators"][2]["runtimes"] = None
    world, chat, chip = option(rows, build, "chip-x1-int8")
    assert not ecosystem(world, chat, chip).known
