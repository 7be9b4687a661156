"""One short run on a server, then a simulation of it without catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceltrial.cli import run
from acceltrial.load import serve_reference
from acceltrial.load.reference_server import Behaviour


@pytest.mark.slow
def test_a_server_is_calibrated_and_simulated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, trace = tmp_path / "server.json", tmp_path / "t.csv"
    with serve_reference(Behaviour(ttft_ms=40, itl_ms=10, slots=2)) as reference:
        arguments = ["calibrate", reference.base_url, "--out", str(out), "--streams", "2", "6"]
        assert run([*arguments, "--longest-input", "64", "--longest-output", "16", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == 1
    assert found["calibration"]["max_sequences"] == 2
    trace.write_text("arrival_s,input_tokens,output_tokens\n" + "".join(f"{i},20,10\n" for i in range(50)))
    assert run(["simulate", "--trace", str(trace), "--calibration", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ttft_ms"]["p50"] == pytest.approx(40, rel=0.25)
    assert told["e2e_ms"]["p50"] == pytest.approx(130, rel=0.25)
    assert told["cost"]["usd"] is None
    assert "price" in told["cost"]["reason"]
    assert "calibrated on" in told["predictor"]
    wanted = ["simulate", "--trace", str(trace), "--calibration", str(trace)]
    assert run(wanted) == 3
    assert "not a calibration" in capsys.readouterr().err


def test_what_cannot_be_asked_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ["calibrate", "http://127.0.0.1:9/v1", "--out", str(tmp_path / "o.json")]
    assert run([*base, "--streams", "1"]) == 2
    assert run([*base, "--longest-input", "-5"]) == 2
    assert run([*base, "--extra-body", "[1]"]) == 2
    assert "JSON object" in capsys.readouterr().err
    assert run(["simulate", "--trace", "t.csv"]) == 2
    assert "--calibration" in capsys.readouterr().err
    assert not (tmp_path / "o.json").exists()
