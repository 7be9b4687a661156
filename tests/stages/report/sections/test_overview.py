"""One row a workload: a golden line, and the undecided."""

from __future__ import annotations

from collections.abc import Callable

from stages.report.blocks import DataTable, Link, Material, Tag
from stages.report.sections import overview
from stages.report.shown import Shown
from tests.stages.report.sample_tables import sample_rows


def _words(cell: object) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, (Shown, Link, Tag)):
        return cell.text
    return " ".join(map(_words, cell))  # type: ignore[call-overload]


def test_golden_lines(material: Material) -> None:
    table = overview.build(material).blocks[0]
    assert isinstance(table, DataTable)
    lines = [" | ".join(map(_words, row)) for row in table.rows]
    assert lines[0] == (
        "support-chat | customer facing chatbot, bursty | h100-sxm-x1-bf16 in eu-west-1, public cloud | "
        "$360 | $1.04 per 1,000 successful business actions | 41 % h100-sxm: 66 % | "
        "goes to h100-sxm-x2-bf16 when the winner's price is 1.3 times today's | 10 % 80 % 10 % | 0 of 4"
    )
    assert lines[3] == (
        "fraud-scoring | mission critical scoring, bursty | all vetoed | — | — | — | "
        "residency: 10 of 10 options | — | 0 of 4"
    )


def test_a_workload_without_a_decision_is_undecided(material_of: Callable[..., Material]) -> None:
    rows = sample_rows() | {"decisions": [], "sign_offs": [], "classes": []}
    table = overview.build(material_of(rows)).blocks[0]
    assert isinstance(table, DataTable)
    assert {_words(row[2]) for row in table.rows} == {"undecided"}
