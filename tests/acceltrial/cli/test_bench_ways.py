"""The bench command's --quality and --scale-out."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from acceltrial.cli import run
from acceltrial.load import serve_reference
from acceltrial.load.reference_server import Behaviour

FAST = ["--no-calibrate", "--output-tokens", "16", "--concurrency", "4", "--requests", "12"]


def test_a_task_set_is_asked_and_judged(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with serve_reference(Behaviour(ttft_ms=2, itl_ms=1)) as server:
        arguments = ["bench", server.base_url, *FAST, "--quality", "sentiment", "--out", str(tmp_path)]
        assert run([*arguments, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert run(arguments) == 0
    assert sum(found["quality"]["verdicts"].values()) == 12
    assert found["quality"]["success_rate"]["n"] == 12
    assert json.loads((tmp_path / "summary.json").read_text())["quality"]["task"] == "mood of a review"
    assert "quality: 0.0% right" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--quality", "poetry"], "cannot be asked"),
        (["--quality", "search"], "cannot be asked"),
        (["--quality", "rerank", "--api", "embeddings"], "use one of search"),
        (["--quality", "code", "--repeats", "2"], "--repeats"),
        (["--scale-out", "dask"], "the transport is ray"),
        (["--scale-out", "ray", "--workers", "0"], "at least one worker"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    flags: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bench", "http://127.0.0.1:9/v1", *FAST, *flags]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
@pytest.mark.live
@pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed: pip install 'acceltrial[ray]'")
def test_two_ray_workers_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with serve_reference(Behaviour(ttft_ms=2, itl_ms=1)) as server:
        arguments = ["bench", server.base_url, "--no-calibrate", "--rate", "40", "--requests", "80"]
        assert run([*arguments, "--scale-out", "ray", "--workers", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["requests"]["completed"] == 80
    assert len(found["scale_out"]["workers"]) == 2
