"""Each figure of the load benchmark, measured once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from acceltrial.load import LoadPlan, Reference, Schedule, serve_reference
from acceltrial.load.calibrate import Calibration, busiest_share, compare
from acceltrial.load.precedence import take_precedence
from acceltrial.load.reference_server import Behaviour
from acceltrial.load.run import Drive, drive
from acceltrial.storage.tables import write_table

HERE = Path(__file__).parent
FAST = Behaviour(ttft_ms=20.0, itl_ms=5.0, tokens=16)
TOKENS = 16
WORDS = 32


def plan(reference: Reference, schedule: Schedule) -> LoadPlan:
    return LoadPlan(reference.base_url, "completions", "reference", schedule, timeout_s=60.0)


def poisson(rate: float, seconds: float, seed: int, tokens: int = TOKENS) -> Schedule:
    return Schedule.open_loop(
        "poisson", rate_rps=rate, duration_s=seconds, input_tokens=WORDS, output_tokens=tokens, seed=seed
    )


def measured(schedule: Schedule, raw: Path) -> tuple[Drive, Calibration, dict[str, Any]]:
    """Drives the reference server, keeps the raw records, compares with what the server did."""
    with serve_reference(FAST) as reference:
        reference.reset()
        driven = drive(plan(reference, schedule))
        log = reference.log()
    write_table(raw, driven.records)
    served = pl.DataFrame(
        {
            "request": [one.request_id for one in log["requests"]],
            "read_ns": [one.read_ns for one in log["requests"]],
            "written_ns": [list(one.written_ns) for one in log["requests"]],
        }
    )
    write_table(raw.with_name(f"{raw.stem}-server.parquet"), served)
    return driven, compare(driven, log["requests"], stream=True), log


def closed_loop(streams: int, requests: int, raw: Path) -> dict[str, float]:
    """Our requests a second and CPU, against a bare asyncio client right before and after."""
    before = bare(streams, requests)
    schedule = Schedule.closed_loop(streams, requests=requests, input_tokens=WORDS, output_tokens=TOKENS)
    driven, _, _ = measured(schedule, raw)
    after = bare(streams, requests)
    loop_s = sum(float(one["loop_cpu_s"]) for one in driven.stats)
    rps = requests / float(driven.records["last_s"].max())  # type: ignore[arg-type]
    bare_rps = (before["rps"] + after["rps"]) / 2
    return {
        "closed_rps": rps,
        "closed_bare_rps": bare_rps,
        "closed_share_of_bare": rps / bare_rps,
        "closed_cpu_s_per_1000": loop_s * 1_000 / requests,
        "closed_bare_cpu_s_per_1000": (before["cpu_s_per_1000"] + after["cpu_s_per_1000"]) / 2,
        "closed_failed": float(driven.records["error_class"].is_not_null().sum()),
        "closed_peak_rss_mb": float(driven.stats[0]["peak_rss_mb"]),
    }


def bare(streams: int, requests: int) -> dict[str, float]:
    with serve_reference(FAST) as reference:
        command = [
            sys.executable,
            str(HERE / "bare_client.py"),
            str(reference.port),
            str(streams),
            str(requests),
        ]
        found: dict[str, float] = json.loads(subprocess.check_output(command))
        return found


def open_loop(rate: float, seconds: float, seed: int, raw: Path) -> dict[str, float]:
    """Errors, lag and rate of a Poisson run."""
    schedule = poisson(rate, seconds, seed)
    driven, error, _ = measured(schedule, raw)
    sent = driven.records["sent_s"].drop_nulls().to_numpy()
    achieved, wanted = len(sent) / sent.max(), schedule.rate_rps
    assert wanted is not None
    return {
        "ttft_error_p50_ms": quantile(error.ttft_error_ms, 0.5),
        "ttft_error_p99_ms": quantile(error.ttft_error_ms, 0.99),
        "itl_error_p99_ms": quantile(error.itl_error_ms, 0.99),
        "lag_p50_ms": quantile(error.lag_ms, 0.5),
        "lag_p99_ms": quantile(error.lag_ms, 0.99),
        "rate_off_schedule": abs(achieved / wanted - 1),
        "ks_p_value": float(stats.kstest(np.diff(np.sort(sent)) * rate, "expon").pvalue),
        "rate_off_asked_in_sd": (len(sent) - rate * seconds) / (rate * seconds) ** 0.5,
        "failed": float(error.failed),
        "cpu_share": busiest_share(driven),
        "cpu_s_per_1000": sum(float(s["loop_cpu_s"]) for s in driven.stats) * 1_000 / len(schedule),
        "peak_rss_mb": float(driven.stats[0]["peak_rss_mb"]),
    }


def arrivals_test(rate: float, seeds: int, requests: int, folder: Path) -> dict[str, float]:
    """How many runs fail a Kolmogorov–Smirnov test, at 5 %, of their sent gaps against Exp(rate)."""
    p_sent, p_planned = [], []
    for seed in range(seeds):
        schedule = Schedule.open_loop(
            "poisson", rate_rps=rate, requests=requests, input_tokens=WORDS, output_tokens=1, seed=100 + seed
        )
        driven, _, _ = measured(schedule, folder / f"ks-{rate:g}-{seed}.parquet")
        sent = np.sort(driven.records["sent_s"].drop_nulls().to_numpy())
        p_sent.append(stats.kstest(np.diff(sent) * rate, "expon").pvalue)
        p_planned.append(stats.kstest(np.diff(schedule.intended_s) * rate, "expon").pvalue)
    return {
        f"ks_rejected_at_{rate:g}": float(sum(p < 0.05 for p in p_sent)),
        f"ks_schedule_rejected_at_{rate:g}": float(sum(p < 0.05 for p in p_planned)),
    }


def start_up() -> dict[str, float]:
    """Start-up as an ordinary process, and with precedence (what a machine with nothing else to do gives)."""
    return {
        "start_to_first_request_s": _start_up(None, "--no-calibrate"),
        "start_ahead_s": _start_up(take_precedence, "--no-calibrate"),
        "start_calibrated_s": _start_up(None, "--calibrate"),
    }


def _start_up(before: Callable[[], object] | None, calibrate: str) -> float:
    """Seconds from starting the command to the first request read, the probe of token counts included."""
    with serve_reference(FAST) as reference:
        reference.reset()
        begun = time.monotonic_ns()
        command = [sys.executable, "-m", "acceltrial.cli", "bench", reference.base_url, "--rate", "50"]
        options = ["--requests", "20", "--output-tokens", "16", calibrate, "--json"]
        subprocess.run([*command, *options], check=True, capture_output=True, preexec_fn=before)
        reads = {one.request_id: one.read_ns for one in reference.log()["requests"]}
    return float(reads["0"] - begun) / 1e9


def replay(trace: Path, warp: float, raw: Path, most: int | None = None) -> dict[str, float]:
    """The whole trace, so many times as fast: lag and losses."""
    from acceltrial.load.from_trace import schedule_from_trace

    schedule = schedule_from_trace(trace, warp=warp, requests=most)
    driven, error, log = measured(schedule, raw)
    return {
        "replay_requests": float(len(schedule)),
        "replay_span_s": schedule.span_s,
        "replay_failed": float(error.failed),
        "replay_served": float(len(log["requests"])),
        "replay_lag_p99_ms": quantile(error.lag_ms, 0.99),
        "replay_ttft_error_p99_ms": quantile(error.ttft_error_ms, 0.99),
        "replay_peak_rss_mb": float(driven.stats[0]["peak_rss_mb"]),
    }


def quantile(values: Any, q: float) -> float:
    return float(np.quantile(values, q)) if len(values) else float("nan")
