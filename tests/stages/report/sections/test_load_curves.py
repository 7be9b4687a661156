"""Throughput and latency against concurrency."""

from __future__ import annotations

from collections.abc import Callable

from stages.report.blocks import Charts, DataTable, Material, Text
from stages.report.sections import load_curves
from tests.stages.report.sample_tables import sample_rows


def test_the_knee_is_marked_or_its_absence_told(material: Material) -> None:
    section = load_curves.build(material)
    charts = {c.id: c for b in section.blocks if isinstance(b, Charts) for c in b.charts}
    chart = charts["curve-throughput-reply-suggest"]
    assert "knee at 2 streams" in chart.description
    assert "the throughput still rose" in chart.description
    assert "knee local" in chart.svg
    assert charts["curve-latency-reply-suggest"].title == "Time per output token"
    table = next(b for b in section.blocks if isinstance(b, DataTable))
    knees = [row for row in table.rows if row[-1] == "knee"]
    assert knees
    assert all(row[2] == "2" for row in knees)


def test_without_a_ladder_it_says_so(material_of: Callable[..., Material]) -> None:
    rows = sample_rows()
    rows["measurements"] = [r for r in rows["measurements"] if not r["metric"].startswith("curve_")]
    assert isinstance(load_curves.build(material_of(rows)).blocks[0], Text)
