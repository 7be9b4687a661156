"""How far the instrument can be trusted: its own error in every replay, beside its bounds."""

from __future__ import annotations

from stages.report.blocks import Cell, Charts, DataTable, Material, Section, Tag, Text
from stages.report.charts.drawing import Chart
from stages.report.charts.intervals import Dot, interval_chart
from stages.report.measured_rows import By, Key, figure, measured_cells

COLUMNS = (
    ("instrument_ttft_error_ms", "p50", "TTFT error p50"),
    ("instrument_ttft_error_ms", "p99", "TTFT error p99"),
    ("instrument_itl_error_ms", "p50", "ITL error p50"),
    ("instrument_itl_error_ms", "p99", "ITL error p99"),
    ("send_lag_ms", "p99", "Send lag p99"),
    ("client_cpu_share", "mean", "Client CPU"),
)
CHARTED = ("instrument_ttft_error_ms", "instrument_itl_error_ms", "send_lag_ms")
Cells = dict[Key, By]


def build(material: Material) -> Section:
    """One line a replay, with its verdict."""
    lead = (
        "Before each replay the load engine runs the same schedule shape against a server whose timing is "
        "known; the difference is its own error. A replay whose instrument broke a bound is invalid and "
        "averaged into nothing. A latency difference smaller than these errors says nothing about servers."
    )
    cells = {
        key: rows
        for key, rows in measured_cells(material, ("replay",)).items()
        if ("client_cpu_share", "mean") in rows
    }
    if not cells:
        empty = Text("No replay was run here, so there is no instrument to judge.", "empty")
        return Section("instrument", "The instrument's error", "Evidence", lead, [empty])
    lines: list[list[Cell]] = []
    for (workload, option), rows in cells.items():
        lag = rows.get(("send_lag_ms", "p99"))
        valid = all(row["valid"] for row in rows.values())
        verdict = Tag("valid", "good") if valid else Tag("invalid", "bad", lag["reason"] if lag else "")
        figures = [figure(material, rows, metric, statistic) for metric, statistic, _ in COLUMNS]
        lines.append([workload, option, *figures, verdict])
    columns = ("Workload", "Engine", *(title for _, _, title in COLUMNS), "Verdict")
    table = DataTable(
        "The instrument in each replay", columns, lines, id="instrument-table", right=frozenset(range(2, 8))
    )
    return Section(
        "instrument", "The instrument's error", "Evidence", lead, [Charts([_chart(material, cells)]), table]
    )


def _chart(material: Material, cells: Cells) -> Chart:
    dots, rows_shown = [], []
    for (workload, option), rows in cells.items():
        for metric in CHARTED:
            row = rows.get((metric, "p99"))
            if row is None or row["value"] is None or row["value"] <= 0:
                continue
            what = {"instrument_ttft_error_ms": "TTFT", "instrument_itl_error_ms": "ITL"}.get(metric, "lag")
            label = f"{option} · {workload} · {what}"
            note = "p99" + ("" if row["valid"] else ", invalid")
            dots.append(Dot(label, row["value"], row["low"], row["high"], row["grade"], False, note))
            rows_shown.append((option, workload, what, figure(material, rows, metric, "p99")))
    worst = max(dots, key=lambda dot: dot.value, default=None)
    description = (
        f"The largest p99 is {worst.value:.3g} ms: {worst.label}." if worst else "No error was measured."
    )
    return interval_chart(
        "instrument-errors", "Error and lag, p99", description, dots,
        axis_title="ms", columns=("Engine", "Workload", "Error", "p99"), rows=rows_shown, log=True,
    )  # fmt: skip
