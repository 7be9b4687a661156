from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acceltrial.errors import DataContractError
from acceltrial.storage.tables import write_table
from acceltrial.traces import generate, generator_spec
from schemas.base import check_table, table_of
from schemas.inputs import Models, TraceSources, Workloads
from stages.classify.params import ClassifyParams
from stages.classify.stage import STAGE
from stages.contract import Context, Inputs

Make = Callable[..., dict[str, Any]]


def _workspace(root: Path, workloads: list[dict[str, Any]], models: list[dict[str, Any]]) -> Inputs:
    folder = root / "data/stages/collect"
    write_table(folder / "workloads.parquet", table_of(Workloads, workloads))
    write_table(folder / "models.parquet", table_of(Models, models))
    sources = [
        {"workload": w["workload"], "trace": "t", "format": "azure", "origin": "file", "rows_read": 1,
         "rows_kept": 1, "span_s": 1.0, "grade": "measured", "licence": "x", "note": ""} for w in workloads
    ]  # fmt: skip
    write_table(folder / "trace_sources.parquet", table_of(TraceSources, sources))
    frame = generate(generator_spec({"preset": "azure_conversation", "duration_s": 900}), 0)
    requests = [
        frame.with_columns(pl.lit(w["workload"]).alias("workload"), pl.int_range(frame.height).alias("index"))
        for w in sorted(workloads, key=lambda w: str(w["workload"])) if w["workload"] != "silent"
    ]  # fmt: skip
    pl.concat(requests).write_parquet(folder / "requests.parquet")
    return Inputs(root, STAGE.inputs)


def _run(inputs: Inputs, context: Context) -> dict[str, pl.DataFrame]:
    assert STAGE.run is not None
    outputs = STAGE.run(inputs, ClassifyParams(), context)
    return {a.name: check_table(a.schema, outputs[a.name], a.name) for a in STAGE.outputs}  # type: ignore[union-attr, arg-type]


def test_every_class_has_its_evidence_and_every_table_its_shape(
    tmp_path: Path, workload: Make, model: Make, make_context: Callable[..., Context]
) -> None:
    workloads = [
        workload(), workload(workload="silent"),
        workload(workload="train", kind="training", phase="training", streaming=False, slo_ttft_ms=None,
                 slo_tpot_ms=None),
        workload(workload="box", kind="sandbox", declared_criticality="mission_critical"),
    ]  # fmt: skip
    tables = _run(_workspace(tmp_path, workloads, [model()]), make_context())
    assert tables["classes"]["workload"].to_list() == ["box", "chat", "silent", "train"]
    evidence = tables["class_evidence"]
    for row in tables["classes"].iter_rows(named=True):
        for attribute in (
            "criticality",
            "phase",
            "family",
            "shape",
            "stability",
            "biggest_cost",
            "biggest_pain",
        ):
            (found,) = evidence.filter(workload=row["workload"], attribute=attribute).to_dicts()
            assert found["decided"] == row[attribute]
            assert found["rule"].startswith(f"{attribute}.")
            assert found["evidence"]
    disagreeing = evidence.filter(agreement="disagree").height
    findings = tables["classify_findings"]
    of_classes = pl.col("finding").str.ends_with("_disagrees") & (pl.col("finding") != "volume_disagrees")
    assert findings.filter(of_classes).height == disagreeing
    assert findings.filter(subject="silent", finding="no_traffic").height == 1
    assert tables["profiles"].filter(workload="silent")["rate_rps"].to_list() == [None]
    assert tables["requirements"].filter(workload="box")["criticality"].unique().to_list() == [
        "mission_critical"
    ]


def test_the_same_input_gives_the_same_tables(
    tmp_path: Path, workload: Make, model: Make, make_context: Callable[..., Context]
) -> None:
    inputs = _workspace(tmp_path, [workload()], [model()])
    first, second = _run(inputs, make_context()), _run(inputs, make_context())
    assert all(first[name].equals(second[name]) for name in first)


def test_a_workload_without_its_model_is_refused(
    tmp_path: Path, workload: Make, model: Make, make_context: Callable[..., Context]
) -> None:
    inputs = _workspace(tmp_path, [workload(model="other")], [model()])
    with pytest.raises(DataContractError, match="other"):
        _run(inputs, make_context())
