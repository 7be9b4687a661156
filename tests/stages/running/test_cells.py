from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from stages.contract import Cell
from stages.running.cells import CellStore, replace_folder

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def _finished(store: CellStore, cell: Cell, scratch: Path) -> Path:
    scratch.mkdir()
    (scratch / "x").write_text("1")
    return store.keep(cell, scratch, run="r", finished=NOW)


def test_a_result_belongs_to_its_spec_version_and_machine(tmp_path: Path) -> None:
    cell = Cell("k", {"a": 1}, device="cpu")
    store = CellStore(tmp_path / "cells", "1", "machine A")
    _finished(store, cell, tmp_path / "s")
    assert store.finished(cell, NOW)
    assert not store.finished(Cell("k", {"a": 2}, device="cpu"), NOW)
    assert not CellStore(tmp_path / "cells", "2", "machine A").finished(cell, NOW)
    assert not CellStore(tmp_path / "cells", "1", "machine B").finished(cell, NOW)


def test_a_computed_result_holds_on_every_machine(tmp_path: Path) -> None:
    cell = Cell("k", {"a": 1})
    _finished(CellStore(tmp_path / "cells", "1", "machine A"), cell, tmp_path / "s")
    assert CellStore(tmp_path / "cells", "1", "machine B").finished(cell, NOW)


def test_evidence_expires(tmp_path: Path) -> None:
    cell = Cell("k", {}, device="cpu", max_age_h=24)
    store = CellStore(tmp_path / "cells", "1", "m")
    _finished(store, cell, tmp_path / "s")
    assert store.expiry(cell) == NOW + timedelta(hours=24)
    assert store.finished(cell, NOW + timedelta(hours=23))
    assert not store.finished(cell, NOW + timedelta(hours=24))


def test_replacing_a_folder_takes_all_of_the_new_and_none_of_the_old(tmp_path: Path) -> None:
    old, new = tmp_path / "place", tmp_path / "new"
    old.mkdir()
    (old / "old").touch()
    new.mkdir()
    (new / "new").touch()
    replace_folder(new, old)
    assert [p.name for p in old.iterdir()] == ["new"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["place"]
