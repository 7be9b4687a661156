from __future__ import annotations

import json

import pytest

from acceltrial.cli import run


def test_cells_carry_their_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["catalogue", "parity", "--family", "embedding", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {row["family"] for row in report["summary"]} == {"embedding"}
    assert all(cell["source"] and cell["as_of"] for cell in report["cells"] if cell["state"] != "unlisted")


def test_gaps_of_one_runtime(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["catalogue", "parity", "--runtime", "neuron", "--gaps"]) == 0
    shown = capsys.readouterr().out
    assert "AWS Neuron" in shown
    assert "Hopper" not in shown
    assert "unproven" in shown


def test_an_unknown_family_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["catalogue", "parity", "--family", "llm"]) == 2
    assert "choose among" in capsys.readouterr().err
