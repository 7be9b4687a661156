"""Run records: what the tracking server shall know about a run, kept on disk until it has taken it."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from acceltrial.storage.atomic import write_bytes
from stages.running.cells import replace_folder


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """One input or output file of a run, named by DVC's digest of its bytes."""

    name: str
    path: str
    digest: str
    context: str  # "input" or "output"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run, or news of one: a record of a known run adds to it."""

    run: str
    name: str
    parent: str | None
    started: datetime
    finished: datetime | None
    status: str  # RUNNING, FINISHED, FAILED
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    datasets: tuple[DatasetUse, ...] = ()


def post(outbox: Path, record: RunRecord, artifacts: dict[str, Path] | None = None) -> Path:
    """Puts the record and copies of its artifacts (by name in the tracking server) into the outbox, whole."""
    name = f"{time.time_ns():020d}-{record.run}"
    draft = outbox / f".{name}.draft"
    files = draft / "artifacts"
    files.mkdir(parents=True)
    for artifact, source in (artifacts or {}).items():
        destination = files / artifact
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, destination)
    write_bytes(draft / "record.json", orjson.dumps(asdict(record)))
    replace_folder(draft, outbox / name)
    return outbox / name


def waiting(outbox: Path) -> list[Path]:
    """Records not yet taken, oldest first. Drafts of killed processes are not among them."""
    if not outbox.is_dir():
        return []
    return sorted(p for p in outbox.iterdir() if p.is_dir() and not p.name.startswith("."))


def load(folder: Path) -> RunRecord:
    """The record in one folder of the outbox."""
    raw: dict[str, Any] = orjson.loads((folder / "record.json").read_bytes())
    raw["datasets"] = tuple(DatasetUse(**use) for use in raw["datasets"])
    raw["started"] = datetime.fromisoformat(raw["started"])
    raw["finished"] = datetime.fromisoformat(raw["finished"]) if raw["finished"] else None
    return RunRecord(**raw)
