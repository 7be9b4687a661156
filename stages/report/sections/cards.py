"""A decision card a workload: everything that the review needs to agree or object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stages.report.blocks import Cell, DataTable, Link, Material, Section, Tag, Text
from stages.report.formatting import DASH, number, percent, quantity, span, words
from stages.report.lookup import (
    LatencyTarget,
    best_measurement,
    costs_by_option,
    device_p_best,
    devices_of,
    latency_targets,
    measured_here,
    measurements_by_option,
    workload_phase,
)
from stages.report.roadmap import savings_of
from stages.report.sections.evidence_shares import Shares, decision_shares
from stages.report.sections.overview import BUCKET_TONES, STATUS_TAGS, cost_of
from stages.report.shown import (
    Row,
    Shown,
    decision_grade,
    show_cost,
    show_measurement,
    show_share,
    unknown,
)

VERDICT_TONES = {"approved": "good", "rejected": "bad", "awaiting": "calm"}
SMALLEST_GAP = 0.0005
"""Scores that differ by less are level for a reader: the scale goes from 0 to 1."""


@dataclass(frozen=True, slots=True)
class CardFigure:
    """A labelled figure with a remark and a tone for the remark."""

    label: str
    value: Cell
    remark: str = ""
    tone: str = "calm"


@dataclass(frozen=True, slots=True)
class Card:
    """One workload's decision."""

    workload: str
    title: str
    subtitle: str
    tags: Sequence[Tag]
    status: Tag
    option: str | None
    model_line: str
    figures: Sequence[CardFigure]
    shares: Shares | None
    evidence_line: str
    prose: Sequence[tuple[str, str]]
    requirements: Sequence[tuple[str, str]]
    signatures: Sequence[Tag]
    score_table: DataTable | None
    class_table: DataTable | None
    more: Sequence[Link]


@dataclass(frozen=True, slots=True)
class CardList:
    """All cards, in the portfolio's order."""

    cards: Sequence[Card]


def build(material: Material) -> Section:
    """The decision cards."""
    cards = [_card(material, workload) for workload in material.tables.workloads]
    blocks = [CardList(cards)] if cards else [Text("There is no workload to decide on.", "empty")]
    lead = (
        "What is recommended, how surely, what it costs, whether it is quick enough, what would change "
        "the answer, and who has agreed. A letter after a figure is its grade; the figure leads to its "
        "row."
    )
    return Section("decisions", "Decisions", "Decide", lead, blocks)


def _card(material: Material, workload: str) -> Card:
    tables = material.tables
    declared, classes = tables.row("workloads", workload), tables.row("classes", workload)
    assert declared is not None
    decision = tables.row("decisions", workload)
    option = decision["option"] if decision else None
    return Card(
        workload=workload,
        title=declared["title"] or workload,
        subtitle=f"{declared['business_action']} · owner {declared['owner']}",
        tags=_tags(declared, classes),
        status=STATUS_TAGS[decision["status"]] if decision else Tag("undecided", "warn"),
        option=option,
        model_line=_model_line(material, workload, declared, option),
        figures=_figures(material, workload, decision),
        shares=decision_shares(decision) if decision and option else None,
        evidence_line=_evidence_line(material, workload, option),
        prose=_prose(material, workload, decision),
        requirements=[(r["requirement"], r["reason"]) for r in tables.rows("requirements", workload)],
        signatures=[
            Tag(f"{words(r['role'])}: {r['verdict']}", VERDICT_TONES[r["verdict"]], _signature(r))
            for r in tables.rows("sign_offs", workload)
        ],
        score_table=_score_table(material, workload, decision),
        class_table=_class_table(material, workload),
        more=_more(material, workload),
    )


def _tags(declared: Row, classes: Row | None) -> list[Tag]:
    tags = [Tag(words(declared["kind"])), Tag(words(declared["sensitivity"]) + " data")]
    if classes is None:
        return [Tag("not classified", "warn"), *tags]
    bucket = classes["criticality"]
    return [
        Tag(words(bucket), BUCKET_TONES[bucket]),
        *tags,
        *([Tag(words(classes["family"]))] if classes["family"] != declared["kind"] else []),
        Tag(f"{words(classes['shape'])} traffic"),
        Tag(f"{words(classes['stability'])} model"),
    ]


