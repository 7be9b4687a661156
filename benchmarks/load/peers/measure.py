"""The figures of one tool in one repeat: its own report held against the reference server's log."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from acceltrial.load import serve_reference
from acceltrial.load.reference import Answered
from benchmarks.load.figures import FAST
from benchmarks.load.peers.install import tokenizer_cache
from benchmarks.load.peers.tools import Report, Scenario, Tool
from benchmarks.load.peers.watch import Watched, watch

Floats = npt.NDArray[np.float64]
STREAMS, RATE_RPS = 256, 400.0
_KS_GAPS = 1_000
_LIMIT_S = 300.0
_CAP_SYS_NICE, _PR_CAPBSET_DROP = 23, 24


def environment() -> dict[str, str]:
    """Offline, with the tokenizer in reach, and nothing sent home."""
    return {
        "HF_HUB_CACHE": str(tokenizer_cache()),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "DO_NOT_TRACK": "1",
        "NO_COLOR": "1",
    }


def as_ordinary_user() -> None:
    """Takes from a child the right to run ahead of others, which root has and users have not."""
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_SYS_NICE, 0, 0, 0)


class Bench:
    """Runs one tool; every run has a folder with its log, its report and the server's log."""

    def __init__(
        self, tool: Tool, program: Path, raw: Path, before: Callable[[], object] | None = None
    ) -> None:
        self.tool, self.program, self.raw, self.before = tool, program, raw, before

    def run(self, scenario: Scenario, name: str) -> tuple[Watched, list[Answered], Path]:
        """One run against a fresh server. Raises RunFailed."""
        folder = (self.raw / name).resolve()
        folder.mkdir(parents=True)
        with serve_reference(FAST) as reference:
            reference.reset()
            url = reference.base_url.removesuffix("/v1")
            command = self.tool.command(self.program, url, scenario, folder)
            watched = watch(
                command, environment(), folder / "output.txt", limit_s=_LIMIT_S, before=self.before
            )
            answered = sorted(reference.log()["requests"], key=lambda one: one.read_ns)
        served = [[one.request_id, one.read_ns, list(one.written_ns)] for one in answered]
        (folder / "server.json").write_text(json.dumps(served))
        # What a tool asks before the load (a check of the server, a probe of its tokens) is no part of it.
        return watched, answered[-scenario.requests :], folder

    def closed(self, few: int, many: int, repeat: int) -> dict[str, float]:
        """Requests a second of the longer run, and CPU a further 1,000 requests cost beyond the shorter."""
        short, *_ = self.run(Scenario(few, streams=STREAMS), f"closed-short-{repeat}")
        watched, answered, _ = self.run(Scenario(many, streams=STREAMS), f"closed-{repeat}")
        span_s = (max(one.written_ns[-1] for one in answered) - answered[0].read_ns) / 1e9
        return {
            "closed_rps": len(answered) / span_s,
            "marginal_cpu_s_per_1000": (watched.cpu_s - short.cpu_s) * 1_000 / (many - few),
        }

    def poisson(self, seconds: float, repeat: int) -> dict[str, float | None]:
        """Errors, lag, arrivals, start-up and memory at 400 requests/s."""
        scenario = Scenario(round(seconds * RATE_RPS), rate_rps=RATE_RPS, seed=repeat)
        watched, answered, folder = self.run(scenario, f"poisson-{repeat}")
        report = self.tool.read(folder)
        return {
            **errors(report, answered),
            **arrivals(answered),
            "start_to_first_request_s": (answered[0].read_ns - watched.started_ns) / 1e9,
            "start_to_end_beyond_load_s": watched.wall_s - span_s(answered),
            "peak_rss_mb": watched.peak_rss_mb,
            "peak_pss_mb": watched.peak_pss_mb,
        }


def span_s(answered: list[Answered]) -> float:
    """Seconds from the first request read to the last token written."""
    return (max(one.written_ns[-1] for one in answered) - answered[0].read_ns) / 1e9


def errors(report: Report, answered: list[Answered]) -> dict[str, float | None]:
    """What the tool reports minus what the server did, absolute, milliseconds.

    Joined by request id where the tool sends one, else by the order in which requests started: the server
    takes the same 20 ms for all, so that two requests swapped change nothing that matters.
    """
    pairs = list(_joined(report, answered))
    served_ttft = np.array([(one.written_ns[0] - one.read_ns) / 1e6 for _, one in pairs])
    told_ttft = np.array([report.ttft_ms[i] for i, _ in pairs])
    wrong = np.abs(told_ttft - served_ttft)
    lag = report.lag_p99_ms
    if report.lag_ms is not None:
        lag = _p(report.lag_ms, 0.99)
    return {
        "reported_ttft_p50_ms": _p(told_ttft, 0.5),
        "reported_ttft_p99_ms": _p(told_ttft, 0.99),
        "server_ttft_p99_ms": _p(served_ttft, 0.99),
        "ttft_error_p50_ms": _p(wrong, 0.5),
        "ttft_error_p99_ms": _p(wrong, 0.99),
        "itl_error_p99_ms": _token_error_p99(report, pairs),
        "mean_itl_error_p99_ms": _mean_error_p99(report, pairs),
        "lag_p99_ms": lag,
        "requests": float(len(answered)),
        "lost": float(len(answered) - len(pairs)),
    }


def _joined(report: Report, answered: list[Answered]) -> Any:
    if report.ids is not None:
        by_id = {one.request_id: one for one in answered}
        return ((i, by_id[name]) for i, name in enumerate(report.ids) if name in by_id)
    count = min(len(report.order), len(answered))
    return zip(np.argsort(report.order, kind="stable")[-count:], answered[-count:], strict=True)


def _token_error_p99(report: Report, pairs: list[tuple[int, Answered]]) -> float | None:
    """Of the gaps between tokens; None where the tool keeps none, or another number than was written."""
    if not report.gaps_ms:
        return None
    wrong = [
        np.abs(report.gaps_ms[i] - np.diff(np.asarray(one.written_ns)) / 1e6)
        for i, one in pairs
        if len(report.gaps_ms[i]) == len(one.written_ns) - 1
    ]
    return _p(np.concatenate(wrong), 0.99) if wrong else None


def _mean_error_p99(report: Report, pairs: list[tuple[int, Answered]]) -> float:
    wrong = [
        abs(report.mean_gap_ms[i] - np.diff(np.asarray(one.written_ns)).mean() / 1e6) for i, one in pairs
    ]
    return _p(np.array(wrong), 0.99)


def arrivals(answered: list[Answered]) -> dict[str, float | None]:
    """The rate that reached the server, and whether its gaps are those of a Poisson process of that rate."""
    at_s = np.array([one.read_ns for one in answered]) / 1e9
    gaps = np.diff(at_s)
    return {
        "achieved_over_asked": float(len(gaps) / (at_s[-1] - at_s[0]) / RATE_RPS),
        "ks_p_value": float(stats.kstest(gaps[:_KS_GAPS] * RATE_RPS, "expon").pvalue),
        "ks_p_value_own_rate": float(stats.kstest(gaps[:_KS_GAPS] / gaps[:_KS_GAPS].mean(), "expon").pvalue),
    }


def _p(values: Floats, q: float) -> float:
    return float(np.quantile(values, q)) if len(values) else float("nan")
