"""Predictions beside what was measured later."""

from __future__ import annotations

from statistics import median
from typing import Any

from stages.report.blocks import Cell, Charts, DataTable, Material, Section, Tag, Text, workload_link
from stages.report.charts.drawing import Chart
from stages.report.charts.scatter import Pair, agreement_chart
from stages.report.formatting import day, percent, plural, quantity, span
from stages.report.lookup import metric_title
from stages.report.shown import Shown


def build(material: Material) -> Section:
    """Error by accelerator family, over time, one chart a unit, and every pair."""
    rows = material.tables["prediction_ledger"].to_dicts()
    lead = (
        "Each prediction that was later measured, in this and all earlier evaluations of this workspace. "
        "Error is (predicted − measured) ÷ measured; a covered pair has its measurement inside the predicted "
        "interval. From ten pairs on, a family's record sets how wide its next intervals are."
    )
    if not rows:
        empty = "No prediction has been measured yet, so nothing can be said about how good predictions are."
        return Section("ledger", "Predicted beside measured", "Evidence", lead, [Text(empty, "empty")])
    if {"cpu-measured", "cpu-calibrated"} <= {r["family"] for r in rows}:
        lead += (
            " cpu-measured is this machine as its measured peak foretells it; cpu-calibrated is what the "
            "simulator says once a replay of a target has calibrated it, on the target's other replays."
        )
    units = sorted({_unit(r["metric"]) for r in rows})
    blocks = [
        _families(rows),
        _over_time(rows),
        Charts([_chart([r for r in rows if _unit(r["metric"]) == unit], unit) for unit in units]),
        _pairs(material, rows),
    ]
    return Section("ledger", "Predicted beside measured", "Evidence", lead, blocks)


def _unit(metric: str) -> str:
    for suffix, unit in (
        ("tokens_per_s", "tok/s"),
        ("requests_per_s", "req/s"),
        ("_rps", "req/s"),
        ("_ms", "ms"),
        ("_mb", "MB"),
        ("_s", "s"),
    ):
        if metric.endswith(suffix):
            return unit
    return "value"


def _families(rows: list[dict[str, Any]]) -> DataTable:
    lines: list[list[Cell]] = []
    for key in sorted({(r["family"], r["metric"]) for r in rows}):
        group = [r for r in rows if (r["family"], r["metric"]) == key]
        errors = [abs(r["error_share"]) for r in group]
        covered = sum(r["covered"] for r in group)
        bias = median(r["error_share"] for r in group)
        lines.append(
            [
                key[0],
                metric_title(key[1]),
                str(len(group)),
                percent(median(errors)),
                percent(max(errors)),
                ("too high " if bias > 0 else "too low ") + percent(abs(bias)),
                Tag(f"{covered} of {len(group)}", "good" if covered == len(group) else "warn"),
            ]
        )
    columns = ("Family", "Metric", "Pairs", "Median error", "Largest error", "Bias (median)", "Covered")
    return DataTable("Error by accelerator family", columns, lines, right=frozenset({2, 3, 4}))


def _over_time(rows: list[dict[str, Any]]) -> DataTable:
    """One line a family and day of measurement: whether predictions get better, and what intervals learn."""
    lines: list[list[Cell]] = []
    for family, on in sorted({(r["family"], day(r["measured_on"])) for r in rows}):
        group = [r for r in rows if (r["family"], day(r["measured_on"])) == (family, on)]
        covered = sum(r["covered"] for r in group)
        widths = sorted({round(r["widened"], 2) for r in group})
        told = f"{widths[0]:g}" if len(widths) == 1 else f"{widths[0]:g} to {widths[-1]:g}"
        lines.append(
            [
                family,
                on,
                str(len(group)),
                percent(median(abs(r["error_share"]) for r in group)),
                percent(covered / len(group)),
                f"× {told}",
            ]
        )
    columns = ("Family", "Measured on", "Pairs", "Median error", "Covered", "Interval widths")
    return DataTable("Error by family over time", columns, lines, right=frozenset({2, 3, 4, 5}))


def _chart(rows: list[dict[str, Any]], unit: str) -> Chart:
    usable = [r for r in rows if min(r["predicted"], r["measured"], r["high"]) > 0]
    pairs = [Pair(r["predicted"], r["low"], r["high"], r["measured"], r["covered"]) for r in usable]
    missed = sum(not r["covered"] for r in rows)
    description = (
        f"{plural(len(usable), 'pair')} on equal log axes; on the dashed line both agree. {missed} of "
        f"{len(rows)} intervals missed (hollow marks)."
    )
    table = [
        (
            r["workload"],
            r["option"],
            metric_title(r["metric"]),
            quantity(r["predicted"], unit),
            quantity(r["measured"], unit),
            percent(r["error_share"]),
        )
        for r in rows
    ]
    columns = ("Workload", "Option", "Metric", "Predicted", "Measured", "Error")
    return agreement_chart(
        f"ledger-{unit.replace('/', '-')}",
        f"Predicted against measured, {unit}",
        description,
        pairs,
        unit=unit,
        columns=columns,
        rows=table,
    )


def _pairs(material: Material, rows: list[dict[str, Any]]) -> DataTable:
    lines: list[list[Cell]] = []
    for r in rows:
        unit = _unit(r["metric"])
        href = material.register.cite("prediction_ledger", r)
        lines.append(
            [
                workload_link(material, r["workload"]),
                r["option"],
                f"{metric_title(r['metric'])} {r['statistic']}",
                Shown(
                    quantity(r["predicted"], unit),
                    span(r["low"], r["high"], unit),
                    "predicted",
                    href=href,
                    why=f"predicted on {day(r['predicted_on'])}: {r['predictor']}",
                ),
                Shown(
                    quantity(r["measured"], unit),
                    grade="measured",
                    href=href,
                    why=f"measured on {day(r['measured_on'])}",
                ),
                percent(r["error_share"]),
                Tag("covered", "good") if r["covered"] else Tag("missed", "warn"),
            ]
        )
    columns = ("Workload", "Option", "Metric", "Predicted", "Measured", "Error", "Interval")
    return DataTable("Every pair", columns, lines, right=frozenset({3, 4, 5}), folded=True)
