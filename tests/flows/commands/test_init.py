from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.cli import run


def test_a_fresh_portfolio_passes_the_first_stages_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert run(["init", str(tmp_path / "mine")]) == 0
    assert "workloads.yaml" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path / "mine")
    for stage in ("collect", "classify", "map_hardware"):
        assert run(["stages", "run", stage, "--no-send"]) == 0, capsys.readouterr().err
    assert run(["init", str(tmp_path / "mine")]) == 2
