from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceltrial.cli import run
from stages.running.runner import run_stage
from tests.stages.running.toy import DOUBLE, NUMBERS, toy_workspace


def test_records_wait_until_the_server_is_back_and_are_then_found_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_stage(DOUBLE, toy_workspace(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")
    assert run(["lineage", "send"]) == 1
    text = capsys.readouterr().err
    assert "1 run records wait" in text
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert run(["lineage", "send"]) == 0
    capsys.readouterr()
    assert run(["lineage", "find", NUMBERS.path, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["used_as"]) == ("double", "output")
    assert run(["lineage", "find", "x' OR 1=1"]) == 1