def _model_line(material: Material, workload: str, declared: Row, option: str | None) -> str:
    rows = measurements_by_option(material.tables, workload).get(option or "", [])
    others = sorted({row["model"] for row in rows} - {declared["model"]})
    line = f"Model {declared['model']}"
    return line + (f"; some figures are of another model: {', '.join(others)}" if others else "")


def _evidence_line(material: Material, workload: str, option: str | None) -> str:
    if option is None:
        return "No option is recommended."
    if measured_here(material.tables, workload, option):
        return "The recommended option was measured here."
    if measured_here(material.tables, workload):
        return "The recommended option was not measured here; other options of this workload were."
    return "Nothing here could measure this workload: its performance figures are predicted."


def _figures(material: Material, workload: str, decision: Row | None) -> list[CardFigure]:
    tables = material.tables
    if decision is None or decision["option"] is None:
        return []
    option, grade = decision["option"], decision_grade(decision)
    cost, *per = cost_of(material, workload, option)
    figures = [CardFigure("Cost", cost, str(per[0]) if per else "")]
    monthly = costs_by_option(tables, workload).get(option, {}).get("usd_per_month")
    figures.append(
        CardFigure(
            "A month",
            show_cost(monthly, material.register)
            if monthly
            else unknown("the cost table has no monthly cost"),
            *_saving(material, workload),
        )
    )
    figures += [_latency(material, workload, option, target) for target in latency_targets(tables, workload)]
    if workload_phase(tables, workload) == "training":
        figures.append(_step_time(material, workload, option))
    href = material.register.cite("decisions", decision)
    score = Shown(number(decision["score"]), grade=grade, href=href, why="score, from 0 to 1")
    rival = decision["runner_up"]
    behind = f"runner-up {rival}" if rival else "no runner-up"
    if rival and decision["margin"] is not None:
        behind += f", {_gap(decision['margin'])} behind"
    figures.append(CardFigure("Score", score, behind))
    figures.append(_best_in_draws(material, workload, decision, grade))
    return figures


def _gap(margin: float) -> str:
    """A difference of scores; what no reader could tell apart stays a bound."""
    return number(margin) if margin <= 0 or margin >= SMALLEST_GAP else f"less than {SMALLEST_GAP:g}"


def _saving(material: Material, workload: str) -> tuple[str, str]:
    saving = savings_of(material.tables, workload)
    if saving.value is None:
        return "", "calm"
    if saving.value == 0:
        return "the best-ranked GPU option itself", "calm"
    less = saving.value > 0
    text = (
        f"{quantity(abs(saving.value), 'usd')} {'less' if less else 'more'} than the best-ranked GPU option"
    )
    return text, "good" if less else "warn"


def _best_in_draws(material: Material, workload: str, decision: Row, grade: str) -> CardFigure:
    ranked = [r for r in material.tables.rows("ranking", workload) if r["option"] == decision["option"]]
    remarks = []
    device = devices_of(material.tables, workload).get(decision["option"], decision["option"])
    share = device_p_best(material.tables, workload, decision["option"])
    if share is not None and device != decision["option"]:
        remarks.append(f"{device} in any number and format {percent(share)}")
    if ranked and ranked[0]["rank_p5"] is not None and ranked[0]["rank_p95"] is not None:
        low, high = number(ranked[0]["rank_p5"]), number(ranked[0]["rank_p95"])
        remarks.append(f"rank {low} to {high} in 90 % of draws")
    value = show_share(decision["p_best"], "decisions", decision, material.register, grade=grade)
    return CardFigure("Best in draws", value, "; ".join(remarks))


def _latency(material: Material, workload: str, option: str, target: LatencyTarget) -> CardFigure:
    rows = measurements_by_option(material.tables, workload).get(option, [])
    statistics = [target.statistic, *(s for s in ("p95", "p99", "p50", "mean") if s != target.statistic)]
    row = best_measurement(rows, target.metrics, statistics)
    label = f"{target.title[0].upper()}{target.title[1:]}, {target.statistic}"
    limit = quantity(target.limit_ms, "ms")
    if row is None or row["value"] is None:
        why = row["reason"] if row else f"no figure of {' or '.join(target.metrics)} for {option}"
        return CardFigure(label, unknown(why), f"limit {limit}")
    remark, tone = _against(row, target, limit)
    return CardFigure(label, show_measurement(row, material.register), remark, tone)


