"""Where the time goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stages.report.blocks import Charts, DataTable, Material, Section, Text
from stages.report.charts.drawing import Chart
from stages.report.sections import whole_stack
from stages.report.shown import Shown
from tests.stages.report.sample_tables import sample_rows


def charts(section: Section) -> dict[str, Chart]:
    return {c.id: c for b in section.blocks if isinstance(b, Charts) for c in b.charts}


def tables(section: Section) -> dict[str, DataTable]:
    return {b.id: b for b in section.blocks if isinstance(b, DataTable)}


def test_a_request_is_broken_down_by_workload(material: Material) -> None:
    section = whole_stack.build(material)
    chart = charts(section)["stack-request-reply-suggest"]
    assert chart.svg
    assert chart.description.startswith("Longest part: decode of")
    table = tables(section)["stack-parts"]
    line = next(row for row in table.rows if row[0] == "reply-suggest")
    queue = line[table.columns.index("queue")]
    assert isinstance(queue, Shown)
    assert not queue.known
    assert "queue: the server does not report it" in table.note


def test_the_start_is_shown_from_cold_and_warm_storage(material: Material) -> None:
    section = whole_stack.build(material)
    chart = charts(section)["stack-start-chart"]
    assert chart.description.startswith("Longest part: model load of")
    assert "cold storage" in chart.description
    starts = tables(section)["stack-starts"]
    assert "second replica" in starts.columns
    assert len(starts.rows) == len({row[0] for row in starts.rows})


def test_retrieval_has_its_table(material: Material) -> None:
    assert "stack-retrieval" in tables(whole_stack.build(material))


@pytest.mark.parametrize("dropped", ["breakdown", "_s", "everything"])
def test_what_is_missing_leaves_no_hole(material_of: Callable[..., Material], dropped: str) -> None:
    rows = sample_rows()
    rows["measurements"] = [
        r
        for r in rows["measurements"]
        if not (r["phase"] == "stack" and (dropped == "everything" or dropped in r["metric"]))
    ]
    section = whole_stack.build(material_of(rows))
    assert section.blocks
    if dropped == "everything":
        assert isinstance(section.blocks[0], Text)
