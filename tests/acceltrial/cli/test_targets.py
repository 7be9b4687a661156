from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceltrial.cli import run
from acceltrial.targets.registry import BUILT_IN


def test_every_target_of_the_sample_portfolio_is_listed_with_its_state(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["targets", "list", str(checkout / "data" / "portfolio"), "--json"]) == 0
    rows = {row["target"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"local-llamacpp-q4", "local-torch-training"} <= rows.keys()
    for row in rows.values():
        assert row["available"] or (row["reason"] and row["remedy"])
        assert row["enabled"] or not row["available"]


def test_people_get_lines(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["targets", "list", str(checkout / "data" / "portfolio")]) == 0
    assert "local-llamacpp-q4" in capsys.readouterr().out


def test_kinds_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["targets", "kinds", "--json"]) == 0
    assert json.loads(capsys.readouterr().out).keys() >= BUILT_IN.keys()


def test_a_missing_portfolio_is_one_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["targets", "list", str(tmp_path / "none")]) in {1, 2}
    assert capsys.readouterr().err
