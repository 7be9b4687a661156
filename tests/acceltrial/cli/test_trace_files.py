"""How a trace is opened by the flags."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.cli.trace_files import Reading, open_either, open_file
from acceltrial.errors import ConfigurationError

MAPPING = "arrival=when,input_tokens=prompt"


def _open(path: Path, columns: str, *, either: bool = False) -> list[float]:
    opened = (open_either if either else open_file)(path, Reading(columns=columns, spread="never"), 0)
    return opened.collect()["arrival_s"].to_list()


def test_a_mapping_belongs_to_files_that_are_not_ours(tmp_path: Path) -> None:
    ours, foreign = tmp_path / "ours.csv", tmp_path / "foreign.csv"
    ours.write_text("arrival_s,input_tokens\n0,1\n2,1\n")
    foreign.write_text("when,prompt\n5,1\n8,1\n")
    assert _open(ours, MAPPING, either=True) == [0.0, 2.0]
    assert _open(foreign, MAPPING, either=True) == [0.0, 3.0]
    assert _open(foreign, MAPPING) == [0.0, 3.0]


def test_a_mapping_without_a_sign_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a list of name=column"):
        _open(tmp_path / "absent.csv", "arrival")
