"""What each criterion adds to the score of the leading options."""

from __future__ import annotations

from stages.report.blocks import Charts, Heading, Material, Text
from stages.report.charts.bars import Part, stacked_bars
from stages.report.charts.drawing import Chart
from stages.report.formatting import number, words

SHOWN = 4


def blocks(material: Material) -> list[object]:
    """One chart a workload that has a ranking."""
    charts = [chart for w in material.tables.workloads if (chart := _chart(material, w)) is not None]
    if not charts:
        return []
    text = (
        "The score is a sum: each criterion adds its weight, the mean of the four roles', times what the "
        "value is worth between its declared bounds. An unknown criterion adds nothing."
    )
    return [Heading("Where the scores come from", "contributions"), Text(text), Charts(charts)]


def _chart(material: Material, workload: str) -> Chart | None:
    ranks = {
        r["option"]: r["rank"] for r in material.tables.rows("ranking", workload) if r["rank"] is not None
    }
    leading = sorted(ranks, key=lambda option: (ranks[option], option))[:SHOWN]
    rows = {(r["option"], r["criterion"]): r for r in material.tables.rows("scores", workload)}
    criteria = list(dict.fromkeys(criterion for option, criterion in rows if option in leading))
    if not criteria:
        return None
    added = {
        (option, criterion): row["weight"] * (row["utility"] or 0.0)
        for option in leading
        for criterion in criteria
        if (row := rows.get((option, criterion))) is not None
    }
    parts = [
        Part(option, words(criterion), added[option, criterion])
        for option in leading
        for criterion in criteria
        if (option, criterion) in added
    ]
    best = max(criteria, key=lambda criterion: added.get((leading[0], criterion), 0.0))
    description = f"{leading[0]} owes most of its score to {words(best)}."
    table = [
        (words(criterion), *(number(added.get((option, criterion))) for option in leading))
        for criterion in criteria
    ]
    return stacked_bars(
        f"contributions-{workload}", material.tables.title(workload), description, parts,
        axis_title="score", columns=("Criterion", *leading), rows=table,
    )  # fmt: skip
