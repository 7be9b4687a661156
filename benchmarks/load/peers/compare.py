"""`python -m benchmarks.load --peers`: ours, a bare asyncio client and the peers in one run."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load import figures
from benchmarks.load.peers import install, tools
from benchmarks.load.peers.measure import STREAMS, Bench, as_ordinary_user
from benchmarks.load.peers.watch import RunFailed

Figures = dict[str, float | None]
BARE = "bare asyncio client"
ORDINARY = "acceltrial, ordinary user"


@dataclass(frozen=True)
class Size:
    """How much is sent: the two closed runs of a fast and of a slow tool, and the seconds at 400/s."""

    fast: tuple[int, int] = (1_000, 11_000)
    slow: tuple[int, int] = (500, 2_500)
    seconds: float = 8.0


QUICK = Size((500, 4_500), (300, 1_300), 4.0)


def compare(raw: Path, repeats: int, size: Size) -> dict[str, Any]:
    """Each tool's figures, every repeat of them; tools take turns, so that a busy minute hits them all."""
    runs: dict[str, list[Figures]] = {}
    absent: dict[str, str] = {}
    failed: dict[str, list[str]] = {}
    measures = [*_ours(raw, size), (BARE, lambda n: _bare(raw, size, n)), *_peers(raw, size, absent)]
    for number in range(repeats):
        for name, measure in measures:
            if name in failed and name not in runs:
                continue  # it has never come through: no use in waiting for it again
            load_average = os.getloadavg()[0]
            try:
                one = measure(number) | {"load_average": load_average}
            except (RunFailed, OSError, ValueError, KeyError, IndexError) as error:
                failed.setdefault(name, []).append(f"{type(error).__name__}: {error}"[:300])
                sys.stderr.write(f"{name}: {failed[name][-1]}\n")
                continue
            runs.setdefault(name, []).append(one)
            told = ", ".join(f"{key} {value:.4g}" for key, value in one.items() if value is not None)
            sys.stderr.write(f"{name}, repeat {number + 1} of {repeats}: {told}\n")
    found: dict[str, Any] = {name: summed(of_tool) for name, of_tool in runs.items()}
    for name, reasons in failed.items():
        if name in found:
            found[name]["failed_runs"] = reasons
        else:
            absent[name] = f"not run: {reasons[0]}"
    return found | absent


def summed(runs: list[Figures]) -> dict[str, Any]:
    """Median, extremes and every value; None where a tool does not tell a figure."""
    told: dict[str, Any] = {}
    for name in runs[0]:
        values = [value for run in runs if (value := run[name]) is not None]
        told[name] = {
            "median": statistics.median(values) if values else None,
            "low": min(values, default=None),
            "high": max(values, default=None),
            "runs": values,
        }
    return told


def _ours(raw: Path, size: Size) -> list[tuple[str, Callable[[int], Figures]]]:
    program = Path(sys.executable)
    usual = Bench(tools.ACCELTRIAL, program, raw / "acceltrial")
    ordinary = Bench(tools.ACCELTRIAL, program, raw / "acceltrial-ordinary", before=as_ordinary_user)
    return [
        ("acceltrial", lambda n: {**usual.closed(*size.fast, n), **usual.poisson(size.seconds, n)}),
        (ORDINARY, lambda n: {**ordinary.closed(*size.fast, n), **ordinary.poisson(size.seconds, n)}),
    ]


def _bare(raw: Path, size: Size, _number: int) -> Figures:
    few, many = size.fast
    short, long = figures.bare(STREAMS, few), figures.bare(STREAMS, many)
    cost = long["cpu_s_per_1000"] * many - short["cpu_s_per_1000"] * few
    return {"closed_rps": long["rps"], "marginal_cpu_s_per_1000": cost / (many - few)}


def _peers(raw: Path, size: Size, absent: dict[str, str]) -> list[tuple[str, Callable[[int], Figures]]]:
    measures: list[tuple[str, Callable[[int], Figures]]] = []
    for tool in tools.PEERS:
        try:
            bench = Bench(tool, install.executable(tool.name), raw / tool.name)
        except install.Unavailable as reason:
            absent[tool.name] = f"not installed: {reason}"
            continue
        measures.append((tool.name, _peer(bench, size)))
    return measures


def _peer(bench: Bench, size: Size) -> Callable[[int], Figures]:
    def measure(number: int) -> Figures:
        return {**bench.closed(*size.slow, number), **bench.poisson(size.seconds, number)}

    return measure


def main(raw: Path, repeats: int, *, quick: bool) -> dict[str, Any]:
    """Runs the comparison and keeps it beside the raw records."""
    found = compare(raw, 1 if quick else repeats, QUICK if quick else Size())
    (raw / "peers.json").write_text(json.dumps(found, indent=1) + "\n")
    return found
