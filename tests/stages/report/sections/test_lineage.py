"""From the page to the bytes."""

from __future__ import annotations

from acceltrial.storage.digest import file_digest
from stages.report.blocks import DataTable, Material
from stages.report.sections import lineage
from stages.report.tables import SOURCES


def test_each_table_with_digest_run_and_commit(material: Material) -> None:
    entries = lineage.read_lineage(dict(material.tables.files))
    assert [e.name for e in entries] == [s.name for s in SOURCES]
    assert entries[0].digest == file_digest(material.tables.files["workloads"])
    blocks = lineage.build(material, entries).blocks
    tables = [b for b in blocks if isinstance(b, DataTable)]
    assert tables[0].rows[0][:5] == [
        "data/stages/collect/workloads.parquet",
        "6",
        entries[0].digest,
        "collect 1",
        "run-collect",
    ]
    parameters = [row for row in tables[1].rows if row[0] == "parameter"]
    assert ["parameter", "nested.a", "[1, 2]"] in parameters


def test_a_table_without_record_is_told(material: Material) -> None:
    entry = lineage.TableLineage("x", "x.parquet", "0" * 64, 0, {})
    table = lineage.build(material, [entry]).blocks[1]
    assert isinstance(table, DataTable)
    assert table.rows[0][3].why == "the file carries no such record"  # type: ignore[union-attr]
