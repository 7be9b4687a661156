"""One load run against a running server: the plan that all runs share, and what came of it in rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from acceltrial.load import LoadPlan, LoadResult, Schedule
from acceltrial.stats.quantiles import proportion_interval, rate_interval
from acceltrial.targets import RunningServer
from stages.benchmark.rows import Row, RowMaker

LATENCIES = ("ttft_ms", "ttft_from_intended_ms", "itl_ms", "tpot_ms", "e2e_ms", "e2e_from_intended_ms")
STREAMED = frozenset({"ttft_ms", "ttft_from_intended_ms", "itl_ms", "tpot_ms"})
SERVING_METRICS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(LATENCIES, ("p50", "p95", "p99", "mean")),
    "output_tokens_per_s": ("mean",),
    "requests_per_s": ("mean",),
    "failure_rate": ("rate",),
    "slo_attainment": ("rate",),
    "success_rate": ("rate",),
    "peak_memory_mb": ("max",),
}


@dataclass(frozen=True, slots=True)
class Demand:
    """What the workload asks of an answer.

    Attributes:
        streaming: whether answers are wanted token by token.
        slo: limits by metric, in ms; empty where the workload declares none.
    """

    streaming: bool
    slo: Mapping[str, float]

    @property
    def expression(self) -> str | None:
        """The limits as the load engine reads them."""
        return ",".join(f"{metric}<={limit:g}" for metric, limit in self.slo.items()) or None


def demand_of(needs: Mapping[str, Any], api: str) -> Demand:
    """The workload's limits, as far as they can be seen: no first token without a stream."""
    streaming = bool(needs["streaming"]) and api in {"completions", "chat"}
    limits: dict[str, float] = {}
    if streaming and needs["slo_ttft_ms"]:
        limits["ttft_from_intended_ms"] = needs["slo_ttft_ms"]
    if streaming and needs["slo_tpot_ms"]:
        limits["tpot_ms"] = needs["slo_tpot_ms"]
    if needs["slo_e2e_ms"]:
        limits["e2e_from_intended_ms"] = needs["slo_e2e_ms"]
    return Demand(streaming, limits)


def load(
    server: RunningServer,
    schedule: Schedule,
    demand: Demand,
    *,
    timeout_s: float,
    deadline_s: float,
    calibrate: bool,
    keep_text: bool = False,
    with_tokenizer: bool = False,
    warm_up: int = 0,
) -> LoadResult:
    """Drives the server with the schedule, greedily and with answers as long as asked where it can."""
    from acceltrial.load import run_load

    generates = server.api in {"completions", "chat"}
    body: dict[str, Any] = {"temperature": 0, **server.exact_length_fields} if generates else {}
    return run_load(
        LoadPlan(
            base_url=server.base_url,
            api=server.api,  # type: ignore[arg-type]
            model=server.model_name,
            schedule=schedule,
            stream=demand.streaming,
            timeout_s=timeout_s,
            slo=demand.expression,
            calibrate=calibrate,
            keep_text=keep_text,
            extra_body=body or None,
            extra_headers=dict(server.headers) or None,
            tokenizer=server.tokenizer_path if with_tokenizer else None,
            deadline_s=deadline_s,
            warm_up=warm_up,
            processes=1,
        )
    )


def rows_of(maker: RowMaker, result: LoadResult, demand: Demand) -> list[Row]:
    """Latencies, rates and failures of a run. Failed requests are counted and in no latency."""
    summary = result.summary
    rows: list[Row] = []
    for metric in LATENCIES:
        rows += maker.described(metric, summary[metric], _absent(metric, demand, summary))
    rows += [*_rates(maker, summary), *_shares(maker, summary, demand)]
    lag = summary["send_lag_ms"]
    pair = lag["intervals"].get("p99")
    few = f"{lag['n']} requests are too few for an interval of p99" if lag["n"] else "nothing was sent"
    rows.append(
        maker.row(
            "send_lag_ms",
            "p99",
            lag.get("p99"),
            n=lag["n"],
            interval=pair,
            level=lag["level"],
            method="binomial order statistics",
            reason="" if pair else few,
        )
    )
    return rows


def _absent(metric: str, demand: Demand, summary: Mapping[str, Any]) -> str:
    if not summary["requests"]["completed"]:
        return "no request was answered"
    if metric in STREAMED and not demand.streaming:
        return "the workload does not stream: no token is seen before the whole answer"
    return "the answers were too short to tell"


def _rates(maker: RowMaker, summary: Mapping[str, Any]) -> list[Row]:
    duration = summary["rate"]["duration_s"]
    completed = summary["requests"]["completed"]
    tokens = summary["tokens"]["output_tokens_per_s"]
    counted = summary["tokens"]["counted_by"]
    rows = [
        maker.row(
            "output_tokens_per_s",
            "mean",
            tokens,
            n=completed,
            reason=f"one run: no interval; counted by {counted}"
            if tokens
            else "the API writes no tokens, or none was counted",
        )
    ]
    if duration and completed:
        rows.append(maker.estimate("requests_per_s", "mean", rate_interval(completed, duration)))
    else:
        rows.append(maker.row("requests_per_s", "mean", None, reason="no request was answered"))
    return rows


def _shares(maker: RowMaker, summary: Mapping[str, Any], demand: Demand) -> list[Row]:
    requests = summary["requests"]
    errors = ", ".join(f"{name} {count}" for name, count in summary["errors"].items())
    rows = [
        maker.estimate(
            "failure_rate",
            "rate",
            proportion_interval(requests["failed"], requests["planned"]),
            source=errors,
        )
    ]
    level = summary["slo"]
    if level is None:
        rows.append(
            maker.row("slo_attainment", "rate", None, reason="the workload declares no latency target")
        )
        return rows
    pair = level["attainment_interval"]
    rows.append(
        maker.row(
            "slo_attainment",
            "rate",
            level["attainment"],
            n=requests["planned"],
            interval=pair,
            level=0.95,
            method="Clopper-Pearson",
            reason="" if pair else "no request was planned",
            source=f"target {demand.expression}, of all planned requests",
        )
    )
    return rows
