"""One cell that measures what a local device can do at most: the yardstick of its predictions."""

from __future__ import annotations

import time
from datetime import timedelta

from acceltrial.errors import TargetUnavailableError
from acceltrial.evidence.machine import describe_machine
from acceltrial.stats.quantiles import quantile_interval
from acceltrial.targets.peak import measure_peak
from stages.benchmark.outcome import Outcome
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.rows import RowMaker
from stages.contract import Cell, Context

PORTFOLIO = "(all)"
"""In the workload column of figures that belong to the machine and not to one workload."""


PEAK_METRICS = dict.fromkeys(("gemm_fp32_tflops", "gemm_bf16_tflops", "memory_read_gb_s"), ("p50", "max"))


def run_peak(cell: Cell, params: BenchmarkParams, context: Context) -> Outcome:
    """Matrix product rates by precision and the memory read rate, median and best."""
    device = cell.spec["option"]
    outcome, begun = Outcome(), time.monotonic()
    facts = describe_machine()
    context.progress(f"{device}: what the device can do at most")
    maker = RowMaker(
        workload=PORTFOLIO,
        option=device,
        phase="stack",
        model="none",
        precision="fp32",
        cell=cell.key,
        run=context.run,
        date=context.now,
        source="",
    )
    status, detail = "measured", ""
    try:
        peak = measure_peak(context.scratch / "peak", budget_s=params.probe_seconds)
    except TargetUnavailableError as error:
        status, detail = "unavailable", str(error)
        outcome.rows += maker.unknown(PEAK_METRICS, detail)
    else:
        flags = ", ".join(facts.get("cpu_flags", []))
        maker = maker.with_(source=f"{peak.source}; {facts.get('cpu_model', 'unknown CPU')} ({flags})")
        outcome.facts["peak"] = {
            "device": device,
            "gemm_tflops": {name: max(rates) / 1e12 for name, rates in peak.gemm_flops_per_s.items()},
            "memory_read_gb_s": max(peak.read_bytes_per_s) / 1e9,
            "memory_gb": facts.get("memory_gb"),
        }
        series = [
            (maker.with_(precision=name), f"gemm_{name}_tflops", [rate / 1e12 for rate in rates])
            for name, rates in peak.gemm_flops_per_s.items()
        ]
        series.append((maker, "memory_read_gb_s", [rate / 1e9 for rate in peak.read_bytes_per_s]))
        for one, metric, values in series:
            outcome.rows.append(one.estimate(metric, "p50", quantile_interval(values, 0.5)))
            outcome.rows.append(
                one.row(
                    metric,
                    "max",
                    max(values),
                    n=len(values),
                    reason="the best of the repetitions: no interval",
                )
            )
    outcome.close(
        cell.key,
        {"workload": PORTFOLIO, "option": device},
        phase="stack",
        status=status,
        detail=detail,
        started=context.now,
        finished=context.now + timedelta(seconds=time.monotonic() - begun),
        machine=context.machine or str(facts.get("cpu_model", "")),
        run=context.run,
    )
    return outcome
