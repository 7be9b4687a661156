"""Traces written out in a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acceltrial.traces import Trace, open_trace

Opened = Callable[..., Trace]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Opens a text as a trace file of that name."""

    def open_text(text: str, name: str = "t.csv", **options: Any) -> Trace:
        path = tmp_path / name
        path.write_text(text)
        return open_trace(path, **options)

    return open_text
