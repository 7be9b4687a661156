"""Finished cells on disk.

A cell's folder appears whole, by one rename, so a killed run loses only the cell that it was in.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from acceltrial.storage.atomic import write_bytes
from acceltrial.storage.digest import value_digest
from stages.contract import Cell

RECORD = "cell.json"


@dataclass(frozen=True, slots=True)
class CellStore:
    """The finished cells of one stage on one machine."""

    folder: Path
    cell_version: str
    machine: str

    def path(self, cell: Cell) -> Path:
        """Where the cell's result lies or will lie; the name changes with whatever changes the result."""
        identity = {
            "spec": dict(cell.spec),
            "version": self.cell_version,
            "machine": self.machine if cell.device else "",
        }
        return self.folder / f"{cell.key}-{value_digest(identity)[:16]}"

    def finished(self, cell: Cell, now: datetime) -> Path | None:
        """The folder of a finished result that still holds at `now`, or None."""
        folder = self.path(cell)
        expiry = self.expiry(cell)
        if not (folder / RECORD).is_file() or (expiry is not None and expiry <= now):
            return None
        return folder

    def expiry(self, cell: Cell) -> datetime | None:
        """When the finished result stops to hold; None for never (or not finished)."""
        record = self.path(cell) / RECORD
        if cell.max_age_h is None or not record.is_file():
            return None
        measured = datetime.fromisoformat(orjson.loads(record.read_bytes())["finished"])
        return measured + timedelta(hours=cell.max_age_h)

    def keep(self, cell: Cell, scratch: Path, *, run: str, finished: datetime) -> Path:
        """Moves the result folder `scratch` into the store, replacing an expired one."""
        record = {
            "key": cell.key,
            "spec": dict(cell.spec),
            "version": self.cell_version,
            "machine": self.machine,
            "run": run,
            "finished": finished.isoformat(),
        }
        write_bytes(scratch / RECORD, orjson.dumps(record, option=orjson.OPT_INDENT_2))
        folder = self.path(cell)
        folder.parent.mkdir(parents=True, exist_ok=True)
        replace_folder(scratch, folder)
        return folder


def replace_folder(new: Path, place: Path) -> None:
    """Puts the folder `new` in `place`. Between the two renames nothing is there, never a part."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)
