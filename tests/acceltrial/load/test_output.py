"""The files of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson

from acceltrial.load import Schedule
from acceltrial.load.output import schedule_table, write_json


def test_schedule_table() -> None:
    plain = schedule_table(Schedule.open_loop("constant", rate_rps=2, prompts=["a", "b"]))
    assert plain.columns == ["index", "intended_s", "input_tokens", "output_tokens", "prompt"]
    sessions = schedule_table(Schedule.sessions([0.0], turns=2, think_s=1.0))
    assert {"session", "turn", "after", "think_s", "prefix_tokens"} <= set(sessions.columns)


def test_json_takes_numpy_numbers(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": np.float64(1.5), "b": None})
    assert orjson.loads((tmp_path / "x.json").read_bytes()) == {"a": 1.5, "b": None}
