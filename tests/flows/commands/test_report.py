from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.cli import run
from stages.artifacts import REPORT
from tests.stages.running.toy import toy_workspace


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    toy_workspace(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_report_the_way_to_get_one_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "path"]) == 1
    assert "acceltrial evaluate" in capsys.readouterr().err


def test_the_path_goes_to_stdout_and_open_falls_back_to_it(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root / REPORT.path
    path.parent.mkdir(parents=True)
    path.write_text("<p>")
    assert run(["report", "path"]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    monkeypatch.setattr("webbrowser.open", lambda _uri: False)
    assert run(["report", "open"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{path}\n"
    assert "no browser" in captured.err
