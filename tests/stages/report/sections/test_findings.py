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
