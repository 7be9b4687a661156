"""Memory, power and the server's own account while the replays ran."""

from __future__ import annotations

from typing import Any

import polars as pl

from stages.report.blocks import Cell, Charts, DataTable, Heading, Material, Section, Tag, Text
from stages.report.charts.drawing import Chart
from stages.report.charts.lines import Axes, Series, line_chart
from stages.report.formatting import quantity
from stages.report.measured_rows import By, Key, figure, measured_cells, value, why
from stages.report.shown import unknown

COLUMNS = (
    ("peak_memory_mb", "max", "Peak RSS"),
    ("peak_pss_mb", "max", "Peak PSS"),
    ("memory_growth_mb_per_min", "mean", "Growth"),
    ("gpu_utilisation_share", "mean", "GPU busy"),
    ("gpu_memory_mb", "max", "GPU memory"),
    ("gpu_throttled_share", "mean", "GPU throttled"),
    ("gpu_ecc_uncorrected", "total", "ECC errors"),
    ("gpu_xid_errors", "total", "XID errors"),
    ("power_w", "mean", "Power"),
    ("energy_j_per_request", "mean", "Energy a request"),
)
CHARTS = (
    ("server", "rss_mb", "Resident memory", "MB"),
    ("server_metrics", "running", "Requests that run in the server", "requests"),
    ("server_metrics", "waiting", "Requests that wait in the server", "requests"),
    ("gpu0", "gpu_memory_mb", "GPU memory", "MB"),
    ("gpu0", "gpu_power_w", "GPU power", "W"),
)
CHECK = "server_check_"
Cells = dict[Key, By]


def build(material: Material) -> Section:
    """Series over the replay, their summary, and where server and client disagree."""
    lead = (
        "Read while the replays ran: a server whose memory grows with every request fails later, not now. "
        "The server's own metrics are held against the client's clock; a disagreement is also a finding."
    )
    cells = {
        key: rows
        for key, rows in measured_cells(material, ("replay",)).items()
        if ("power_w", "mean") in rows
    }
    if not cells:
        return Section("resources", "Memory, power and the server's account", "Evidence", lead,
                       [Text("No replay was run here.", "empty")])  # fmt: skip
    charts = [chart for workload in material.tables.workloads for chart in _charts(material, workload)]
    lines: list[list[Cell]] = [
        [workload, option, *(figure(material, rows, metric, stat) for metric, stat, _ in COLUMNS)]
        for (workload, option), rows in cells.items()
    ]
    reasons = {
        why(rows, metric, stat) for rows in cells.values() for metric, stat, _ in COLUMNS
        if value(rows, metric, stat) is None
    }  # fmt: skip
    columns = ("Workload", "Engine", *(title for _, _, title in COLUMNS))
    blocks: list[object] = [
        *([Charts(charts)] if charts else []),
        DataTable(
            "Resources of each replay", columns, lines, id="resources-table",
            right=frozenset(range(2, len(columns))),
            note=f"Empty because: {'; '.join(sorted(reasons))}." if reasons else "",
        ),
        *_account(material),
    ]  # fmt: skip
    return Section("resources", "Memory, power and the server's account", "Evidence", lead, blocks)


def _charts(material: Material, workload: str) -> list[Chart]:
    cells = material.tables["benchmark_cells"].filter(
        (pl.col("workload") == workload) & (pl.col("phase") == "replay")
    )
    options = dict(cells.select("cell", "option").iter_rows())
    mine = material.tables["telemetry"].filter(pl.col("cell").is_in(list(options)))
    found = []
    for source, metric, title, unit in CHARTS:
        rows = mine.filter((pl.col("source") == source) & (pl.col("metric") == metric))
        if rows.height and rows["value"].max():
            found.append(_chart(workload, rows, options, f"{title}: {material.tables.title(workload)}", unit))
    return found


def _chart(workload: str, rows: pl.DataFrame, options: dict[str, str], title: str, unit: str) -> Chart:
    series, table = [], []
    for cell, option in sorted(options.items(), key=lambda pair: pair[1]):
        own = rows.filter(pl.col("cell") == cell).sort("at_s")
        if own.is_empty():
            continue
        points = list(own.select("at_s", "value").iter_rows())
        series.append(Series(option, points))
        highest = max(points, key=lambda point: point[1])
        table.append(
            (option, str(own.height), quantity(points[0][1], unit), quantity(highest[1], unit),
             quantity(points[-1][1], unit))
        )  # fmt: skip
    description = "; ".join(f"{row[0]}: from {row[2]} to {row[4]}, at most {row[3]}" for row in table) + "."
    metric = rows["metric"][0]
    return line_chart(
        f"telemetry-{workload}-{metric}", title, description, series,
        Axes("seconds into the replay", unit, y_zero=metric != "rss_mb", height=130),
        columns=("Engine", "Readings", "First", "Highest", "Last"), rows=table,
    )  # fmt: skip


def _account(material: Material) -> list[object]:
    lines: list[list[Cell]] = []
    silent = []
    for (workload, option), rows in measured_cells(material, ("stack",)).items():
        names = sorted(
            {metric for metric, statistic in rows if metric.startswith(CHECK) and statistic == "agrees"}
        )
        for metric in names:
            if value(rows, metric, "server") is None:
                silent.append(f"{option}: {why(rows, metric, 'server')}")
                continue
            lines.append(_compared(material, workload, option, metric, rows))
    if not lines and not silent:
        return []
    columns = ("Workload", "Engine", "Quantity", "Server", "Client", "Verdict")
    note = "; ".join(sorted(set(silent)))
    return [
        Heading("The server's account and the client's", "server-account"),
        DataTable(
            "Server against client", columns, lines, id="account-table", right=frozenset({3, 4}), note=note
        ),
    ]


def _compared(material: Material, workload: str, option: str, metric: str, rows: By) -> list[Cell]:
    agrees: Any = rows[metric, "agrees"]
    title = agrees["source"].split("; ")
    quantity_named = next(
        (part for part in title if part.startswith(("mean ", "output ", "prompt "))), metric
    )
    verdict: Cell = unknown(agrees["reason"])
    if agrees["value"] is not None:
        word, tone = ("agree", "good") if agrees["value"] else ("disagree", "bad")
        verdict = Tag(word, tone, agrees["source"])
    return [
        workload, option, quantity_named,
        figure(material, rows, metric, "server"), figure(material, rows, metric, "client"), verdict,
    ]  # fmt: skip
