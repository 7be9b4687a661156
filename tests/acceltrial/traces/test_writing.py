from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.traces import generate, generator_spec, open_trace
from acceltrial.traces.writing import SUFFIXES, write_trace


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    frame = generate(generator_spec({"preset": "mooncake_conversation", "duration_s": 300}), 1)
    path = tmp_path / f"t{suffix}"
    assert write_trace(path, frame.iter_slices(100)) == frame.height
    back = open_trace(path).collect()
    assert back.drop("arrival_s").equals(frame.drop("arrival_s"))
    moved = frame["arrival_s"] - frame["arrival_s"][0]
    assert (back["arrival_s"] - moved).abs().max() < 1e-6  # type: ignore[operator]


def test_another_ending_is_refused_and_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        write_trace(tmp_path / "t.xlsx", [])

    def failing() -> object:
        yield generate(generator_spec({"preset": "poisson", "duration_s": 30}), 1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_trace(tmp_path / "t.parquet", failing())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
