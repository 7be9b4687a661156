from __future__ import annotations

from collections.abc import Callable

import pytest

from stages.contract import Outputs
from tests.stages.score.conftest import Rows, price, workload


def test_totals_are_the_sums_of_the_pools_and_of_the_costs(score: Callable[..., Outputs], rows: Rows) -> None:
    out = score(rows)
    plan = out["plan"].to_dicts()  # type: ignore[union-attr]
    costs = {
        (r["workload"], r["option"]): r["value"]
        for r in out["costs"].to_dicts()  # type: ignore[union-attr]
        if r["metric"] == "usd_per_month"
    }
    winners = [(n, o) for n, o in out["decisions"].select("workload", "option").rows() if o]  # type: ignore[union-attr]
    for name in ("recommended", "all_gpu"):
        pools = [r for r in plan if r["plan"] == name and r["pool"] != "total"]
        total = next(r for r in plan if r["plan"] == name and r["pool"] == "total")
        assert total["usd_per_month"] == pytest.approx(sum(r["usd_per_month"] for r in pools))
        assert total["low"] <= total["usd_per_month"] <= total["high"]
        assert all(
            r["accelerators_needed"] <= r["accelerators_shared"] <= r["accelerators_alone"] for r in pools
        )
    total = next(r for r in plan if r["plan"] == "recommended" and r["pool"] == "total")
    assert total["usd_per_month"] == pytest.approx(sum(costs[pair] for pair in winners))


def test_big_instances_are_shared_unless_the_work_must_stand_alone(
    score: Callable[..., Outputs], rows: Rows
) -> None:
    rows["prices"] = [price("a-eu", "gpu-a", 2.0, accelerators_per_instance=8.0)]
    rows["workloads"] = [workload("chat", always_on=True), workload("lab", always_on=True)]
    rows["candidates"] = [
        r for r in rows["candidates"] if r["option"] == "gpu-a-x1-bf16" and r["workload"] != "tune"
    ]
    rows["measurements"] = [
        r for r in rows["measurements"] if r["option"] == "gpu-a-x1-bf16" and r["workload"] != "tune"
    ]
    pool = next(r for r in score(rows)["plan"].to_dicts() if r["pool"] == "a-eu")  # type: ignore[union-attr]
    assert (pool["accelerators_alone"], pool["accelerators_shared"], pool["sharing"]) == (16, 8, "chat, lab")
    assert pool["usd_saved_by_sharing"] == pytest.approx(8 * 2.0 * 730)
    rows["workloads"][1]["sensitivity"] = "regulated"
    pool = next(r for r in score(rows)["plan"].to_dicts() if r["pool"] == "a-eu")  # type: ignore[union-attr]
    assert (pool["accelerators_shared"], pool["sharing"]) == (16, "")
    assert "lab: regulated" in pool["reason"]


def test_a_workload_without_option_is_told_and_not_summed(score: Callable[..., Outputs], rows: Rows) -> None:
    rows["prices"] = []
    plan = score(rows)["plan"].to_dicts()  # type: ignore[union-attr]
    total = next(r for r in plan if r["plan"] == "all_gpu" and r["pool"] == "total")
    assert total["usd_per_month"] == 0
    assert "chat" in total["reason"]
