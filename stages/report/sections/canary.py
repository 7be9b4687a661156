"""The course of every canary: share, guardrails against their bounds, decisions."""

from __future__ import annotations

import math
from typing import Any

from stages.report.blocks import Cell, Charts, DataTable, Heading, Material, Section, Tag, Text, workload_link
from stages.report.charts.drawing import Chart, no_chart
from stages.report.charts.lines import Axes, Series, line_chart
from stages.report.formatting import (
    DASH,
    count,
    duration,
    fragment,
    minute,
    number,
    percent,
    plural,
    quantity,
    sentence,
    words,
)
from stages.report.shown import unknown

LOOKS = frozenset({"look", "soak_look", "evidence"})
"""Events of the record that are observations; all others are decisions and acts."""
VERDICT_TONES = {
    "promote": "good",
    "rollback": "bad",
    "hold": "warn",
    "insufficient_traffic": "warn",
    "aborted": "bad",
}


def build(material: Material) -> Section:
    """All canaries, trials before demonstrations."""
    verdicts = sorted(
        material.tables["canary_verdicts"].to_dicts(),
        key=lambda r: (r["purpose"] != "trial", r["started"], r["canary"]),
    )
    lead = (
        "A small share of live traffic, widened step by step. Guardrails are sequential tests that stay "
        "valid however often they are looked at. A demonstration degrades its candidate on purpose to "
        "show the way back."
    )
    if not verdicts:
        empty = Text("No canary has run: no recommendation has been tried on live traffic.", "empty")
        return Section("canary", "Canary", "Operate", lead, [empty])
    blocks: list[object] = [_summary(material, verdicts)]
    for verdict in verdicts:
        blocks += _course(material, verdict)
    return Section("canary", "Canary", "Operate", lead, blocks)


def _summary(material: Material, verdicts: list[dict[str, Any]]) -> DataTable:
    rows: list[list[Cell]] = [
        [
            r["canary"],
            workload_link(material, r["workload"])
            if r["workload"] in material.tables.workloads
            else r["workload"],
            Tag(r["purpose"], "warn" if r["purpose"] == "demonstration" else "calm"),
            f"{r['candidate']} beside {r['baseline']}",
            Tag(words(r["verdict"]), VERDICT_TONES[r["verdict"]]),
            words(r["guardrail"]) if r["guardrail"] else unknown("no guardrail decided"),
            duration(r["at_s"]),
            percent(r["final_share"]),
            minute(r["started"]),
        ]
        for r in verdicts
    ]
    columns = (
        "Canary",
        "Workload",
        "Purpose",
        "Candidate",
        "Verdict",
        "Guardrail",
        "After",
        "Final share",
        "Started",
    )
    return DataTable("Verdicts", columns, rows, right=frozenset({6, 7}))


def _course(material: Material, verdict: dict[str, Any]) -> list[object]:
    name = verdict["canary"]
    events = sorted(
        material.tables.grouped("canary_events", "canary").get(name, []), key=lambda r: r["sequence"]
    )
    looks = sorted(
        material.tables.grouped("canary_observations", "canary").get(name, []),
        key=lambda r: (r["t_s"], r["arm"]),
    )
    charts = [
        _share_chart(name, events, looks),
        _latency_chart(name, looks),
        _guardrail_chart(name, events),
    ]
    heading = f"{name}: {verdict['candidate']}, {words(verdict['verdict'])}"
    return [
        Heading(heading, f"canary-{fragment(name)}"),
        *_reason(verdict["reason"]),  # a paragraph long: in a column it would push the others off the page
        Charts(charts),
        _decisions_table(name, events),
        _events_table(name, events),
    ]


def _reason(reason: str) -> list[object]:
    """Why it ended so; what the record adds in brackets stands below, smaller."""
    said, _, added = reason.partition(" [")
    return [Text(sentence(said)), *([Text(sentence(added.removesuffix("]")), "note")] if added else [])]


def _share_chart(name: str, events: list[dict[str, Any]], looks: list[dict[str, Any]]) -> Chart:
    course = sorted(
        {(r["t_s"], r["share"]) for r in looks if r["arm"] == "canary"}
        | {(r["t_s"], r["share"]) for r in events}
    )
    changes = [
        point for n, point in enumerate(course) if n in (0, len(course) - 1) or point[1] != course[n - 1][1]
    ]
    highest = max((share for _, share in course), default=0.0)
    description = (
        f"The share rose to {percent(highest)} and ended at {percent(course[-1][1])} after "
        f"{duration(course[-1][0])}."
        if course
        else "The record holds no share."
    )
    axes = Axes(
        "time (s)", "share of traffic", y_format="%", interpolate="step-after", area=True, y_domain=(0, 1.05)
    )
    rows = [(duration(t), percent(share)) for t, share in changes]
    return line_chart(
        f"canary-{fragment(name)}-share",
        "Share of traffic",
        description,
        [Series("share", course)],
        axes,
        columns=("At", "Share"),
        rows=rows,
    )


