from __future__ import annotations

import json

import pytest

from acceltrial.cli import run
from stages.registry import ORDER


def test_the_list_names_what_each_stage_reads_and_writes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stages", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["stage"] for row in rows] == list(ORDER)
    assert all(row["inputs"] and row["outputs"] and row["version"] for row in rows)


def test_a_stages_parameters_are_shown_with_their_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stages", "list", "--params", "benchmark"]) == 0
    assert "replay_seconds" in json.loads(capsys.readouterr().out)["properties"]


def test_an_unknown_stage_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stages", "run", "nothing"]) == 2
    assert "choose one of" in capsys.readouterr().err
