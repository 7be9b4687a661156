"""From any figure to run, code, parameters and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from acceltrial.storage.digest import file_digest
from acceltrial.storage.tables import read_provenance
from stages.report.blocks import Cell, DataTable, Material, Section, Tag, Text
from stages.report.formatting import count, plural
from stages.report.shown import unknown
from stages.report.tables import SOURCES


@dataclass(frozen=True, slots=True)
class TableLineage:
    """One table's file: where it lies, its bytes, and what its writer recorded."""

    name: str
    path: str
    digest: str
    rows: int
    provenance: dict[str, Any]


def read_lineage(files: dict[str, Path]) -> list[TableLineage]:
    """The lineage of every table, in the order of the pipeline."""
    return [
        TableLineage(
            source.name,
            source.path,
            file_digest(files[source.name]),
            pq.read_metadata(files[source.name]).num_rows,
            read_provenance(files[source.name]),
        )
        for source in SOURCES
    ]


def build(material: Material, lineage: list[TableLineage]) -> Section:
    """One row a table, then the inputs and parameters of each stage."""
    rows: list[list[Cell]] = [_row(entry) for entry in lineage]
    columns = ("Table", "Rows", "SHA-256", "Stage", "Run", "Commit", "Written", "Machine")
    anchors = [f"table-{entry.name}" for entry in lineage]
    text = (
        f"This report was written by run {material.run or 'unknown'}. A figure leads to its row below; the "
        "row names its table and its position in it, and for a measurement its cell and run. To verify: "
        "compare the SHA-256, then check out the commit and run the stage again with the parameters."
    )
    blocks: list[object] = [
        Text(text),
        DataTable(
            "Tables that this report was made from", columns, rows, right=frozenset({1}), anchors=anchors
        ),
        *[table for table in map(_inputs, _stages(lineage)) if table],
    ]
    return Section("lineage", "Lineage", "Appendix", "", blocks)


def _row(entry: TableLineage) -> list[Cell]:
    record = entry.provenance
    missing = "the file carries no such record"

    def known(key: str, limit: int = 200) -> Cell:
        return str(record[key])[:limit] if record.get(key) not in (None, "") else unknown(missing)

    stage: Cell = (
        f"{record['stage']} {record.get('version', '')}".strip() if record.get("stage") else unknown(missing)
    )
    commit: list[Any] = [known("git_commit", 12)]
    if record.get("git_dirty"):
        commit.append(Tag("uncommitted changes", "warn"))
    return [
        entry.path,
        count(entry.rows),
        entry.digest,
        stage,
        known("run"),
        commit,
        known("written"),
        known("machine"),
    ]


def _stages(lineage: list[TableLineage]) -> list[TableLineage]:
    """The first table of each stage: its provenance stands for the stage's other tables."""
    first: dict[str, TableLineage] = {}
    for entry in lineage:
        if entry.provenance.get("stage"):
            first.setdefault(entry.provenance["stage"], entry)
    return list(first.values())


def _inputs(entry: TableLineage) -> DataTable | None:
    record = entry.provenance
    rows: list[list[Cell]] = [
        ["input", path, digest] for path, digest in sorted(_pairs(record.get("inputs")))
    ]
    rows += [["parameter", key, value] for key, value in sorted(_pairs(record.get("params")))]
    rows += [["code", path, digest] for path, digest in sorted(_pairs(record.get("code")))]
    if not rows:
        return None
    caption = (
        f"Stage {record['stage']}: "
        f"{plural(len(rows), 'input, parameter or code digest', 'inputs, parameters and code digests')}"
    )
    return DataTable(caption, ("Kind", "Name", "Value"), rows, folded=True)


def _pairs(value: Any) -> list[tuple[str, str]]:
    """A recorded mapping flattened to dotted names; a plain value under an empty name."""
    if isinstance(value, dict):
        return [
            (f"{key}.{rest}".rstrip("."), text)
            for key, inner in value.items()
            for rest, text in _pairs(inner)
        ]
    return [] if value is None else [("", str(value))]
