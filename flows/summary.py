"""What an evaluation decided, in a few rows and lines, for Prefect's page and the terminal."""

from __future__ import annotations

from typing import Any

from acceltrial.storage.tables import read_table
from stages.artifacts import BENCHMARK_CELLS, CANARY_VERDICTS, DECISIONS
from stages.running.workspace import Workspace


def outcome_rows(workspace: Workspace) -> list[dict[str, Any]]:
    """One row a workload: what is recommended, how surely, and on how much measured evidence."""
    decisions = read_table(workspace.root / DECISIONS.path)
    return [
        {
            "workload": row["workload"],
            "status": row["status"],
            "option": row["option"] or "",
            "score": _rounded(row["score"]),
            "p_best": _rounded(row["p_best"]),
            "measured_share": _rounded(row["share_measured"]),
            "next": row["next_step"],
        }
        for row in decisions.iter_rows(named=True)
    ]


def outcome_text(workspace: Workspace) -> str:
    """The same as short Markdown, with the cells and canaries counted by how they ended."""
    rows = outcome_rows(workspace)
    decided = [row for row in rows if row["status"] == "recommended"]
    lines = [
        f"**{len(decided)} of {len(rows)} workloads have a recommended option.**",
        "",
        "Benchmark cells: " + _counted(workspace, BENCHMARK_CELLS.path, "status"),
        "",
        "Canaries: " + _counted(workspace, CANARY_VERDICTS.path, "verdict"),
        "",
        *(f"- `{row['workload']}` → `{row['option'] or row['status']}`" for row in rows),
    ]
    return "\n".join(lines)


def _counted(workspace: Workspace, path: str, column: str) -> str:
    counts = read_table(workspace.root / path)[column].value_counts().sort(column)
    return ", ".join(f"{n} {value}" for value, n in counts.iter_rows()) or "none"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
