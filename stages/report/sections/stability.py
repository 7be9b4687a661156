"""How stable each ranking is, and where the four roles disagree."""

from __future__ import annotations

from typing import Any

from stages.report.blocks import Cell, Charts, DataTable, Heading, Material, Section, Tag, Text, workload_link
from stages.report.charts.drawing import Chart, no_chart
from stages.report.charts.intervals import Dot, interval_chart
from stages.report.formatting import count, number, percent, words
from stages.report.lookup import veto_kind
from stages.report.sections import contributions
from stages.report.shown import Shown, decision_grade, unknown

ROLES = ("platform_engineering", "security", "procurement", "application_owner")


def build(material: Material) -> Section:
    """Rank intervals, then the roles' own rankings."""
    tables = material.tables
    ranked = [w for w in tables.workloads if any(r["rank"] for r in tables.rows("ranking", w))]
    blocks: list[object] = (
        [Charts([_chart(material, w) for w in ranked])]
        if ranked
        else [Text("No option was ranked.", "empty")]
    )
    blocks += contributions.blocks(material)
    blocks += [Heading("The four roles", "roles"), *_roles(material, ranked)]
    blocks += _vetoes(material)
    lead = (
        "Weights and measurements were drawn again and again within their uncertainty. A bar spans the "
        "ranks that an option takes in 90 % of the draws; the percentage is how often it came first."
    )
    return Section("stability", "Ranking stability", "Compare", lead, blocks)


def _chart(material: Material, workload: str) -> Chart:
    rows = sorted(
        (r for r in material.tables.rows("ranking", workload) if r["rank"] is not None),
        key=lambda r: (r["rank"], r["option"]),
    )
    shown = rows[: material.options_per_table]
    decision = material.tables.row("decisions", workload)
    grade = (decision_grade(decision) if decision else "") or "declared"
    id_, title = f"stability-{workload}", material.tables.title(workload)
    if not shown:
        return no_chart(id_, title, "No option was ranked.")
    dots = [
        Dot(
            r["option"],
            float(r["rank"]),
            r["rank_p5"],
            r["rank_p95"],
            grade,
            r["rank"] == 1,
            percent(r["p_best"]) if r["p_best"] is not None else "",
        )
        for r in shown
    ]
    first = shown[0]
    best = percent(first["p_best"]) if first["p_best"] is not None else "an unknown share"
    description = (
        f"First is {first['option']}, best in {best} of draws. {len(shown)} of {len(rows)} ranked options "
        "shown."
    )
    table = [
        (
            r["option"],
            str(r["rank"]),
            _rank_span(r["rank_p5"], r["rank_p95"]),
            percent(r["p_best"]),
            Shown(number(r["score"]), grade=grade, href=material.register.cite("ranking", r)),
            "yes" if r["pareto"] else "no",
        )
        for r in shown
    ]
    columns = ("Option", "Rank", "Rank, 5 to 95 %", "Best in draws", "Score", "Pareto")
    return interval_chart(
        id_,
        title,
        description,
        dots,
        axis_title="rank",
        columns=columns,
        rows=table,
        axis_format="d",
        domain=_rank_axis(dots),
    )


def _rank_axis(dots: list[Dot]) -> tuple[float, float]:
    """From a little before rank 1, so that its mark clears the labels, to the last rank shown."""
    last = max([2.0, *(v for dot in dots for v in (dot.value, dot.high) if v is not None)])
    return 1 - 0.08 * (last - 1) - 0.2, last + 0.03 * last


def _rank_span(low: float | None, high: float | None) -> str:
    return f"{number(low)} – {number(high)}"


def _roles(material: Material, workloads: list[str]) -> list[object]:
    if material.tables["role_ranking"].is_empty():
        return [Text("The roles' own rankings are not known.", "empty")]
    rows: list[list[Cell]] = []
    for workload in workloads:
        together = (material.tables.row("decisions", workload) or {}).get("option")
        first = _first_of_roles(material, workload, together)
        cells: list[Cell] = [
            Tag(first[role]["option"], _tone(first[role], together), f"score {number(first[role]['score'])}")
            if role in first
            else unknown("this role's ranking is not known")
            for role in ROLES
        ]
        choices = {row["option"] for row in first.values()}
        agree = Tag("agree", "good") if choices == {together} else Tag("differ", "warn")
        rows.append([workload_link(material, workload), agree, *cells])
    differ = sum(1 for row in rows if isinstance(row[1], Tag) and row[1].text == "differ")
    text = (
        f"In {differ} of {len(rows)} workloads at least one role alone would choose differently."
        if differ
        else "Every role alone would choose the recommended option."
    )
    table = DataTable("What each role alone would choose", ("Workload", "Roles", *map(words, ROLES)), rows)
    return [Text(text), table]


def _first_of_roles(material: Material, workload: str, together: str | None) -> dict[str, dict[str, Any]]:
    """Each role's first option; among equals the recommended one, so that a tie is no dissent."""
    first: dict[str, dict[str, Any]] = {}
    for row in material.tables.rows("role_ranking", workload):
        held = first.get(row["role"])
        better = held is None or (row["rank"], row["option"] != together) < (
            held["rank"],
            held["option"] != together,
        )
        if better:
            first[row["role"]] = row
    return first


def _tone(row: dict[str, Any], together: str | None) -> str:
    return "calm" if row["option"] == together else "warn"


def _vetoes(material: Material) -> list[object]:
    """Vetoes of options that would fit; what does not fit stands with the fit matrix."""
    rows: list[list[Cell]] = []
    for workload in material.tables.workloads:
        fits = {r["option"] for r in material.tables.rows("candidates", workload) if r["feasible"]}
        kinds: dict[str, list[tuple[str, str]]] = {}
        for row in material.tables.rows("ranking", workload):
            if row["vetoed"] and row["option"] in fits:
                kinds.setdefault(veto_kind(row["veto_reason"]), []).append(
                    (row["option"], row["veto_reason"])
                )
        for kind, cases in sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])):
            option, reason = cases[0]
            rows.append([workload_link(material, workload), count(len(cases)), kind, f"{option}: {reason}"])
    if not rows:
        return []
    columns = ("Workload", "Options", "Veto", "For example")
    caption = "Vetoed although it would fit"
    return [DataTable(caption, columns, rows, id="vetoes", right=frozenset({1}), folded=True)]
