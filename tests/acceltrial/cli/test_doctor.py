from __future__ import annotations

import json

import pytest

from acceltrial.cli import run


def test_doctor_tells_what_is_there_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) == 0
    checks = {check["what"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["python"]["ok"] is True
    assert checks["polars"]["ok"] is True
    assert all(check["remedy"] for check in checks.values() if check["ok"] is False)


def test_a_server_that_cannot_be_reached_is_a_failure_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")
    assert run(["doctor"]) == 1
    text = capsys.readouterr().out
    assert "127.0.0.1:9 not reachable" in text
    assert "MLFLOW_TRACKING_URI" in text
    assert "secret" not in text
