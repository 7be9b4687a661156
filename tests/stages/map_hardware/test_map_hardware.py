"""The mapping of workloads to hardware, on the committed catalogue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acceltrial.errors import DataContractError
from schemas.base import check_table
from stages.contract import Context, Inputs
from stages.map_hardware.constraints import numeric
from stages.map_hardware.operators import judge
from stages.map_hardware.params import MapHardwareParams
from stages.map_hardware.stage import STAGE
from tests.stages.map_hardware.conftest import COVERAGE, context_in, sample, workspace

Mapped = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def mapped(inputs: Inputs, root: Path) -> Mapped:
    assert STAGE.run is not None
    outputs = STAGE.run(inputs, MapHardwareParams(), context_in(root))
    for artifact in STAGE.outputs:
        check_table(artifact.schema, outputs[artifact.name], artifact.name)
    return dict(outputs)


def _option(frame: pl.DataFrame, workload: str, option: str) -> dict[str, Any]:
    return frame.filter((pl.col("workload") == workload) & (pl.col("option") == option)).row(0, named=True)


def test_rejections_name_the_constraint_and_by_how_much(mapped: Mapped) -> None:
    small = _option(mapped["candidates"], "chat", "inferentia1-x1-bf16")
    assert not small["feasible"]
    assert small["margin"] < 0
    assert "needs" in small["reason"]
    assert "has" in small["reason"]
    rejected = mapped["candidates"].filter(~pl.col("feasible") & (pl.col("option_kind") == "catalogue"))
    assert rejected.filter(pl.col("margin").is_null())["binding_constraint"].unique().to_list() == ["memory"]


def test_kept_options_say_the_room_that_is_left(mapped: Mapped) -> None:
    kept = _option(mapped["candidates"], "chat", "h100-sxm-x1-bf16")
    assert kept["feasible"]
    assert kept["margin"] > 0
    assert kept["max_batch"] > 8
    assert kept["memory_required_gb"] < kept["memory_available_gb"]
    assert "room" in kept["reason"] or "times what is needed" in kept["reason"]


def test_verdicts_agree_with_their_numbers(mapped: Mapped) -> None:
    rows = mapped["constraints"].filter(pl.col("required").is_not_null() & pl.col("available").is_not_null())
    short = rows.filter(pl.col("required") > pl.col("available"))
    assert set(short["verdict"]) == {"fail"}
    assert set(rows.filter(pl.col("required") <= pl.col("available"))["verdict"]) == {"pass"}


def test_a_candidate_is_feasible_exactly_when_nothing_fails(mapped: Mapped) -> None:
    failed = mapped["constraints"].filter(pl.col("verdict") == "fail").select("workload", "option").unique()
    feasible = mapped["candidates"].filter("feasible")
    assert feasible.join(failed, on=["workload", "option"], how="semi").is_empty()


def test_formats_that_a_device_lacks_are_rejected_and_fp16_stands_in_for_bf16(mapped: Mapped) -> None:
    chat = mapped["candidates"].filter(pl.col("workload") == "chat")
    assert _option(chat, "chat", "a100-80-sxm-x1-fp8")["binding_constraint"] == "precision"
    assert chat.filter(pl.col("option") == "t4-x1-bf16").is_empty()
    assert chat.filter(pl.col("option") == "t4-x1-fp16").height == 1


def test_what_is_not_known_does_not_fail(mapped: Mapped) -> None:
    operators = mapped["constraints"].filter(pl.col("constraint") == "operators")
    assert set(operators.filter(pl.col("verdict") == "fail")["option"].str.contains("qaic")) == {True}
    encoder = _option(mapped["candidates"], "search", "inferentia2-x1-bf16")
    assert encoder["feasible"]
    assert "operators" in encoder["reason"]


def test_operators_are_judged_by_the_models_own_graph(mapped: Mapped) -> None:
    rows = mapped["constraints"].filter(pl.col("constraint") == "operators")

    def said(workload: str, option: str) -> tuple[str, str]:
        row = _option(rows, workload, option)
        return row["verdict"], row["reason"]

    assert said("chat", "trainium2-x1-bf16") == (
        "pass",
        "compiler n: 10 of 10 operators documented (its own weights)",
    )
    verdict, reason = said("search", "trainium1-x1-bf16")
    assert verdict == "unknown"
    assert "6 of 10 operators documented; not named anywhere: a, b, c and 1 more" in reason
    assert said("chat", "qaic100-ultra-x1-fp16")[0] == "fail"
    assert "sort" in said("chat", "qaic100-ultra-x1-fp16")[1]
    assert said("chat", "inferentia1-x1-bf16")[0] == "unknown", "no row for its compiler"


@pytest.mark.parametrize(
    ("changes", "verdict", "told"),
    [
        ({"through_models": 4, "unknown": ""}, "pass", "4 of them through models that run there"),
        ({"unknown": "", "listed": 10, "graph_breaks": 2}, "unknown", "2 graph breaks"),
        ({"unknown": "", "listed": 10, "dynamic_shapes": False}, "unknown", "shapes must be fixed"),
        (
            {"unknown": "", "listed": 0, "operators": 0, "problem": "RuntimeError: x"},
            "unknown",
            "RuntimeError: x",
        ),
        ({"graph_breaks": None}, "unknown", "6 of 10"),
    ],
)
def test_doubts_about_a_compiler_are_told_and_never_a_failure(
    changes: dict[str, Any], verdict: str, told: str
) -> None:
    found, reason = judge({**COVERAGE, **changes})
    assert found == verdict
    assert told in reason


def test_the_gate_opens_for_the_pump_only(mapped: Mapped) -> None:
    gate = mapped["neuromorphic_gate"]
    verdicts = dict(gate.select("workload", "verdict").unique().rows())
    assert verdicts == {"chat": "no", "search": "no", "tuning": "no", "pump": "yes"}
    assert gate.filter((pl.col("workload") == "pump") & ~pl.col("met")).is_empty()
    kept = mapped["candidates"].filter(pl.col("feasible") & (pl.col("accelerator_class") == "neuromorphic"))
    assert set(kept["workload"]) == {"pump"}
    pump = mapped["candidates"].filter(pl.col("feasible") & (pl.col("workload") == "pump"))
    assert set(pump["accelerator_class"]) == {"neuromorphic"}, "nothing else stays under 50 mW"


def test_a_target_serves_only_its_own_model(mapped: Mapped) -> None:
    targets = mapped["candidates"].filter(pl.col("option_kind") == "target")
    assert targets.filter("feasible").select("workload", "option").rows() == [
        ("chat", "local-chat"),
        ("search", "other-model"),
    ]
    other = _option(targets, "chat", "other-model")
    assert other["binding_constraint"] == "model_served"
    assert "switched off" in other["reason"]


def test_training_needs_more_memory_than_serving(mapped: Mapped) -> None:
    training = _option(mapped["candidates"], "tuning", "h200-sxm-x1-bf16")
    serving = _option(mapped["candidates"], "chat", "h200-sxm-x1-bf16")
    assert training["memory_required_gb"] > 5 * serving["memory_required_gb"]
    assert not training["feasible"]
    assert _option(mapped["candidates"], "tuning", "h200-sxm-x2-bf16")["feasible"]
    assert set(mapped["candidates"].filter(pl.col("workload") == "tuning")["precision"]) <= {"bf16", "fp16"}


def test_a_model_that_fits_nowhere_leaves_rejections_and_no_crash(
    tmp_path: Path, checkout: Path, make_context: Callable[..., Context]
) -> None:
    rows = sample()
    rows["models"][0] |= {"params_b": 1e6, "active_params_b": 1e6}
    inputs = workspace(tmp_path, checkout / "data" / "catalogue", rows)
    assert STAGE.run is not None
    candidates = dict(STAGE.run(inputs, MapHardwareParams(), make_context()))["candidates"]
    chat = candidates.filter((pl.col("workload") == "chat") & (pl.col("option_kind") == "catalogue"))
    assert not chat["feasible"].any()
    assert chat["reason"].str.len_chars().min() > 0


def test_a_workload_without_profile_is_a_broken_contract(
    tmp_path: Path, checkout: Path, make_context: Callable[..., Context]
) -> None:
    rows = sample()
    rows["profiles"].pop(0)
    inputs = workspace(tmp_path, checkout / "data" / "catalogue", rows)
    assert STAGE.run is not None
    with pytest.raises(DataContractError, match="chat"):
        STAGE.run(inputs, MapHardwareParams(), make_context())


def test_unknown_layers_make_memory_unknown_and_are_not_promised(
    tmp_path: Path, checkout: Path, make_context: Callable[..., Context]
) -> None:
    rows = sample()
    rows["models"][0] |= {"layers": None}
    inputs = workspace(tmp_path, checkout / "data" / "catalogue", rows)
    assert STAGE.run is not None
    candidates = dict(STAGE.run(inputs, MapHardwareParams(), make_context()))["candidates"]
    chat = candidates.filter((pl.col("workload") == "chat") & (pl.col("option_kind") == "catalogue"))
    assert not chat["feasible"].any()


def test_the_order_is_the_same_each_time(inputs: Inputs, mapped: Mapped, root: Path) -> None:
    assert STAGE.run is not None
    again = dict(STAGE.run(inputs, MapHardwareParams(), context_in(root)))
    assert all(again[name].equals(mapped[name]) for name in again)


def test_a_single_count_gives_no_exchange_between_devices(
    inputs: Inputs, make_context: Callable[..., Context]
) -> None:
    assert STAGE.run is not None
    outputs = STAGE.run(inputs, MapHardwareParams(counts=(1,)), make_context())
    constraints = dict(outputs)["constraints"]
    assert "interconnect" not in set(constraints["constraint"])


@pytest.mark.parametrize(
    ("required", "available", "verdict"),
    [(1.0, 2.0, "pass"), (2.0, 1.0, "fail"), (1.0, float("nan"), "unknown"), (float("nan"), 1.0, "unknown")],
)
def test_numeric_checks(required: float, available: float, verdict: str) -> None:
    check = numeric("memory", "GB", [required], [available], "it", "not stated")
    assert check.verdicts == [verdict]
    assert check.reasons[0]
