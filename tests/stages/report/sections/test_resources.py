"""Memory, power and the server's account."""

from __future__ import annotations

from collections.abc import Callable

from stages.report.blocks import Charts, DataTable, Material, Tag, Text
from stages.report.sections import resources
from tests.stages.report.sample_tables import sample_rows


def test_memory_over_time_is_drawn_by_replay(material: Material) -> None:
    section = resources.build(material)
    charts = {c.id: c for b in section.blocks if isinstance(b, Charts) for c in b.charts}
    chart = charts["telemetry-reply-suggest-rss_mb"]
    assert "from 500 MB to 515 MB" in chart.description
    table = next(b for b in section.blocks if isinstance(b, DataTable) and b.id == "resources-table")
    assert "energy method none: no meter" in table.note


def test_a_disagreement_is_shown_as_one(material: Material) -> None:
    table = next(
        b for b in resources.build(material).blocks if isinstance(b, DataTable) and b.id == "account-table"
    )
    verdict = table.rows[0][-1]
    assert isinstance(verdict, Tag)
    assert verdict.text == "disagree"


def test_without_a_replay_it_says_so(material_of: Callable[..., Material]) -> None:
    rows = sample_rows()
    rows["measurements"] = [r for r in rows["measurements"] if r["metric"] != "power_w"]
    assert isinstance(resources.build(material_of(rows)).blocks[0], Text)


def test_without_series_there_is_still_the_table(material_of: Callable[..., Material]) -> None:
    rows = sample_rows()
    rows["telemetry"] = []
    assert isinstance(resources.build(material_of(rows)).blocks[0], DataTable)
