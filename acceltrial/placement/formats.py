"""The formats by name, and all of them for a set of placements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from acceltrial.errors import ConfigurationError
from acceltrial.placement import haproxy, httproute, kserve, litellm, safe, sagemaker, skypilot
from acceltrial.placement.model import Gap, Placement, Rendered
from acceltrial.storage.atomic import write_text

Renderer = Callable[[Sequence[Placement]], tuple[list[Rendered], list[Gap]]]
FORMATS: Final[dict[str, Renderer]] = {
    "haproxy": haproxy.render,
    "litellm": litellm.render,
    "kserve": kserve.render,
    "httproute": httproute.render,
    "sagemaker": sagemaker.render,
    "skypilot": skypilot.render,
}


def render(placements: Sequence[Placement], wanted: str = "all") -> tuple[list[Rendered], list[Gap]]:
    """The files of one format or of `all`, in a fixed order, with what could not be said.

    Raises:
        ConfigurationError: an unknown format, or two workloads that would share a name or a port.
    """
    if wanted != "all" and wanted not in FORMATS:
        raise ConfigurationError(
            f"unknown format {wanted[:40]!r}", where="export", remedy=f"use one of {', '.join(FORMATS)}, all"
        )
    _refuse_clashes(placements)
    files: list[Rendered] = []
    gaps: list[Gap] = []
    for name in FORMATS if wanted == "all" else (wanted,):
        if not placements:
            break
        found, missing = FORMATS[name](placements)
        files += found
        gaps += missing
    return files, gaps


def write(files: Sequence[Rendered], folder: Path) -> list[Path]:
    """Writes the files below `folder`, each whole or not at all; gives their paths. Raises StorageError."""
    paths = []
    for file in files:
        path = folder / file.path
        write_text(path, file.text)
        paths.append(path)
    return paths


def _refuse_clashes(placements: Sequence[Placement]) -> None:
    labels = [(safe.label(placement.workload), placement.workload) for placement in placements]
    ports = [(str(placement.listen_port), placement.workload) for placement in placements]
    spills = [(f"{placement.workload}-fallback", placement.workload) for placement in placements]
    names = [(placement.workload, placement.workload) for placement in placements]
    for what, keys in (("name", labels), ("port", ports), ("fallback's name", [*names, *spills])):
        seen: dict[str, str] = {}
        for key, workload in keys:
            if key in seen:
                raise ConfigurationError(
                    f"{workload} and {seen[key]} would share the {what} {key}",
                    where="export",
                    remedy="rename one of them, or give it another port",
                )
            seen[key] = workload
