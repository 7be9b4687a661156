"""The bench command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceltrial.cli import run
from acceltrial.load import serve_reference
from acceltrial.load.reference_server import Behaviour

FAST = ["--no-calibrate", "--output-tokens", "4", "--input-tokens", "8"]


def test_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with serve_reference(Behaviour(ttft_ms=5, itl_ms=1)) as reference:
        arguments = [
            "bench",
            reference.base_url,
            "--rate",
            "100",
            "--requests",
            "30",
            "--json",
            "--out",
            str(tmp_path / "o"),
        ]
        assert run([*arguments, *FAST, "--warmup", "3", "--slo", "ttft_ms<=500"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["requests"]["planned"] == 30
    assert summary["rate"]["asked_rps"] == 100
    assert summary["slo"]["attainment"] == 1.0
    assert (tmp_path / "o" / "requests.parquet").exists()


def test_people(capsys: pytest.CaptureFixture[str]) -> None:
    with serve_reference(Behaviour(ttft_ms=5, itl_ms=1)) as reference:
        assert run(["bench", reference.base_url, "--concurrency", "4", "--requests", "20", *FAST]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "20 completed, 0 failed" in captured.err
    assert "instrument:" in captured.err


def test_repeats(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with serve_reference(Behaviour(ttft_ms=5, itl_ms=1)) as reference:
        arguments = ["bench", reference.base_url, "--rate", "100", "--requests", "20", "--repeats", "2"]
        assert run([*arguments, *FAST, "--json", "--out", str(tmp_path)]) == 0
        assert run([*arguments, *FAST]) == 0
        assert run([*arguments, *FAST, "--find-goodput", "--slo", "ttft_ms<=60"]) == 2
    captured = capsys.readouterr()
    repeats = json.loads(captured.out)["repeats"]
    assert repeats["runs"] == 2
    assert repeats["valid"] + len(repeats["left_out"]) == 2
    assert (tmp_path / "run-2" / "requests.parquet").exists()
    assert json.loads((tmp_path / "summary.json").read_text())["repeats"] == repeats
    assert "valid of 2" in captured.err


def test_a_refusal_is_told_in_the_servers_words(capsys: pytest.CaptureFixture[str]) -> None:
    with serve_reference(Behaviour(ttft_ms=5, itl_ms=1)) as reference:
        arguments = ["bench", reference.base_url, "--requests", "2", "--rate", "50", *FAST]
        assert run([*arguments, "--extra-body", '{"max_tokens": "many"}']) == 5
        assert "bad request" in capsys.readouterr().err
        assert run([*arguments, "--extra-body", '{"temperature": 0}']) == 0
        for wrong in ("[1]", "{", "nan"):
            assert run([*arguments, "--extra-body", wrong]) == 2


@pytest.mark.slow
def test_goodput(capsys: pytest.CaptureFixture[str]) -> None:
    with serve_reference(Behaviour(ttft_ms=20, itl_ms=1, slots=1)) as reference:
        arguments = ["bench", reference.base_url, "--find-goodput", "--slo", "ttft_ms<=60@0.9", "--rate", "8"]
        assert run([*arguments, *FAST, "--requests", "40", "--arrivals", "constant", "--json"]) == 0
    goodput = json.loads(capsys.readouterr().out)["goodput"]
    assert goodput["trials"]
    # One slot of some 23 ms gives at most some 43 requests a second.
    assert goodput["rate_rps"] is None or goodput["rate_rps"] < 60


def test_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "t.csv"
    trace.write_text("arrival_s,input_tokens,output_tokens\n" + "".join(f"{i},5,3\n" for i in range(20)))
    with serve_reference(Behaviour(ttft_ms=5, itl_ms=1)) as reference:
        assert (
            run(
                [
                    "bench",
                    reference.base_url,
                    "--arrivals",
                    f"trace:{trace}",
                    "--warp",
                    "40",
                    "--no-calibrate",
                    "--json",
                ]
            )
            == 0
        )
    summary = json.loads(capsys.readouterr().out)
    assert summary["requests"]["completed"] == 20
    assert "40 times" in summary["rate"]["arrivals"]


def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "http://127.0.0.1:9/v1", "--requests", "3", "--rate", "50", *FAST]) == 5
    assert "connect_refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags",
    [
        ["--rate", "0"],
        ["--rate", "nan"],
        ["--rate", "-1"],
        ["--arrivals", "closed", "--rate", "5"],
        ["--arrivals", "trace:x.csv", "--rate", "5"],
        ["--rate", "5", "--concurrency", "5"],
        ["--warp", "3"],
        ["--think", "1"],
        ["--requests", "5", "--duration", "5"],
        ["--processes", "none"],
        ["--find-goodput"],
        ["--slo", "quick"],
        ["--input-tokens", "many"],
        ["--arrivals", "gamma:-1"],
        ["--api", "images"],
        ["--no-such-flag"],
    ],
)
def test_wrong_usage(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "http://127.0.0.1:9/v1", "--no-calibrate", *flags]) == 2
    assert capsys.readouterr().out == ""
