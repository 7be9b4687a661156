"""The whole portfolio on one page: what runs where, what it costs, how surely, and what would change it."""

from __future__ import annotations

from stages.report.blocks import Cell, DataTable, Material, Piece, Section, Tag, Text, workload_link
from stages.report.formatting import percent, words
from stages.report.lookup import (
    COST_TITLES,
    commonest_veto,
    costs_by_option,
    device_p_best,
    devices_of,
    leading_cost_metric,
    nearest_flip,
)
from stages.report.sections.answers import flip_words
from stages.report.sections.evidence_shares import decision_shares
from stages.report.shown import Row, Shown, decision_grade, show_cost, show_share, unknown

STATUS_TAGS = {
    "recommended": Tag("recommended", "good"),
    "no_option": Tag("no option", "bad"),
    "all_vetoed": Tag("all vetoed", "bad"),
}
BUCKET_TONES = {"mission_critical": "bad", "customer_facing": "warn", "exploratory": "calm"}
COLUMNS = (
    "Workload",
    "Class",
    "Run it on",
    "A month",
    "Unit cost",
    "Best in draws",
    "Nearest change",
    "Evidence",
    "Signed",
)


def build(material: Material) -> Section:
    """One row a workload, in the portfolio's order."""
    rows = [_row(material, workload) for workload in material.tables.workloads]
    table = DataTable(
        "Every workload with its class, its recommended option and the evidence behind it",
        COLUMNS,
        rows,
        right=frozenset({3, 4, 5}),
        note=(
            "An option is a device, how many of them, and the number format of the weights. “Best in draws” "
            "is the share of draws of weights and measurements in which it comes first; below it, that of "
            "its device in any number and format. “Nearest change” is the smallest move of one figure that "
            "passes the lead to another device; where no option is left, what rules most of them out."
        ),
    )
    empty = Text("The portfolio holds no workload.", "empty")
    lead = "Each line leads to its decision card. Unit costs are those by which the options were compared."
    return Section("overview", "Portfolio overview", "Decide", lead, [table if rows else empty])


def _row(material: Material, workload: str) -> list[Cell]:
    tables, register = material.tables, material.register
    decision = tables.row("decisions", workload)
    start = [workload_link(material, workload), _class(material, workload)]
    signed = _signed(material, workload)
    if decision is None or decision["option"] is None:
        status = STATUS_TAGS[decision["status"]] if decision else Tag("undecided", "warn")
        why = decision["next_step"] if decision else "no decision was written for this workload"
        gone = unknown(why or words(decision["status"] if decision else ""))
        return [*start, status, gone, gone, gone, commonest_veto(tables, workload) or gone, gone, signed]
    option = decision["option"]
    grade = decision_grade(decision)
    flip = nearest_flip(tables, workload)
    shares = decision_shares(decision)
    return [
        *start,
        _placed(material, workload, option),
        _month(material, workload, option),
        cost_of(material, workload, option),
        [
            show_share(decision["p_best"], "decisions", decision, register, grade=grade),
            *_of_device(material, workload, option, decision),
        ],
        flip_words(flip) if flip else unknown("no point at which another device leads is known"),
        [Shown(percent(share), grade=g) for g, share in shares.by_grade.items() if share > 0]
        or unknown("no evidence takes part"),
        signed,
    ]


def _class(material: Material, workload: str) -> Cell:
    classes, declared = material.tables.row("classes", workload), material.tables.row("workloads", workload)
    assert declared is not None
    bucket = classes["criticality"] if classes else None
    if classes is None or bucket is None:
        return words(declared["kind"])
    return [Tag(words(bucket), BUCKET_TONES[bucket]), f"{words(declared['kind'])}, {words(classes['shape'])}"]


def _placed(material: Material, workload: str, option: str) -> list[Piece]:
    """The option, and where the rules put it."""
    placement = material.tables.row("placements", workload)
    return [option, f"in {placement['region']}, {words(placement['environment'])}"] if placement else [option]


def _month(material: Material, workload: str, option: str) -> Cell:
    row = costs_by_option(material.tables, workload).get(option, {}).get("usd_per_month")
    return show_cost(row, material.register) if row else unknown("the cost table has no monthly cost")


def _of_device(material: Material, workload: str, option: str, decision: Row) -> list[Piece]:
    share = device_p_best(material.tables, workload, option)
    device = devices_of(material.tables, workload).get(option, option)
    if share is None or decision["p_best"] is None or device == option:
        return []
    return [f"{device}: {percent(share)}"]


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
