"""The instrument's own error."""

from __future__ import annotations

from collections.abc import Callable

from stages.report.blocks import Charts, DataTable, Material, Tag, Text
from stages.report.sections import instrument
from tests.stages.report.sample_tables import sample_rows


def test_every_replay_has_its_error_and_verdict(material: Material) -> None:
    section = instrument.build(material)
    table = next(b for b in section.blocks if isinstance(b, DataTable))
    verdicts = {(row[0], row[1]): row[-1] for row in table.rows}
    invalid = verdicts["reply-suggest", "local-torch-bf16"]
    assert isinstance(invalid, Tag)
    assert invalid.text == "invalid"
    assert any(isinstance(tag, Tag) and tag.text == "valid" for tag in verdicts.values())
    chart = next(c for b in section.blocks if isinstance(b, Charts) for c in b.charts)
    assert "The largest p99 is 0.4 ms" in chart.description


def test_without_a_replay_it_says_so(material_of: Callable[..., Material]) -> None:
    rows = sample_rows()
    rows["measurements"] = [r for r in rows["measurements"] if r["metric"] != "client_cpu_share"]
    assert isinstance(instrument.build(material_of(rows)).blocks[0], Text)
