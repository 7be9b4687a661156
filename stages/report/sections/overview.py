"""The whole portfolio on one page."""

from __future__ import annotations

from stages.report.blocks import Cell, DataTable, Material, Piece, Section, Tag, Text, workload_link
from stages.report.formatting import percent, words
from stages.report.lookup import COST_TITLES, costs_by_option, leading_cost_metric
from stages.report.sections.evidence_shares import decision_shares
from stages.report.shown import Shown, decision_grade, show_cost, show_share, unknown

STATUS_TAGS = {
    "recommended": Tag("recommended", "good"),
    "no_option": Tag("no option", "bad"),
    "all_vetoed": Tag("all vetoed", "bad"),
}
BUCKET_TONES = {"mission_critical": "bad", "customer_facing": "warn", "exploratory": "calm"}


def build(material: Material) -> Section:
    """One row a workload, in the portfolio's order."""
    rows = [_row(material, workload) for workload in material.tables.workloads]
    table = DataTable(
        "Every workload with its class, its recommended option and the evidence behind it",
        ("Workload", "Class", "Status", "Option", "Cost", "Best in draws", "Evidence", "Signed"),
        rows,
        right=frozenset({4, 5}),
        note=(
            "“Best in draws” is the share of draws of weights and measurements in which the option comes "
            "first."
        ),
    )
    empty = Text("The portfolio holds no workload.", "empty")
    return Section(
        "overview",
        "Portfolio overview",
        "Decide",
        "Each line leads to its decision card. Costs carry the metric by which the options were compared.",
        [table if rows else empty],
    )


def _row(material: Material, workload: str) -> list[Cell]:
    tables, register = material.tables, material.register
    classes, decision = tables.row("classes", workload), tables.row("decisions", workload)
    declared = tables.row("workloads", workload)
    assert declared is not None
    bucket = classes["criticality"] if classes else None
    class_cell: Cell = (
        [Tag(words(bucket), BUCKET_TONES[bucket]), f"{words(declared['kind'])}, {words(classes['shape'])}"]
        if classes and bucket
        else words(declared["kind"])
    )
    if decision is None:
        gone = unknown("no decision was written for this workload")
        return [
            workload_link(material, workload),
            class_cell,
            Tag("undecided", "warn"),
            gone,
            gone,
            gone,
            gone,
            _signed(material, workload),
        ]
    shares = decision_shares(decision)
    return [
        workload_link(material, workload),
        class_cell,
        STATUS_TAGS[decision["status"]],
        decision["option"] or unknown(decision["next_step"] or words(decision["status"])),
        cost_of(material, workload, decision["option"]),
        show_share(decision["p_best"], "decisions", decision, register, grade=decision_grade(decision)),
        [Shown(percent(share), grade=g) for g, share in shares.by_grade.items() if share > 0]
        or unknown("no evidence takes part"),
        _signed(material, workload),
    ]


def cost_of(material: Material, workload: str, option: str | None) -> list[Piece]:
    """The leading cost of an option with what it is per, or an em dash with the reason."""
    metric = leading_cost_metric(material.tables, workload)
    if option is None or metric is None:
        return [unknown("no option is recommended" if option is None else "no cost is known")]
    row = costs_by_option(material.tables, workload).get(option, {}).get(metric)
    if row is None:
        return [unknown(f"the cost table has no {metric} for {option}")]
    shown: Shown = show_cost(row, material.register)
    return [shown, COST_TITLES.get(metric, words(metric))]


def _signed(material: Material, workload: str) -> Cell:
    rows = material.tables.rows("sign_offs", workload)
    if not rows:
        return unknown("no sign-off sheet")
    approved = sum(row["verdict"] == "approved" for row in rows)
    rejected = sum(row["verdict"] == "rejected" for row in rows)
    tone = "bad" if rejected else "good" if approved == len(rows) else "calm"
    text = f"{approved} of {len(rows)}" + (f", {rejected} rejected" if rejected else "")
    return Tag(text, tone)
