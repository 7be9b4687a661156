"""What ran here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stages.report.blocks import Charts, DataTable, Material, Text
from stages.report.sections import measured
from stages.report.shown import Shown
from tests.stages.report.sample_tables import sample_rows


def test_engines_by_phase_with_invalid_runs_marked(material: Material) -> None:
    blocks = measured.build(material).blocks
    table = next(b for b in blocks if isinstance(b, DataTable) and b.id == "measured-table-reply-suggest")
    assert [row[1] for row in table.rows] == ["replay", "replay", "screen", "screen"]
    assert "Send lag p99" in table.columns
    invalid = table.rows[3][table.columns.index("TTFT p95")]
    assert isinstance(invalid, Shown)
    assert not invalid.valid
    assert table.rows[0][-2] == "thinned 1:14 by client"


def test_distributions_come_from_the_requests(material: Material) -> None:
    quantiles = measured._quantiles(material)
    cell = quantiles["reply-suggest.local-llamacpp-q4.replay"]
    assert (cell["planned"], cell["answered"]) == (60, 58)
    assert cell["q0.5"] <= cell["q0.95"] <= cell["q1.0"]


@pytest.mark.parametrize("keep", ["predicted", "none"])
def test_nothing_measured_is_said(material_of: Callable[..., Material], keep: str) -> None:
    rows = sample_rows()
    rows["measurements"] = [r for r in rows["measurements"] if r["grade"] == keep]
    block = measured.build(material_of(rows)).blocks[0]
    assert isinstance(block, Text)
    assert block.text.startswith("Nothing was measured here")


def test_a_handful_of_answers_is_no_distribution(material_of: Callable[..., Material]) -> None:
    rows = sample_rows(only=("semantic-search",))
    rows["request_records"] = [r for r in rows["request_records"] if r["index"] < 3]
    rows["canary_verdicts"] = rows["canary_events"] = rows["canary_observations"] = []
    charts = [c for b in measured.build(material_of(rows)).blocks if isinstance(b, Charts) for c in b.charts]
    chart = next(c for c in charts if c.id == "distribution-semantic-search")
    assert not chart.svg
    assert "too few" in chart.description
