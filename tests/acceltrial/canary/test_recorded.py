from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from acceltrial.canary import recorded
from acceltrial.canary.guardrails import JudgeSettings
from acceltrial.canary.recorded import judge_streams, plain
from acceltrial.errors import AcceltrialError, DataContractError


def streams(path: Path, count: int, *, slow: int = -1) -> Path:
    """So many streams of twenty minutes; the canary of one is four times as slow."""
    draw = np.random.default_rng(3)
    frames = []
    for place in range(count):
        canary = draw.random(2400) < 0.2
        latency = draw.lognormal(4.0, 0.3, 2400) * np.where(canary & (place == slow), 4.0, 1.0)
        frames.append(
            pl.DataFrame(
                {
                    "stream": [f"s{place:03d}"] * 2400,
                    "t_s": np.linspace(0, 1200, 2400),
                    "arm": np.where(canary, "canary", "baseline"),
                    "latency_ms": latency,
                    "ok": [True] * 2400,
                }
            )
        )
    pl.concat(frames).write_parquet(path)
    return path


def test_verdicts_are_the_same_in_one_process_and_in_several(tmp_path: Path, monkeypatch: Any) -> None:
    path = streams(tmp_path / "s.parquet", 6, slow=4)
    alone = judge_streams(path, JudgeSettings())
    monkeypatch.setattr(recorded, "ALONE", 2)
    assert judge_streams(path, JudgeSettings()) == alone
    assert [row["stream"] for row in alone] == [f"s{place:03d}" for place in range(6)]
    assert [row["verdict"] == "rollback" for row in alone] == [place == 4 for place in range(6)]


def test_what_is_wrong_with_a_later_stream_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    path = streams(tmp_path / "s.parquet", 4)
    frame = pl.read_parquet(path)
    late = pl.col("stream") == "s003"
    frame.with_columns(pl.when(late).then(pl.lit("third")).otherwise("arm").alias("arm")).write_parquet(path)
    monkeypatch.setattr(recorded, "ALONE", 1)
    with pytest.raises(DataContractError, match="arm") as caught:
        judge_streams(path, JudgeSettings())
    assert "stream s003" in caught.value.where


def die(*_: Any) -> None:
    """What the kernel does to a process that takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_an_error_and_no_verdict(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(recorded, "ALONE", 0)
    monkeypatch.setattr(recorded, "_judged", die)
    with pytest.raises(AcceltrialError, match="died"):
        judge_streams(streams(tmp_path / "s.parquet", 3), JudgeSettings())


def test_control_characters_of_a_name_are_spelt_out() -> None:
    assert plain("a\x1b[2Jb") == "a\\x1b[2Jb"