def _latency_chart(name: str, looks: list[dict[str, Any]]) -> Chart:
    arms = [
        Series(
            arm, [(r["t_s"], r["latency_p95_ms"]) for r in looks if r["arm"] == arm and r["latency_p95_ms"]]
        )
        for arm in ("baseline", "canary")
    ]
    last = {r["arm"]: r for r in looks} | {r["arm"]: r for r in looks if r["latency_p95_ms"] is not None}
    description = (
        "; ".join(
            f"{arm}: {count(r['requests'])} requests, {count(r['failures'])} failed, p95 "
            f"{quantity(r['latency_p95_ms'], 'ms')} at the last look"
            for arm, r in sorted(last.items())
        )
        or "The record holds no observation."
    )
    rows = [
        (
            duration(r["t_s"]),
            r["arm"],
            percent(r["share"]),
            count(r["requests"]),
            count(r["failures"]),
            *(
                quantity(r[c], "ms") if r[c] is not None else unknown("not observed at this look")
                for c in ("latency_p50_ms", "latency_p95_ms", "ttft_p50_ms")
            ),
            percent(r["quality_mean"])
            if r["quality_mean"] is not None
            else unknown("no quality at this look"),
            quantity(r["memory_mb"], "MB")
            if r["memory_mb"] is not None
            else unknown("no memory at this look"),
        )
        for r in looks
    ]
    columns = ("At", "Arm", "Share", "Requests", "Failures", "p50", "p95", "TTFT p50", "Quality", "Memory")
    return line_chart(
        f"canary-{fragment(name)}-latency",
        "Latency p95 of both arms",
        description,
        arms,
        Axes("time (s)", "p95 (ms)"),
        columns=columns,
        rows=rows,
    )


def _guardrail_chart(name: str, events: list[dict[str, Any]]) -> Chart:
    """Evidence as a share of the bound at which it rolls back; at each look the guardrail that leads.

    Where a record holds several guardrails a look, each has its own line.
    """
    rows = [r for r in events if r["guardrail"] and r["evidence"] is not None and r["bound"]]
    id_, title = f"canary-{fragment(name)}-guardrails", "Guardrail evidence"
    if not rows:
        return no_chart(id_, title, "The record holds no guardrail evidence with a bound.")
    together = len({(r["t_s"], r["event"]) for r in rows}) == len(rows)
    series = (
        [Series("leading guardrail", _shares(rows))]
        if together
        else [Series(words(g), _shares([r for r in rows if r["guardrail"] == g])) for g in _names(rows)]
    )
    highest = max(rows, key=lambda r: r["evidence"] / r["bound"])
    description = (
        f"Highest for {words(highest['guardrail'])}: {number(highest['evidence'])} of "
        f"{number(highest['bound'])} after {duration(highest['t_s'])}. At 100 % of its bound "
        "a guardrail rolls the candidate back."
    )
    table = [
        (
            duration(r["t_s"]),
            words(r["guardrail"]),
            words(r["event"]),
            number(r["evidence"]),
            number(r["bound"]),
        )
        for r in rows
    ]
    axes = Axes("time (s)", "evidence, share of its bound", y_format="%", interpolate="step-after")
    return line_chart(
        id_,
        title,
        description,
        series,
        axes,
        columns=("At", "Guardrail", "Event", "Evidence", "Bound"),
        rows=table,
        limits=[("rolls back", 1.0)],
    )


def _shares(rows: list[dict[str, Any]]) -> list[tuple[float, float]]:
    return [(r["t_s"], r["evidence"] / r["bound"]) for r in rows]


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return sorted({r["guardrail"] for r in rows})


def _decisions_table(name: str, events: list[dict[str, Any]]) -> DataTable:
    """What was decided and done, and why; the looks between stand in the whole record."""
    rows: list[list[Cell]] = [
        [
            duration(r["t_s"]),
            words(r["event"]),
            percent(r["share"]),
            words(r["guardrail"]) if r["guardrail"] else "",
            r["reason"],
        ]
        for r in events
        if r["event"] not in LOOKS
    ]
    columns = ("At", "Decision or act", "Share", "Guardrail", "Reason")
    return DataTable(f"{name}: decisions and acts", columns, rows, right=frozenset({0, 2}))


def _events_table(name: str, events: list[dict[str, Any]]) -> DataTable:
    rows: list[list[Cell]] = [
        [
            str(r["sequence"]),
            duration(r["t_s"]),
            words(r["event"]),
            percent(r["share"]),
            words(r["guardrail"]) if r["guardrail"] else "",
            _evidence(r),
            r["reason"],
            r["digest"][:12],
        ]
        for r in events
    ]
    columns = ("#", "At", "Event", "Share", "Guardrail", "Evidence / bound", "Reason", "Digest")
    caption = f"{name}: {plural(len(rows), 'event')} of the append-only record"
    return DataTable(caption, columns, rows, folded=True, right=frozenset({0, 1, 3}))


def _evidence(row: dict[str, Any]) -> str:
    if row["evidence"] is None or not math.isfinite(row["evidence"]):
        return DASH
    return f"{number(row['evidence'])} / {number(row['bound'])}"
