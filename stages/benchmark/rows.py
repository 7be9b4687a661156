"""Rows of the Measurements table, always with their reason where something is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from acceltrial.stats.quantiles import Estimate

Row = dict[str, Any]
STATISTICS = ("p50", "p95", "p99", "mean")
UNITS = {
    "_ms": "ms",
    "_tokens_per_s": "tokens/s",
    "_s": "s",
    "_rps": "requests/s",
    "_mb": "MB",
    "_mb_per_min": "MB/min",
    "_rate": "share",
    "_share": "share",
    "_w": "W",
    "_j": "J",
    "_mhz": "MHz",
    "_c": "°C",
    "_tokens": "tokens",
    "_tokens_own": "tokens",
    "_streams": "streams",
    "_vectors": "vectors",
}


@dataclass(frozen=True, slots=True)
class RowMaker:
    """What the rows of one cell and phase have in common."""

    workload: str
    option: str
    phase: str
    model: str
    precision: str
    cell: str
    run: str
    date: datetime
    source: str
    adjustments: str = ""
    valid: bool = True
    invalid_reason: str = ""
    grade: str = "measured"

    def with_(self, **changes: Any) -> RowMaker:
        """The same maker with some of its fields changed."""
        return replace(self, **changes)

    def row(
        self,
        metric: str,
        statistic: str,
        value: float | None,
        *,
        n: int | None = None,
        interval: Sequence[float] | None = None,
        level: float | None = None,
        method: str | None = None,
        reason: str = "",
        source: str = "",
    ) -> Row:
        """One row. A missing value, or one without interval, must come with its reason."""
        if value is None:
            interval = None
        if interval is None:
            level = method = None
        return {
            "workload": self.workload,
            "option": self.option,
            "phase": self.phase,
            "metric": metric,
            "statistic": statistic,
            "value": float(value) if value is not None else None,
            "unit": unit_of(metric),
            "n": n,
            "low": float(interval[0]) if interval is not None else None,
            "high": float(interval[1]) if interval is not None else None,
            "interval_level": level,
            "interval_method": method,
            "grade": self.grade,
            "source": f"{self.source}; {source}" if source else self.source,
            "date": self.date,
            "model": self.model,
            "precision": self.precision,
            "adjustments": self.adjustments,
            "valid": self.valid,
            "reason": "; ".join(text for text in (reason, self.invalid_reason) if text),
            "cell": self.cell,
            "run": self.run,
        }

    def estimate(self, metric: str, statistic: str, found: Estimate, *, source: str = "") -> Row:
        """The row of an estimate with its own interval or reason."""
        pair = (found.low, found.high) if found.low is not None and found.high is not None else None
        return self.row(
            metric,
            statistic,
            found.value,
            n=found.n,
            interval=pair,
            level=found.level,
            method=found.method,
            reason=found.reason if pair is None else "",
            source=source,
        )

    def described(self, metric: str, described: Mapping[str, Any], absent: str) -> list[Row]:
        """Rows p50, p95, p99 and mean of what `describe` found; `absent` says why there is none."""
        rows = []
        for statistic in STATISTICS:
            value = described.get(statistic)
            pair = (described.get("intervals") or {}).get(statistic)
            method = "Student t" if statistic == "mean" else "binomial order statistics"
            n = described.get("n")
            reason = absent if value is None else f"n = {n} is too few for an interval"
            rows.append(
                self.row(
                    metric,
                    statistic,
                    value,
                    n=n,
                    interval=pair,
                    level=described.get("level"),
                    method=method,
                    reason="" if pair else reason,
                )
            )
        return rows

    def unknown(self, metrics: Mapping[str, Sequence[str]], reason: str) -> list[Row]:
        """One empty row a metric and statistic, all with the same reason."""
        return [
            self.row(metric, statistic, None, reason=reason)
            for metric, statistics in metrics.items()
            for statistic in statistics
        ]


def unit_of(metric: str) -> str:
    """The unit that a metric's name carries."""
    if metric == "success_rate" or metric in {"failure_rate", "slo_attainment", "mfu", "final_loss"}:
        return "nats/token" if metric == "final_loss" else "share"
    named = {
        "kl_to_reference_nats": "nats/token",
        "recall_at_1": "share",
        "top1_agreement": "share",
        "output_tokens_per_s": "tokens/s",
        "training_tokens_per_s": "tokens/s",
        "requests_per_s": "requests/s",
        "energy_j_per_request": "J/request",
        "gemm_fp32_tflops": "TFLOPS",
        "gemm_bf16_tflops": "TFLOPS",
        "memory_read_gb_s": "GB/s",
        "flops_per_step": "operations",
        "checkpoint_mb": "MB",
    }
    if metric in named:
        return named[metric]
    return next((unit for ending, unit in UNITS.items() if metric.endswith(ending)), "")
