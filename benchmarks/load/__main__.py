"""`python -m benchmarks.load`: reproduces the tables in README.md; raw records are kept.

    python -m benchmarks.load [--peers] [--quick] [--trace FILE] [--out DIR] [--repeats N]

With `--peers`, guidellm, aiperf and inference-perf are installed (once, outside the repository) and run too.
Writes results.json beside this file only with `--record`, so that a trial run changes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from acceltrial.evidence.machine import describe_machine
from benchmarks.load import chart, figures, table
from benchmarks.load.peers import compare

GOALS: dict[str, tuple[str, float]] = {
    "closed_rps": (">=", 2_000),
    "closed_share_of_bare": (">=", 0.85),
    "closed_cpu_s_per_1000": ("<=", 0.3),
    "ttft_error_p50_ms": ("<=", 0.2),
    "ttft_error_p99_ms": ("<=", 0.6),
    "itl_error_p99_ms": ("<=", 0.05),
    "lag_p99_ms": ("<=", 0.5),
    "rate_off_schedule": ("<=", 0.001),
    "start_to_first_request_s": ("<=", 1.0),
    "start_ahead_s": ("<=", 1.0),
    "peak_rss_mb": ("<=", 120),
    "replay_lag_p99_ms": ("<=", 2.0),
    "replay_failed": ("<=", 0),
}
KS_RATES = (50, 100, 200, 400, 800, 1_600)
CURVE_SLOW_RPS = 10


def repeated(
    measure: Callable[[int], dict[str, float]], repeats: int, into: dict[str, Any], prefix: str = ""
) -> None:
    """Median, extremes and load average of so many runs, told as they come."""
    runs = []
    for number in range(repeats):
        load = os.getloadavg()[0]
        figures_of_run = measure(number)
        runs.append(figures_of_run | {f"{next(iter(figures_of_run))}_at_load_average": load})
        shown = ", ".join(f"{name} {value:.4g}" for name, value in runs[-1].items())
        sys.stderr.write(f"{prefix}run {number + 1} of {repeats}: {shown}\n")
    for name in runs[0]:
        values = [run[name] for run in runs]
        into[prefix + name] = {
            "median": statistics.median(values),
            "low": min(values),
            "high": max(values),
            "runs": values,
        }


def curve_point(rate: int, quick: bool, raw: Path, number: int) -> dict[str, float]:
    """A slow rate is watched for longer: five requests have no 99th percentile."""
    seconds = 5.0 if quick or rate > CURVE_SLOW_RPS else 20.0
    return figures.open_loop(rate, seconds, number, raw / f"curve-{rate}-{number}.parquet")


def arrivals_point(rate: int, seeds: int, requests: int, raw: Path, _number: int) -> dict[str, float]:
    return figures.arrivals_test(rate, seeds, requests, raw)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="run guidellm, aiperf and inference-perf too")
    parser.add_argument("--only", help=f"some parts: {','.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="shorter runs, fewer of them")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--trace", type=Path, help="a trace to replay whole, twenty times as fast")
    parser.add_argument("--out", type=Path, default=Path(".acceltrial/benchmarks/load"), help="raw records")
    parser.add_argument("--record", action="store_true", help="write results.json beside the benchmark")
    given = parser.parse_args()
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    raw = given.out / stamp
    raw.mkdir(parents=True)
    wanted = given.only.split(",") if given.only else [*SECTIONS]
    if unknown := set(wanted) - set(SECTIONS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    found: dict[str, Any] = {}
    repeats = 1 if given.quick else given.repeats
    for name in wanted:
        SECTIONS[name](given, repeats, raw, found)
    peers = compare.main(raw / "peers", repeats, quick=given.quick) if given.peers else None
    report(found, peers, raw, stamp, record=given.record)


def start_section(_given: argparse.Namespace, repeats: int, _raw: Path, found: dict[str, Any]) -> None:
    repeated(lambda n: figures.start_up(), repeats, found)


def closed_section(given: argparse.Namespace, repeats: int, raw: Path, found: dict[str, Any]) -> None:
    requests = 5_000 if given.quick else 10_000
    repeated(lambda n: figures.closed_loop(256, requests, raw / f"closed-{n}.parquet"), repeats, found)


def open_section(given: argparse.Namespace, repeats: int, raw: Path, found: dict[str, Any]) -> None:
    seconds = 4.0 if given.quick else 10.0
    repeated(lambda n: figures.open_loop(400, seconds, 10 + n, raw / f"open-400-{n}.parquet"), repeats, found)


def curve_section(given: argparse.Namespace, _repeats: int, raw: Path, found: dict[str, Any]) -> None:
    for rate in table.CURVE_RATES:
        repeated(partial(curve_point, rate, given.quick, raw), 1, found, f"curve_{rate}_")
    (raw / "curve.svg").write_text(chart.curve_chart(found))


def arrivals_section(given: argparse.Namespace, _repeats: int, raw: Path, found: dict[str, Any]) -> None:
    for rate in KS_RATES:
        seeds, count = (3, 300) if given.quick else (10, min(1_000, rate * 4))
        repeated(partial(arrivals_point, rate, seeds, count, raw), 1, found)


def replay_section(given: argparse.Namespace, _repeats: int, raw: Path, found: dict[str, Any]) -> None:
    if given.trace:
        repeated(lambda n: figures.replay(given.trace, 20, raw / f"replay-{n}.parquet"), 1, found)


SECTIONS: dict[str, Callable[[argparse.Namespace, int, Path, dict[str, Any]], None]] = {
    "start": start_section,
    "closed": closed_section,
    "open": open_section,
    "curve": curve_section,
    "arrivals": arrivals_section,
    "replay": replay_section,
}


def report(
    found: dict[str, Any], peers: dict[str, Any] | None, raw: Path, stamp: str, *, record: bool
) -> None:
    """Prints each goal beside its median, and writes everything as JSON."""
    for name, (relation, goal) in GOALS.items():
        if name in found:
            value = found[name]["median"]
            reached = value >= goal if relation == ">=" else value <= goal
            print(f"{'reached' if reached else 'MISSED '}  {name} {value:.4g} (goal {relation} {goal:g})")
    if "ks_rejected_at_50" in found:
        rejected = sum(found[f"ks_rejected_at_{rate:g}"]["median"] for rate in KS_RATES)
        print(f"Kolmogorov–Smirnov at 5 %: {rejected:g} rejections over all rates and seeds")
    result = {"date": stamp, "machine": describe_machine(), "raw": str(raw), "figures": found, "peers": peers}
    print("\n".join(table.peer_rows(peers)) if peers else "the peers were not run: --peers")
    text = json.dumps(result, indent=1) + "\n"
    (raw / "results.json").write_text(text)
    if record:
        (Path(__file__).parent / "results.json").write_text(text)
        (Path(__file__).parent / "curve.svg").write_text(chart.curve_chart(found))
    print(f"raw records and results.json in {raw}")


if __name__ == "__main__":
    main()
