"""The canary's course."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from stages.report.blocks import Charts, DataTable, Heading, Material, Text
from stages.report.formatting import sentence
from stages.report.sections import canary
from tests.stages.report.sample_tables import sample_rows


def test_trials_come_before_demonstrations(material: Material) -> None:
    summary = canary.build(material).blocks[0]
    assert isinstance(summary, DataTable)
    assert [row[0] for row in summary.rows] == ["canary-1", "canary-2"]


def test_each_verdicts_reason_stands_under_its_heading(material: Material) -> None:
    blocks = canary.build(material).blocks
    reasons = {row["canary"]: row["reason"] for row in sample_rows()["canary_verdicts"]}
    told = [
        after.text
        for before, after in pairwise(blocks)
        if isinstance(before, Heading) and isinstance(after, Text)
    ]
    assert told == [sentence(reasons["canary-1"]), sentence(reasons["canary-2"])]


def test_share_and_guardrail_are_told_in_words(material: Material) -> None:
    charts = {c.id: c for b in canary.build(material).blocks if isinstance(b, Charts) for c in b.charts}
    assert (
        charts["canary-canary-1-share"].description
        == "The share rose to 100 % and ended at 100 % after 90 s."
    )
    assert (
        charts["canary-canary-2-share"].description == "The share rose to 50 % and ended at 0 % after 90 s."
    )
    guardrails = charts["canary-canary-2-guardrails"].description
    assert guardrails.startswith("Highest for latency: 68.7 of 20 after 90 s.")


def test_a_verdict_without_record_is_still_shown(material_of: Callable[..., Material]) -> None:
    rows = sample_rows() | {"canary_events": [], "canary_observations": []}
    blocks = canary.build(material_of(rows)).blocks
    charts = [c for b in blocks if isinstance(b, Charts) for c in b.charts]
    assert {c.description for c in charts} == {
        "The record holds no share.",
        "The record holds no observation.",
        "The record holds no guardrail evidence with a bound.",
    }


def test_decisions_stand_apart_from_looks(material: Material) -> None:
    tables = [b for b in canary.build(material).blocks if isinstance(b, DataTable)]
    decisions = [t for t in tables if t.caption.endswith("decisions and acts")]
    assert len(decisions) == 2
    assert all(str(row[1]) not in canary.LOOKS for table in decisions for row in table.rows)
    assert all(row[4] for table in decisions for row in table.rows), "each with its reason"


def test_what_a_record_adds_in_brackets_stands_apart(
    material_of: Callable[[dict[str, list[dict[str, Any]]]], Material],
) -> None:
    rows = sample_rows()
    rows["canary_verdicts"][0]["reason"] = "nothing broke [a rehearsal]"
    blocks = canary.build(material_of(rows)).blocks
    assert Text("Nothing broke") in blocks
    assert Text("A rehearsal", "note") in blocks
