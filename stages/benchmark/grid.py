"""How the benchmark splits into cells, runs one, and joins them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from schemas.base import table_of
from schemas.evidence import BenchmarkCells, Measurements, RequestRecords, Telemetry
from schemas.inputs import Findings
from stages.benchmark import cells as cell_list
from stages.benchmark.calibrated import foretold
from stages.benchmark.ledger import settle
from stages.benchmark.outcome import Outcome, read_outcomes
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.rows import RowMaker
from stages.benchmark.startup import scale_out_row, startup_rows
from stages.contract import Cell, Context, Inputs, Outputs

Facts = list[dict[str, Any]]


class BenchmarkGrid:
    """One cell a device's peak, a workload on a target, and one for all that is only predicted."""

    cell_version = "2"

    def split(self, inputs: Inputs, params: BenchmarkParams) -> list[Cell]:
        """The cells, device peaks first."""
        return cell_list.split(inputs, params)

    def run_cell(self, cell: Cell, inputs: Inputs, params: BenchmarkParams, context: Context) -> None:
        """Writes the cell's outcome into `context.scratch`."""
        _WORK[cell.spec["work"]](cell, inputs, params, context).write(context.scratch)

    def join(
        self,
        cells: list[Cell],
        results: Mapping[str, Path],
        inputs: Inputs,
        params: BenchmarkParams,  # noqa: ARG002
        context: Context,
    ) -> Outputs:
        """All rows, with the start-up times of each option and the local predictions, and the ledger."""
        found = read_outcomes(results[key] for key in sorted(cell.key for cell in cells))
        local, families = _predicted_here(found.facts, inputs)
        rows = pl.concat([found.measurements, _startups(found.facts), local])
        order = ["workload", "option", "phase", "cell", "metric", "statistic"]
        rows = rows.sort(order, maintain_order=True)
        loads = [one["load"] for one in found.facts if "load" in one]
        told = foretold(loads, found.records)
        rows, ledger = settle(rows, _families(inputs) | families, context, others=told)
        return {
            "measurements": rows.select(list(table_of(Measurements, []).columns)),
            "request_records": found.records.sort("cell", "index").select(
                list(table_of(RequestRecords, []).columns)
            ),
            "benchmark_cells": found.cells.sort("cell").select(list(table_of(BenchmarkCells, []).columns)),
            "telemetry": found.telemetry.sort("cell", "source", "metric", "at_s").select(
                list(table_of(Telemetry, []).columns)
            ),
            "benchmark_findings": found.findings.sort("subject", "finding", "detail").select(
                list(table_of(Findings, []).columns)
            ),
            "prediction_ledger": ledger,
        }


def _startups(facts: Facts) -> pl.DataFrame:
    """Start-up rows of every workload and option, from all starts of the option."""
    starts = [one["startup"] for one in facts if "startup" in one]
    rows = []
    for start in starts:
        same = [other for other in starts if other["option"] == start["option"]]
        replicas = [other["replica"] for other in same if "replica" in other]
        every = [*same, *(one for one in replicas if "scale_out_s" in one)]
        maker = RowMaker(
            workload=start["workload"],
            option=start["option"],
            phase="stack",
            model=start["model"],
            precision=start["precision"],
            cell=f"{start['workload']}@{start['option']}.stack",
            run=start["run"],
            date=datetime.fromisoformat(start["date"]),
            source=start["source"],
        )
        rows += [*startup_rows(every, maker), scale_out_row(maker, replicas)]
    return table_of(Measurements, rows)


def _families(inputs: Inputs) -> dict[str, str]:
    """The prediction family of each option that map_hardware made of an accelerator."""
    family = inputs.table("accelerators").select("accelerator", "family")
    options = inputs.table("candidates").select("option", "accelerator").unique()
    return dict(options.join(family, on="accelerator").select("option", "family").sort("option").iter_rows())


def _predicted_here(facts: Facts, inputs: Inputs) -> tuple[pl.DataFrame, dict[str, str]]:
    from stages.benchmark.local_predictions import FAMILY, predict_local

    peaks = {one["peak"]["device"]: one["peak"] for one in facts if "peak" in one}
    loads = [one["load"] for one in facts if "load" in one]
    workloads = {row["workload"]: row for row in inputs.table("workloads").to_dicts()}
    models = {row["model"]: row for row in inputs.table("models").to_dicts()}
    return predict_local(loads, peaks, workloads, models), {load["option"]: FAMILY for load in loads}


def _serving(cell: Cell, inputs: Inputs, params: BenchmarkParams, context: Context) -> Outcome:
    from stages.benchmark.serving import run_serving

    return run_serving(cell, inputs, params, context)


def _training(cell: Cell, inputs: Inputs, params: BenchmarkParams, context: Context) -> Outcome:  # noqa: ARG001
    from stages.benchmark.training import run_training

    return run_training(cell, params, context)


def _peak(cell: Cell, inputs: Inputs, params: BenchmarkParams, context: Context) -> Outcome:  # noqa: ARG001
    from stages.benchmark.peak import run_peak

    return run_peak(cell, params, context)


def _predicted(cell: Cell, inputs: Inputs, params: BenchmarkParams, context: Context) -> Outcome:  # noqa: ARG001
    from stages.benchmark.predicted import predict_measurements

    found = predict_measurements(inputs, context, params)
    outcome = Outcome(rows=found.to_dicts())
    for workload in found["workload"].unique().sort():
        outcome.close(
            f"predicted-{workload}",
            {"workload": workload, "option": "(catalogue)"},
            phase="predicted",
            status="predicted",
            detail=f"{found.filter(pl.col('workload') == workload)['option'].n_unique()} options",
            started=context.now,
            finished=context.now,
            machine="",
            run=context.run,
        )
    return outcome


_WORK = {"serving": _serving, "training": _training, "peak": _peak, "predicted": _predicted}
