"""Reading every table once."""

from __future__ import annotations

from stages import artifacts
from stages.report.blocks import Material
from stages.report.tables import LAZY, SOURCES


def test_every_table_of_every_stage_is_read() -> None:
    assert {source.name for source in SOURCES} >= {"workloads", "requests", "measurements", "canary_events"}
    assert artifacts.REPORT_TABLES not in SOURCES


def test_rows_know_their_place_in_the_file(material: Material) -> None:
    rows = material.tables.rows("costs", "support-chat")
    frame = material.tables["costs"]
    assert all(frame.row(row["_row"], named=True) == row for row in rows)


def test_big_tables_are_only_scanned(material: Material) -> None:
    assert not set(LAZY) & set(material.tables.frames)
    assert material.tables.scan("requests").select("workload").collect().height > 1000


def test_an_unknown_workload_has_no_rows(material: Material) -> None:
    assert material.tables.rows("costs", "nobody") == []
    assert material.tables.row("decisions", "nobody") is None
    assert material.tables.title("nobody") == "nobody"
