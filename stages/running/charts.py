"""The report's charts as files of their own, for people who look at them in the tracking server."""

from __future__ import annotations

import re
from pathlib import Path

from acceltrial.storage.atomic import write_text

_FIGURE = re.compile(r'<figure id="([A-Za-z0-9._-]+)">(?:(?!</figure>).)*?(<svg\b.*?</svg>)', re.DOTALL)


def write_charts(page: Path, folder: Path) -> dict[str, Path]:
    """Writes each figure's SVG of an HTML page to `folder`; returns the files by `charts/<figure id>.svg`."""
    found = {}
    for name, svg in _FIGURE.findall(page.read_text(encoding="utf-8")):
        whole = svg if "xmlns=" in svg.partition(">")[0] else svg.replace("<svg", f"<svg {_NAMESPACE}", 1)
        path = folder / f"{name}.svg"
        write_text(path, whole)
        found[f"charts/{path.name}"] = path
    return found


_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
