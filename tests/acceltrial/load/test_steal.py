"""Stolen time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acceltrial.load.steal import stolen_s


def test_the_eighth_figure_of_the_first_line_in_seconds(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  1 2 3 4 5 6 7 250 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n")
    assert stolen_s(stat) == 250 / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("text", ["", "cpu 1 2 3\n", "cpu a b c d e f g h i\n"])
def test_a_kernel_that_does_not_say(tmp_path: Path, text: str) -> None:
    stat = tmp_path / "stat"
    stat.write_text(text)
    assert stolen_s(stat) is None
    assert stolen_s(tmp_path / "absent") is None
