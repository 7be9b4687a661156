"""What ran here: engines × workloads, with the instrument's own error beside every figure."""

from __future__ import annotations

from typing import Any

import polars as pl

from stages.report.blocks import Cell, Charts, DataTable, Heading, Material, Section, Tag, Text, workload_link
from stages.report.charts.drawing import Chart
from stages.report.charts.intervals import Dot, interval_chart
from stages.report.charts.lines import Axes, Series, line_chart
from stages.report.formatting import duration, fragment, minute, plural, quantity, sentence
from stages.report.lookup import best_measurement, latency_question, latency_targets, metric_title
from stages.report.shown import Shown, show_measurement, unknown

COLUMNS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("TTFT p50", ("ttft_from_intended_ms", "ttft_ms"), ("p50",)),
    ("TTFT p95", ("ttft_from_intended_ms", "ttft_ms"), ("p95",)),
    ("Inter-token p95", ("itl_ms", "tpot_ms"), ("p95",)),
    ("End to end p50", ("e2e_from_intended_ms", "e2e_ms"), ("p50",)),
    ("End to end p95", ("e2e_from_intended_ms", "e2e_ms"), ("p95",)),
    ("Output rate", ("output_tokens_per_s",), ("mean",)),
    ("Requests", ("requests_per_s",), ("mean",)),
    ("Failures", ("failure_rate",), ("rate",)),
    ("SLO attained", ("slo_attainment",), ("rate",)),
    ("Task success", ("success_rate",), ("rate",)),
    ("Peak memory", ("peak_memory_mb",), ("max",)),
    ("Send lag p99", ("send_lag_ms",), ("p99",)),
)
PHASE_NAMES = {"replay": "replay", "synthetic": "screen"}


def build(material: Material) -> Section:
    """Replay and screen, distributions, and what did not run."""
    measured = material.tables["measurements"].filter(pl.col("grade") == "measured")
    serving = measured.filter(pl.col("phase").is_in(["replay", "synthetic"]))
    lead = (
        "Times run from the moment at which a request was due, not from when it was sent, so a slow "
        "server cannot hide behind its own queue. “Send lag” is our instrument’s error; a run that broke "
        "its bound is marked invalid."
    )
    if serving.is_empty():
        blocks: list[object] = [
            Text(
                "Nothing was measured here in this evaluation: every performance figure is predicted.",
                "empty",
            )
        ]
        return Section("measured", "Measured here", "Evidence", lead, [*blocks, *_cells(material)])
    workloads = [w for w in material.tables.workloads if w in set(serving["workload"].to_list())]
    blocks = [
        Charts([_latency_chart(material, w) for w in workloads], legend="grades"),
        *[_table(material, w) for w in workloads],
        *_distributions(material),
        *_cells(material),
    ]
    return Section("measured", "Measured here", "Evidence", lead, blocks)


def _rows(material: Material, workload: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Measured rows by option and phase, replay before screen."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in material.tables.rows("measurements", workload):
        if row["grade"] == "measured" and row["phase"] in PHASE_NAMES:
            groups.setdefault((row["option"], row["phase"]), []).append(row)
    return dict(sorted(groups.items(), key=lambda g: (list(PHASE_NAMES).index(g[0][1]), g[0][0])))


def _latency_chart(material: Material, workload: str) -> Chart:
    metrics, _statistics, _title = latency_question(material.tables, workload)
    dots, table, chosen = [], [], metrics[0]
    for (option, phase), rows in _rows(material, workload).items():
        for statistic in ("p50", "p95"):
            row = best_measurement(rows, metrics, (statistic,))
            if row is None or row["value"] is None:
                continue
            chosen = row["metric"]
            label = f"{option} · {PHASE_NAMES[phase]}"
            note = statistic + ("" if row["valid"] else ", invalid")
            dots.append(
                Dot(label, row["value"], row["low"], row["high"], row["grade"], statistic == "p95", note)
            )
            table.append((option, PHASE_NAMES[phase], statistic, show_measurement(row, material.register)))
    targets = [t for t in latency_targets(material.tables, workload) if chosen in t.metrics]
    limit = targets[0].limit_ms if targets else None
    description = _say(table)
    return interval_chart(
        f"measured-{workload}",
        material.tables.title(workload),
        description,
        dots,
        axis_title=f"{metric_title(chosen)} ({'ms' if chosen.endswith('_ms') else 's'})",
        columns=("Engine", "Phase", "Statistic", "Latency"),
        rows=table,
        log=True,
        limit=limit,
    )


def _say(table: list[tuple[str, str, str, Shown]]) -> str:
    if not table:
        return "No latency of this workload was measured."
    tails = [row for row in table if row[2] == "p95"]
    under = [row for row in tails if row[1] == "replay"] or tails or table
    return f"{sentence(under[0][1])}, {under[0][2]}: " + "; ".join(f"{r[0]} {r[3].text}" for r in under) + "."


def _table(material: Material, workload: str) -> DataTable:
    groups = _rows(material, workload)
    present = [c for c in COLUMNS if any(best_measurement(rows, c[1], c[2]) for rows in groups.values())]
    lines: list[list[Cell]] = []
    for (option, phase), rows in groups.items():
        figures = [_figure(material, rows, metrics, statistics) for _, metrics, statistics in present]
        invalid: list[Tag] = (
            [] if all(r["valid"] for r in rows) else [Tag("invalid", "bad", "instrument out of bounds")]
        )
        models = ", ".join(sorted({f"{r['model']} {r['precision']}" for r in rows}))
        adjustments = "; ".join(sorted({r["adjustments"] for r in rows if r["adjustments"]}))
        lines.append(
            [[option, *invalid], PHASE_NAMES[phase], *figures, models, adjustments or "none", rows[0]["cell"]]
        )
    columns = ("Engine", "Phase", *(title for title, _, _ in present), "Model", "Adjustments", "Cell")
    return DataTable(
        f"{material.tables.title(workload)}: what was measured",
        columns,
        lines,
        id=f"measured-table-{workload}",
        right=frozenset(range(2, 2 + len(present))),
    )


def _figure(
    material: Material, rows: list[dict[str, Any]], metrics: tuple[str, ...], statistics: tuple[str, ...]
) -> Cell:
    row = best_measurement(rows, metrics, statistics)
    if row is None:
        return unknown("not recorded in this cell")
    return show_measurement(row, material.register) if row["value"] is not None else unknown(row["reason"])


FEWEST = 5
"""Fewer answers than this do not make a distribution."""
LEVELS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)


