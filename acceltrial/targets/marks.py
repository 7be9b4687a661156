"""Time marks that a starting server writes, so that its start can be told apart from its model's load."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

MARKS_VARIABLE = "ACCELTRIAL_MARKS"


def mark(name: str, **facts: Any) -> None:
    """Appends `name` with the monotonic time to the file that the starter named; does nothing without one.

    The monotonic clock is common to all processes of one machine.
    """
    path = os.environ.get(MARKS_VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"mark": name, "t": time.monotonic(), **facts}) + "\n")


def read_marks(path: Path) -> dict[str, dict[str, Any]]:
    """The last mark of each name; a line still being written is left out."""
    found: dict[str, dict[str, Any]] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue
            found[entry["mark"]] = entry
    return found
