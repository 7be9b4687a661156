"""Findings by severity."""

from __future__ import annotations

from stages.report.blocks import DataTable, Link, Material
from stages.report.sections import findings


def test_warnings_before_remarks(material: Material) -> None:
    warnings, remarks = findings.build(material).blocks
    assert isinstance(warnings, DataTable)
    assert isinstance(remarks, DataTable)
    assert (warnings.caption, remarks.caption, remarks.folded) == ("1 warning", "6 remarks", True)
    assert warnings.rows[0][2] == Link("support-chat", "#workload-support-chat", "Support chat")


def test_many_of_a_kind_share_a_line(material: Material) -> None:
    remarks = findings.build(material).blocks[1]
    assert isinstance(remarks, DataTable)
    assert len(remarks.rows) == 1
    assert remarks.rows[0][2] == "6 workloads: support-chat, reply-suggest, semantic-search, …"
