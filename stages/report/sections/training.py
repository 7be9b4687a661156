"""Training, apart from inference: other metrics, other economics."""

from __future__ import annotations

from stages.report.blocks import Cell, Charts, DataTable, Material, Section, Tag, Text, workload_link
from stages.report.formatting import count
from stages.report.lookup import best_measurement, measurements_by_option, workload_phase
from stages.report.sections.frontier import frontier_of
from stages.report.shown import show_cost, show_measurement, unknown

METRICS = (
    ("Step time", "step_time_s", ("p50", "mean")),
    ("First step", "first_step_time_s", ("mean", "p50", "max", "total")),
    ("Throughput", "training_tokens_per_s", ("mean", "p50")),
    ("MFU", "mfu", ("mean", "rate", "p50")),
    ("Compile", "compile_time_s", ("total", "mean", "p50", "max")),
    ("Checkpoint", "checkpoint_time_s", ("mean", "p50", "total", "max")),
    ("Peak memory", "peak_memory_mb", ("max",)),
    ("Final loss", "final_loss", ("mean", "total", "p50", "max")),
)


def build(material: Material) -> Section:
    """One table of measured and predicted training figures, and the frontier of cost against step time."""
    tables = material.tables
    workloads = [w for w in tables.workloads if workload_phase(tables, w) == "training"]
    lead = (
        "Cost per trained step, throughput and model FLOPs utilisation (MFU: achieved ÷ peak of the "
        "hardware)."
    )
    if not workloads:
        empty = Text("The portfolio holds no training workload.", "empty")
        return Section("training", "Training", "Evidence", lead, [empty])
    blocks: list[object] = []
    for workload in workloads:
        table = _table(material, workload)
        blocks += [table, Charts([frontier_of(material, workload)], legend="grades")]
    return Section("training", "Training", "Evidence", lead, blocks)


def _table(material: Material, workload: str) -> DataTable | Text:
    tables = material.tables
    by_option = measurements_by_option(tables, workload)
    steps = {o: best_measurement(rows, ("step_time_s",), ("p50", "mean")) for o, rows in by_option.items()}
    options = [o for o, row in steps.items() if row is not None]
    if not options:
        return Text(f"{tables.title(workload)}: no step time is known, measured or predicted.", "empty")
    chosen = (tables.row("decisions", workload) or {}).get("option")

    rank = {r["option"]: r["rank"] for r in tables.rows("ranking", workload) if r["rank"] is not None}

    def key(option: str) -> tuple[object, ...]:
        row = steps[option]
        assert row is not None
        return option != chosen, row["grade"] != "measured", rank.get(option, 10**9), option

    lines: list[list[Cell]] = []
    for option in sorted(options, key=key)[: 2 * material.options_per_table]:
        cells: list[Cell] = []
        for _, metric, statistics in METRICS:
            row = best_measurement(by_option[option], (metric,), statistics)
            cells.append(
                unknown("not recorded")
                if row is None
                else unknown(row["reason"])
                if row["value"] is None
                else show_measurement(row, material.register)
            )
        cost = next(
            (
                r
                for r in tables.rows("costs", workload)
                if (r["option"], r["metric"]) == (option, "usd_per_trained_step")
            ),
            None,
        )
        mark = [Tag("recommended", "good")] if option == chosen else []
        known = (
            show_cost(cost, material.register)
            if cost and cost["value"] is not None
            else unknown("not priced")
        )
        lines.append([[option, *mark], known, *cells])
    declared = tables.row("workloads", workload) or {}
    steps_a_run = declared.get("training_steps_per_run")
    note = f"{count(steps_a_run)} steps a run as declared by the owner." if steps_a_run else ""
    columns = ("Option", "USD per step", *(title for title, _, _ in METRICS))
    return DataTable(
        f"{tables.title(workload)} ({workload_link(material, workload).text}): training figures",
        columns,
        lines,
        right=frozenset(range(1, len(columns))),
        note=note,
    )
