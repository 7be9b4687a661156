"""What more streams bring: throughput and time per token against concurrency, with the knee."""

from __future__ import annotations

from stages.report.blocks import Cell, Charts, DataTable, Heading, Material, Section, Text
from stages.report.charts.drawing import Chart
from stages.report.charts.lines import Axes, Series, line_chart
from stages.report.formatting import plural, quantity
from stages.report.measured_rows import By, Key, figure, measured_cells, plain, value, why

METRICS = (
    ("curve_requests_rps", "Requests"),
    ("curve_output_tokens_per_s", "Output rate"),
    ("curve_ttft_p50_ms", "TTFT p50"),
    ("curve_tpot_p50_ms", "TPOT p50"),
    ("curve_e2e_p50_ms", "End to end p50"),
)
Cells = dict[Key, By]


def build(material: Material) -> Section:
    """One pair of charts a workload, and the ladder's table."""
    cells = {
        key: rows
        for key, rows in measured_cells(material, ("synthetic",)).items()
        if any(metric.startswith("curve_") for metric, _ in rows)
    }
    lead = (
        "Closed loops with more and more streams. Up to the knee, batching turns waiting into throughput; "
        "beyond it more streams only wait. The ladder ends one level after the knee, or when its time is up."
    )
    if not cells:
        return Section("curves", "Batching curves", "Evidence", lead, [Text("No ladder was run.", "empty")])
    blocks: list[object] = []
    for workload in dict.fromkeys(workload for workload, _ in cells):
        mine = {option: rows for (owner, option), rows in cells.items() if owner == workload}
        blocks += [
            Heading(material.tables.title(workload), f"curves-{workload}"),
            Charts([_throughput(workload, mine), _latency(workload, mine)]),
        ]
    return Section("curves", "Batching curves", "Evidence", lead, [*blocks, _table(material, cells)])


def levels(rows: By) -> list[int]:
    """The numbers of streams that were tried, ascending."""
    return sorted({int(s[1:]) for metric, s in rows if metric == "curve_requests_rps" and s[1:].isdigit()})


def _points(rows: By, metric: str) -> list[tuple[float, float]]:
    found = [(float(level), value(rows, metric, f"c{level}")) for level in levels(rows)]
    return [(level, one) for level, one in found if one is not None and one > 0]


def _throughput(workload: str, mine: dict[str, By]) -> Chart:
    tokens = any(_points(rows, "curve_output_tokens_per_s") for rows in mine.values())
    metric, unit = (
        ("curve_output_tokens_per_s", "tokens/s") if tokens else ("curve_requests_rps", "requests/s")
    )
    knees = {option: knee for option, rows in mine.items() if (knee := value(rows, "knee_streams", "max"))}
    told = [
        f"{option}: knee at {plural(int(knees[option]), 'stream')}" if option in knees
        else f"{option}: {why(rows, 'knee_streams', 'max')}"
        for option, rows in mine.items()
    ]  # fmt: skip
    return _chart(
        f"curve-throughput-{workload}", "Throughput", metric, unit, mine,
        description="; ".join(told) + ".",
        marks=[(knee, f"knee {option}") for option, knee in knees.items()],
    )  # fmt: skip


def _latency(workload: str, mine: dict[str, By]) -> Chart:
    streamed = any(_points(rows, "curve_tpot_p50_ms") for rows in mine.values())
    metric = "curve_tpot_p50_ms" if streamed else "curve_e2e_p50_ms"
    title = "Time per output token" if streamed else "End to end"
    most = [
        f"{option}: {quantity(points[0][1], 'ms')} at {points[0][0]:.0f}, "
        f"{quantity(points[-1][1], 'ms')} at {points[-1][0]:.0f} streams"
        for option, rows in mine.items()
        if (points := _points(rows, metric))
    ]
    description = "; ".join(most) + "." if most else "No level was answered."
    return _chart(f"curve-latency-{workload}", title, metric, "ms, p50", mine, description=description)


def _chart(
    id_: str,
    title: str,
    metric: str,
    unit: str,
    mine: dict[str, By],
    *,
    description: str,
    marks: list[tuple[float, str]] | None = None,
) -> Chart:
    series = [Series(option, _points(rows, metric)) for option, rows in mine.items()]
    table = [
        (option, str(level), plain(rows, metric, f"c{level}"))
        for option, rows in mine.items()
        for level in levels(rows)
    ]
    return line_chart(
        id_, title, description, series,
        Axes("streams", unit, x_log=True, height=170),
        columns=("Engine", "Streams", title), rows=table, marks=marks or (),
    )  # fmt: skip


def _table(material: Material, cells: Cells) -> DataTable:
    lines: list[list[Cell]] = []
    for (workload, option), rows in cells.items():
        knee = value(rows, "knee_streams", "max")
        for level in levels(rows):
            mark = "knee" if knee == level else ""
            figures = [figure(material, rows, metric, f"c{level}") for metric, _ in METRICS]
            lines.append([workload, option, str(level), *figures, mark])
    columns = ("Workload", "Engine", "Streams", *(title for _, title in METRICS), "")
    return DataTable(
        "The ladder of streams", columns, lines, id="curves-table", right=frozenset(range(2, 8)), folded=True
    )
