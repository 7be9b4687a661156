"""Reading a trace as collect does and classifying it, from 10⁴ to 10⁷ rows: rows/s and peak memory.

    python -m benchmarks.traces --out results.json [--sizes 10000 100000 1000000 10000000]

Every size and container runs in a process of its own, so that its peak memory is its own. Generating the
input is not timed.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SIZES = [10_000, 100_000, 1_000_000, 10_000_000]
CONTAINERS = ["parquet", "csv", "csv.gz", "jsonl"]


def write_input(path: Path, rows: int) -> None:
    """A generated conversation trace of exactly `rows` rows, in parts so that memory does not grow."""
    import gzip

    import polars as pl

    from acceltrial.traces.generator import generate, generator_spec
    from acceltrial.traces.writing import write_trace

    part = min(rows, 1_000_000)
    spec = generator_spec({"preset": "azure_conversation", "rate_rps": 100, "duration_s": part / 90})
    base = generate(spec, 1)
    base = base.head(part).with_columns(pl.lit(None, dtype=pl.String).alias("client"))
    assert base.height == part, base.height
    step = float(base["arrival_s"][-1]) + 0.01
    parts = (base.with_columns(pl.col("arrival_s") + i * step) for i in range(rows // part))
    if path.name.endswith(".gz"):
        plain = path.with_suffix("")
        write_trace(plain, parts)
        with plain.open("rb") as source, gzip.open(path, "wb", compresslevel=1) as target:
            while block := source.read(1 << 20):
                target.write(block)
        plain.unlink()
    else:
        write_trace(path, parts)


def measure(path: Path) -> dict[str, float]:
    """Seconds of reading + writing the requests table, and of classifying from it; peak memory."""
    from acceltrial.traces import open_trace
    from stages.classify.traffic import traffic_by_workload
    from stages.collect.requests_file import requests_file

    idle = peak_mb()
    table = path.with_name("requests.parquet")
    start, cpu = time.perf_counter(), time.process_time()
    with requests_file(table) as file:
        written = file.write("w", open_trace(path), limit=None, context_tokens=8192)
    collected = time.perf_counter()
    stats = traffic_by_workload(table)["w"]
    done = time.perf_counter()
    assert stats.rows == written.rows
    spent = time.process_time() - cpu
    return {
        "rows": stats.rows,
        "cpu_s": spent,
        "collect_s": collected - start,
        "classify_s": done - collected,
        "rows_per_s": stats.rows / (done - start),
        "rows_per_cpu_s": stats.rows / spent,
        "idle_mb": idle,
        "peak_mb": peak_mb(),
    }


def peak_mb() -> float:
    """Highest resident memory of this process image; unlike getrusage it forgets the parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def in_own_process(path: Path) -> dict[str, float]:
    """`measure` in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", str(path)],
        check=True, capture_output=True, text=True, cwd=CHECKOUT, env={"PYTHONPATH": str(CHECKOUT)},
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def slope(results: list[dict[str, float]]) -> float | None:
    """Exponent of CPU seconds against rows between the two largest sizes; 1 is linear."""
    from math import log

    if len(results) < 2:
        return None
    a, b = results[-2], results[-1]
    return log(b["cpu_s"] / a["cpu_s"]) / log(b["rows"] / a["rows"])


def main() -> None:
    """Runs all sizes and containers, prints a table and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="rows")
    parser.add_argument("--containers", nargs="+", default=CONTAINERS, choices=CONTAINERS)
    parser.add_argument("--measure", type=Path)
    arguments = parser.parse_args()
    if arguments.measure:
        sys.stdout.write(json.dumps(measure(arguments.measure)) + "\n")
        return
    runs: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for container in arguments.containers:
            found = []
            for rows in arguments.sizes:
                path = Path(folder) / f"trace.{container}"
                write_input(path, rows)
                found.append(in_own_process(path))
                runs.append({"container": container, "file_mb": path.stat().st_size / 1e6, **found[-1]})
                path.unlink()
            runs[-1]["exponent"] = slope(found)
    show(runs)
    if arguments.out:
        machine = {"platform": platform.platform(), "python": platform.python_version()}
        report = {"at": datetime.now(UTC).isoformat(), "machine": machine, "runs": runs}
        arguments.out.write_text(json.dumps(report, indent=2))


def show(runs: list[dict[str, object]]) -> None:
    """The figures as a table on stdout."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Reading as collect does, then classifying")
    names = [
        "container",
        "rows",
        "file_mb",
        "collect_s",
        "classify_s",
        "cpu_s",
        "rows_per_s",
        "rows_per_cpu_s",
        "peak_mb",
        "exponent",
    ]
    for name in names:
        table.add_column(name, justify="right")
    for run in runs:
        cells = [run.get(name) for name in names]
        table.add_row(*("" if c is None else f"{c:,.2f}" if isinstance(c, float) else f"{c}" for c in cells))
    Console(width=120).print(table)


if __name__ == "__main__":
    sys.path.insert(0, str(CHECKOUT))
    main()
