from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from acceltrial.cli.rank import app
from acceltrial.errors import AcceltrialError, DataContractError

CRITERIA = """
criteria:
  cost: {direction: min, bounds: [0, 100], veto: "value > 90"}
  speed: {direction: max, bounds: [0, 10]}
roles:
  buyer: {weights: {cost: 0.8, speed: 0.2}}
  owner: {weights: {cost: 0.3, speed: 0.7}}
"""
MATRIX = "option,cost,speed,cost_low,cost_high\na,20,3,15,30\n<b>b</b>,50,9,40,60\nc,60,8,,\nd,95,9,,\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    matrix, criteria = tmp_path / "m.csv", tmp_path / "c.yaml"
    matrix.write_text(MATRIX)
    criteria.write_text(CRITERIA)
    return matrix, criteria


def run(matrix: Path, criteria: Path, *more: str) -> None:
    app([str(matrix), "--criteria", str(criteria), *more], result_action="return_value")


def test_json_has_the_agreed_shape(files: tuple[Path, Path], capfdbinary: Any) -> None:
    run(*files, "--draws", "500", "--seed", "3", "--json")
    out = json.loads(capfdbinary.readouterr().out)
    first = out["options"][0]
    keys = {"name", "score", "rank", "p_best", "rank_acceptability", "pareto", "vetoed", "by_role"}
    assert keys <= set(first)
    assert first["rank"] == 1
    assert set(first["by_role"]) == {"buyer", "owner"}
    assert sum(o["p_best"] for o in out["options"] if not o["vetoed"]) == pytest.approx(1)
    assert out["options"][-1]["name"] == "d"
    assert out["options"][-1]["score"] is None
    assert "value > 90" in out["options"][-1]["veto_reason"]
    assert not next(o for o in out["options"] if o["name"] == "c")["pareto"]
    assert out["flip"]["margin"] >= 0
    assert "text" in out["disagreement"]


def test_same_seed_same_bytes(files: tuple[Path, Path], capfdbinary: Any) -> None:
    outs = []
    for _ in range(2):
        run(*files, "--draws", "200", "--json")
        outs.append(capfdbinary.readouterr().out)
    assert outs[0] == outs[1]


def test_the_table_goes_to_stderr(files: tuple[Path, Path], capfd: Any) -> None:
    run(*files, "--draws", "100")
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "<b>b</b>" in captured.err


def test_bad_input_raises_one_clear_error(files: tuple[Path, Path]) -> None:
    matrix, criteria = files
    matrix.write_text(MATRIX.replace("20,3", "20,NaN"))
    with pytest.raises(AcceltrialError, match="row 2, column speed"):
        run(matrix, criteria)
    matrix.write_text("option,cost,speed\na,95,1\n")
    with pytest.raises(DataContractError, match="all 1 options are vetoed"):
        run(matrix, criteria)
