from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from acceltrial.errors import AcceltrialError, ConfigurationError, DataContractError, StorageError
from acceltrial.storage.tables import read_provenance, read_table
from stages.contract import Stage
from stages.running.runner import prepare, run_cell, run_stage
from tests.stages.running.toy import (
    DOUBLE,
    NUMBERS,
    SOURCE,
    SUMS,
    SumGrid,
    ToyParams,
    sum_stage,
    toy_workspace,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_stage_writes_checked_tables_with_their_provenance(tmp_path: Path) -> None:
    workspace = toy_workspace(tmp_path)
    result = run_stage(DOUBLE, workspace, now=NOW, run="r1")
    assert read_table(tmp_path / NUMBERS.path)["number"].to_list() == [2.0, 4.0, 6.0]
    facts = read_provenance(tmp_path / NUMBERS.path)
    assert facts["run"] == "r1"
    assert facts["stage"] == "double"
    assert facts["params"] == {"factor": 2.0, "cells": 3}
    assert set(facts["inputs"]) == {"data/portfolio"}
    assert result.rows == {"numbers": 3}


def test_the_same_run_repeated_gives_the_same_bytes(tmp_path: Path) -> None:
    workspace = toy_workspace(tmp_path)
    run_stage(DOUBLE, workspace, now=NOW, run="r1")
    first = (tmp_path / NUMBERS.path).read_bytes()
    run_stage(DOUBLE, workspace, now=NOW, run="r1")
    assert (tmp_path / NUMBERS.path).read_bytes() == first


def test_a_breach_of_the_schema_leaves_the_old_outputs_in_place(tmp_path: Path) -> None:
    workspace = toy_workspace(tmp_path)
    run_stage(DOUBLE, workspace, now=NOW)
    before = (tmp_path / NUMBERS.path).read_bytes()
    (tmp_path / "data/portfolio/numbers.txt").write_text("a -1\n")
    with pytest.raises(DataContractError, match="number"):
        run_stage(DOUBLE, workspace, now=NOW)
    assert (tmp_path / NUMBERS.path).read_bytes() == before


def test_a_killed_grid_goes_on_with_the_missing_cells(tmp_path: Path) -> None:
    workspace = toy_workspace(tmp_path)
    run_stage(DOUBLE, workspace, now=NOW)
    grid = SumGrid()
    grid.fail = "c1"  # cells that only compute (c0, c2) run first
    with pytest.raises(RuntimeError):
        run_stage(sum_stage(grid), workspace, now=NOW)
    assert grid.ran == ["c0", "c2"]
    grid.fail = ""
    result = run_stage(sum_stage(grid), workspace, now=NOW)
    assert grid.ran == ["c0", "c2", "c1"]
    assert (result.cells_run, result.cells_kept) == (1, 2)
    assert read_table(tmp_path / SUMS.path)["number"].to_list() == [12.0, 13.0, 14.0]


def test_a_cell_runs_again_when_its_evidence_is_too_old_or_its_input_changed(tmp_path: Path) -> None:
    workspace = toy_workspace(tmp_path)
    run_stage(DOUBLE, workspace)
    grid = SumGrid()
    result = run_stage(sum_stage(grid), workspace)
    assert result.valid_until is not None
    later = datetime.now(UTC) + timedelta(hours=2)
    assert [c.key for c in prepare(sum_stage(grid), workspace, now=later).missing()] == ["c1"]
    (tmp_path / "data/portfolio/numbers.txt").write_text("a 10\n")
    run_stage(DOUBLE, workspace)
    assert len(prepare(sum_stage(grid), workspace).missing()) == 3


def test_a_half_written_cell_is_not_taken_for_finished(tmp_path: Path) -> None:
    workspace = toy_workspace(tmp_path)
    run_stage(DOUBLE, workspace, now=NOW)
    prepared = prepare(sum_stage(SumGrid()), workspace, now=NOW)
    folder = run_cell(prepared, prepared.cells[0])
    (folder / "cell.json").unlink()
    assert prepared.cells[0] in prepared.missing()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("double: {factr: 2}\n", "factr"),
        ("double: {factor: x}\n", "factor"),
        ("double: [1]\n", "section"),
        ("\ta: 1", "YAML"),
    ],
)
def test_wrong_parameters_name_the_key_and_the_file(tmp_path: Path, params: str, message: str) -> None:
    workspace = toy_workspace(tmp_path)
    (tmp_path / "params.yaml").write_text(params)
    with pytest.raises(ConfigurationError, match=message) as caught:
        run_stage(DOUBLE, workspace)
    assert "params.yaml" in caught.value.where


def test_missing_inputs_say_which_step_makes_them(tmp_path: Path) -> None:
    workspace = toy_workspace(tmp_path)
    with pytest.raises(StorageError, match="evaluate"):
        run_stage(sum_stage(SumGrid()), workspace)
    shutil.rmtree(tmp_path / "data/portfolio")
    with pytest.raises(DataContractError, match="init"):
        run_stage(DOUBLE, workspace)


def test_undeclared_outputs_are_refused(tmp_path: Path) -> None:
    stage = Stage(
        "odd", "1", ToyParams, (SOURCE,), (NUMBERS,), run=lambda _i, _p, _c: {"other": pl.DataFrame()}
    )
    workspace = toy_workspace(tmp_path)
    (tmp_path / "params.yaml").write_text("odd: {}\n")
    with pytest.raises(AcceltrialError, match="declared"):
        run_stage(stage, workspace)


def test_a_full_disk_is_one_clear_error_and_keeps_the_old_table(tmp_path: Path) -> None:
    workspace = toy_workspace(tmp_path)
    run_stage(DOUBLE, workspace, now=NOW)
    before = (tmp_path / NUMBERS.path).read_bytes()

    def full(*_: object) -> dict[str, object]:
        with Path("/dev/full").open("wb", buffering=0) as device:  # the kernel's own "no space left"
            device.write(b"x")
        return {}

    stage = Stage("double", "1", ToyParams, (SOURCE,), (NUMBERS,), run=full)  # type: ignore[arg-type]
    with pytest.raises(StorageError, match="free disk space"):
        run_stage(stage, workspace, now=NOW)
    assert (tmp_path / NUMBERS.path).read_bytes() == before
