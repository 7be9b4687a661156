"""What the answers were worth: task success in the run itself, and how near the tokens are to a reference."""

from __future__ import annotations

from stages.report.blocks import Cell, DataTable, Material, Section, Text, workload_link
from stages.report.measured_rows import figure, measured_cells, why

FIGURES = (
    ("success_rate", "rate", "Task success"),
    ("refused_rate", "rate", "Refused"),
    ("empty_rate", "rate", "Empty"),
    ("recall_at_1", "rate", "Recall@1"),
    ("ndcg_at_10", "mean", "nDCG@10"),
    ("kl_to_reference_nats", "mean", "KL to reference, at least"),
    ("top1_agreement", "rate", "Same first choice"),
)


def build(material: Material) -> Section:
    """One table: a line for each workload on each engine."""
    lead = (
        "Generated tasks with answers that a program checks, sent as the load itself. Success sets the cost "
        "of a successful action; the divergence from the same weights in 32 bits shows what a number format "
        "or a kernel changes long before tasks fail. A model that is too small fails on any hardware."
    )
    lines: list[list[Cell]] = []
    notes: dict[str, None] = {}
    for (workload, option), rows in measured_cells(material, ("replay",)).items():
        if not any((metric, statistic) in rows for metric, statistic, _ in FIGURES):
            continue
        figures = [figure(material, rows, metric, statistic) for metric, statistic, _ in FIGURES]
        told = why(rows, "success_rate", "rate")
        lines.append([workload_link(material, workload), option, *figures, told])
        notes[why(rows, "kl_to_reference_nats", "mean")] = None
    if not lines:
        empty = Text("No answer was judged in this evaluation.", "empty")
        return Section("quality", "Quality of the answers", "Evidence", lead, [empty])
    table = DataTable(
        "Quality by workload and engine",
        ("Workload", "Engine", *(title for _, _, title in FIGURES), "What was asked"),
        lines,
        id="quality-table",
        right=frozenset(range(2, 2 + len(FIGURES))),
        note=f"A failed request is in no share: the failure rate counts it. Divergence: {'; '.join(notes)}.",
    )
    return Section("quality", "Quality of the answers", "Evidence", lead, [table])