def _against(row: Row, target: LatencyTarget, limit: str) -> tuple[str, str]:
    if row["statistic"] != target.statistic:
        return f"shown is {row['statistic']}; limit {limit} is for {target.statistic}", "calm"
    low = row["value"] if row["low"] is None else row["low"]
    high = row["value"] if row["high"] is None else row["high"]
    if high <= target.limit_ms:
        return f"within {limit}", "good"
    if low > target.limit_ms:
        return f"misses {limit}", "bad"
    return f"limit {limit} lies inside the interval", "warn"


def _step_time(material: Material, workload: str, option: str) -> CardFigure:
    rows = measurements_by_option(material.tables, workload).get(option, [])
    row = best_measurement(rows, ("step_time_s",), ("p50", "mean"))
    if row is None:
        return CardFigure("Step time", unknown(f"no step time for {option}"))
    return CardFigure(f"Step time, {row['statistic']}", show_measurement(row, material.register))


def _prose(material: Material, workload: str, decision: Row | None) -> list[tuple[str, str]]:
    tables = material.tables
    lines = []
    if decision:
        lines += [
            ("Flips when", decision["flips_when"]),
            ("Roles", decision["disagreement"]),
            ("Next", decision["next_step"]),
        ]
    for row in tables.rows("placements", workload):
        place = f"{words(row['environment'])}, {row['region']} — {row['reason']} (rule {row['rule']})"
        fallback = row["fallback_option"] or "no fallback"
        lines += [("Placement", place), ("Fallback", f"{fallback}: {row['fallback_reason']}")]
    canaries = tables.rows("canary_verdicts", workload)
    if canaries:
        verdicts = "; ".join(f"{r['candidate']} {r['verdict']} ({r['purpose']})" for r in canaries)
        lines.append(("Canary", verdicts))
    return [(label, text or DASH) for label, text in lines]


def _more(material: Material, workload: str) -> list[Link]:
    """Where else the page speaks of the workload."""
    tables = material.tables
    links = [Link("Cost against latency", f"#frontier-{workload}")]
    if any(row["rank"] for row in tables.rows("ranking", workload)):
        links.append(Link("Ranking", f"#stability-{workload}"))
    if tables.row("profiles", workload):
        links.append(Link("Traffic", f"#traffic-{workload}"))
    return links


def _signature(row: Row) -> str:
    who = f"{row['signed_by']} on {row['signed_on']}" if row["signed_by"] else "nobody has signed"
    return f"{who}; covers {row['digest'][:12]}" + (f"; {row['comment']}" if row["comment"] else "")


def _score_table(material: Material, workload: str, decision: Row | None) -> DataTable | None:
    if decision is None or decision["option"] is None:
        return None
    options = [o for o in (decision["option"], decision["runner_up"]) if o]
    rows: dict[str, list[Cell]] = {}
    for row in material.tables.rows("scores", workload):
        if row["option"] in options:
            line = rows.setdefault(row["criterion"], [words(row["criterion"]), *([""] * (2 * len(options)))])
            at = 1 + 2 * options.index(row["option"])
            line[at] = _score_value(material, row)
            line[at + 1] = unknown(row["evidence"]) if row["utility"] is None else number(row["utility"])
    if not rows:
        return None
    columns = ["Criterion", *(c for o in options for c in (o, "worth, 0 to 1"))]
    return DataTable(
        "What each criterion is worth",
        columns,
        list(rows.values()),
        right=frozenset(range(1, len(columns))),
        folded=True,
    )


def _score_value(material: Material, row: Row) -> Shown:
    bounds = f"worst {number(row['bound_worst'])}, best {number(row['bound_best'])} {row['unit']}"
    return Shown(
        quantity(row["value"], row["unit"]),
        span(row["low"], row["high"], row["unit"]),
        row["grade"],
        why=f"{row['evidence']}; {bounds}",
        href=material.register.cite("scores", row),
    )


def _class_table(material: Material, workload: str) -> DataTable | None:
    rows: list[list[Cell]] = [
        [
            words(r["attribute"]),
            r["decided"],
            r["declared"] or unknown("not declared"),
            r["observed"] or unknown("not observed"),
            Tag(words(r["agreement"]), "warn" if r["agreement"] == "disagree" else "calm"),
            f"{r['rule']}: {r['evidence']}",
        ]
        for r in material.tables.rows("class_evidence", workload)
    ]
    columns = ("Attribute", "Decided", "Declared", "Observed", "Agreement", "Rule and evidence")
    return DataTable("How it was classified", columns, rows, folded=True) if rows else None