def _distributions(material: Material) -> list[object]:
    """Latency distributions from the requests themselves, by replay cell, aggregated lazily."""
    cells = material.tables["benchmark_cells"].filter(
        pl.col("phase").is_in(["replay"]) & (pl.col("status") == "measured")
    )
    if cells.is_empty():
        return []
    quantiles = _quantiles(material)
    charts = []
    for workload in material.tables.workloads:
        rows = [
            quantiles[c["cell"]] | c
            for c in cells.iter_rows(named=True)
            if c["workload"] == workload and c["cell"] in quantiles
        ]
        if rows:
            charts.append(_distribution_chart(material, workload, rows))
    if not charts:
        return []
    text = (
        "End-to-end time of every request that was answered, from the moment at which it was due. The higher "
        "line is the quicker engine. The data of each chart say how many were planned and how many answered."
    )
    return [Heading("Distributions under replay", "distributions"), Text(text), Charts(charts)]


def _quantiles(material: Material) -> dict[str, dict[str, Any]]:
    took = (pl.col("last_s") - pl.col("intended_s")).alias("took")
    answered = pl.col("error_class").is_null() & pl.col("last_s").is_not_null()
    frame = (
        material.tables.scan("request_records")
        .select("cell", pl.when(answered).then(took).otherwise(None).alias("took"))
        .group_by("cell")
        .agg(
            pl.len().alias("planned"),
            pl.col("took").count().alias("answered"),
            *[pl.col("took").quantile(q, "linear").alias(f"q{q}") for q in LEVELS],
        )
        .sort("cell")
        .collect()
    )
    return {row["cell"]: row for row in frame.iter_rows(named=True)}


def _distribution_chart(material: Material, workload: str, rows: list[dict[str, Any]]) -> Chart:
    series, table = [], []
    for row in rows:
        enough = row["answered"] >= FEWEST
        points = [(row[f"q{q}"] * 1000, q) for q in LEVELS if enough and row[f"q{q}"]]
        series.append(Series(row["option"], [p for p in points if p[0] > 0]))
        table.append(
            (
                row["option"],
                str(row["planned"]),
                str(row["answered"]),
                *(
                    quantity(row[f"q{q}"] * 1000, "ms")
                    if row[f"q{q}"] is not None
                    else unknown("no request was answered")
                    for q in (0.5, 0.95, 0.99, 1.0)
                ),
                row["cell"],
            )
        )
    description = "; ".join(
        f"{r[0]}: half within {_text(r[3])}, 95 % within {_text(r[4])} (n {r[2]})" for r in table
    )
    if not any(line.points for line in series):
        description = f"Fewer than {FEWEST} requests were answered: too few for a distribution."
    axes = Axes(
        "end to end (ms)", "share answered within", x_log=True, y_format="%", y_domain=(0, 1), height=180
    )
    columns = ("Engine", "Planned", "Answered", "p50", "p95", "p99", "Longest", "Cell")
    return line_chart(
        f"distribution-{workload}",
        material.tables.title(workload),
        description,
        series,
        axes,
        columns=columns,
        rows=table,
    )


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else "—"


STATUS_TONES = {
    "measured": "good",
    "predicted": "calm",
    "failed": "bad",
    "unavailable": "warn",
    "invalid": "bad",
}


def _cells(material: Material) -> list[object]:
    """Every cell that was to be measured, and how it ended. Predicted cells are counted only."""
    cells = material.tables["benchmark_cells"]
    ran = cells.filter(pl.col("status") != "predicted")
    predicted = cells.height - ran.height
    rows: list[list[Cell]] = [
        [
            workload_link(material, r["workload"])
            if r["workload"] in material.tables.workloads
            else r["workload"],
            r["option"],
            r["phase"],
            Tag(r["status"], STATUS_TONES[r["status"]]),
            minute(r["started"]),
            duration((r["finished"] - r["started"]).total_seconds()),
            r["detail"] or "",
            r["cell"],
            r["run"],
        ]
        for r in ran.iter_rows(named=True)
    ]
    text = f"{plural(predicted, 'cell')} held predictions only."
    if not rows:
        return [Text(f"No cell was run on an engine. {text}", "note")]
    columns = ("Workload", "Option", "Phase", "Status", "Started", "Took", "Detail", "Cell", "Run")
    anchors = [f"cell-{fragment(r['cell'])}" for r in ran.iter_rows(named=True)]
    caption = f"Benchmark cells: {plural(len(rows), 'cell')} run"
    return [DataTable(caption, columns, rows, id="cells", folded=True, note=text, anchors=anchors)]
