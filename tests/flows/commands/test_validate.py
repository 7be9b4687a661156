"""`acceltrial validate`."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from acceltrial.cli import run


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh workspace, which is also the current folder."""
    folder = tmp_path / "mine"
    assert run(["init", str(folder)]) == 0
    monkeypatch.chdir(folder)
    return folder


def test_a_sound_portfolio_is_told_and_nothing_is_written(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate"]) == 0
    assert "sound: workloads 1, models 1" in capsys.readouterr().out
    assert not (mine / "data/stages").exists()
    assert run(["validate", "--json"]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert told["read"] == {"workloads": 1, "models": 1, "targets": 1, "trace_sources": 1}


def test_a_wrong_entry_ends_with_its_place_and_remedy(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = mine / "data/portfolio/workloads.yaml"
    path.write_text(path.read_text().replace("model: gemma-3-270m", "model: gema-3-270m"))
    assert run(["validate"]) == 2
    told = capsys.readouterr().err
    assert "workloads.yaml" in told
    assert "gemma-3-270m" in told


@pytest.mark.parametrize(
    ("name", "text", "code", "told"),
    [
        ("offers.yaml", "offers:\n  - {offer: a}\n", 2, "offers.yaml"),
        ("last_quarter.json", "{}", 3, "last_quarter.json"),
        ("workload.yaml", "workloads: []\n", 0, "rename it to workloads.yaml"),
        ("notes.yaml", "a: 1\n", 0, "read are: workloads.yaml"),
    ],
)
def test_what_later_stages_read_is_checked_too(
    mine: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, code: int, told: str
) -> None:
    (mine / "data/portfolio" / name).write_text(text)
    assert run(["validate"]) == code
    shown = capsys.readouterr()
    assert told in shown.out + shown.err
