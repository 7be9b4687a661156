"""What benchmark would write."""

from __future__ import annotations

from datetime import timedelta

from tests.stages.report.sample.base import NOW, Sample, options_of


def add_measurements(s: Sample, entry: tuple[str, ...], text: str) -> None:
    name, _, _, phase, _, model = entry
    for option, accelerator, _, feasible in options_of(name):
        if not feasible:
            continue
        if accelerator is None:
            _measured_cell(s, name, option, phase, model, text)
            continue
        base = s.random.uniform(15, 700)
        metrics = (
            (("ttft_ms", base), ("e2e_ms", base * 9), ("tpot_ms", base / 9))
            if phase == "inference"
            else (("step_time_s", base / 200),)
        )
        for metric, value in metrics:
            _measurement(
                s,
                name,
                option,
                "predicted",
                metric,
                "p95" if phase == "inference" else "mean",
                value,
                grade="predicted",
                model=model,
                cell="predicted",
                spread=0.4,
            )
    s.add(
        "benchmark_cells",
        cell=f"{name}-predicted",
        workload=name,
        option="catalogue",
        phase="predicted",
        status="predicted",
        started=NOW,
        finished=NOW,
        machine="2 cores",
        detail="",
        run="run-benchmark",
    )


def _measured_cell(s: Sample, name: str, option: str, phase: str, model: str, text: str) -> None:
    phases = ("synthetic", "replay") if phase == "inference" else ("training",)
    for part in phases:
        cell = f"{name}.{option}.{part}"
        s.add(
            "benchmark_cells",
            cell=cell,
            workload=name,
            option=option,
            phase=part,
            status="measured",
            started=NOW,
            finished=NOW + timedelta(seconds=47),
            machine="2 cores",
            detail=text,
            run="run-benchmark",
        )
        if phase == "training":
            for metric, value, statistic in (
                ("step_time_s", 0.74, "p50"),
                ("mfu", 0.14, "mean"),
                ("final_loss", 2.3, "mean"),
            ):
                _measurement(s, name, option, part, metric, statistic, value, model=model, cell=cell)
            _measurement(
                s,
                name,
                option,
                part,
                "peak_memory_mb",
                "max",
                None,
                model=model,
                cell=cell,
                reason="not sampled",
            )
            continue
        base = s.random.uniform(60, 300)
        for metric, factor in (
            ("ttft_from_intended_ms", 1.0),
            ("itl_ms", 0.3),
            ("e2e_from_intended_ms", 12.0),
        ):
            for statistic, tail in (("p50", 1.0), ("p95", 2.4)):
                _measurement(
                    s,
                    name,
                    option,
                    part,
                    metric,
                    statistic,
                    base * factor * tail,
                    model=model,
                    cell=cell,
                    adjustments="thinned 1:14 by client" + text if part == "replay" else "",
                    valid=not (part == "synthetic" and option.endswith("bf16")),
                )
        _measurement(s, name, option, part, "failure_rate", "rate", 0.0, model=model, cell=cell)
        _measurement(s, name, option, part, "send_lag_ms", "p99", 0.21, model=model, cell=cell)
        _load_pages(s, name, option, part, model, cell)
        for index in range(60):
            sent = index * 0.5
            failed = index % 29 == 28
            took = base / 1000 * s.random.lognormvariate(1, 0.5)
            s.add(
                "request_records",
                cell=cell,
                index=index,
                intended_s=sent,
                sent_s=sent,
                bytes_received=100,
                first_token_s=None if failed else sent + took / 5,
                last_s=None if failed else sent + took,
                error_class="timeout" if failed else None,
            )
        s.add(
            "prediction_ledger",
            workload=name,
            option=option,
            model="m",
            precision="bf16",
            conditions="",
            widened=1.0,
            predictor="step-time model" + text,
            run="run-benchmark",
            metric="ttft_ms",
            statistic="p50",
            family="zen4",
            predicted=base * 1.2,
            low=base * 0.7,
            high=base * 1.9 if part == "replay" else base * 0.9,
            measured=base,
            error_share=0.2,
            covered=part == "replay",
            predicted_on=NOW,
            measured_on=NOW,
        )
    s.add(
        "benchmark_cells",
        cell=f"{name}.{option}.gpu",
        workload=name,
        option="vllm-h100",
        phase="replay",
        status="unavailable",
        started=NOW,
        finished=NOW,
        machine="2 cores",
        detail="connection refused" + text,
        run="run-benchmark",
    )


START_UP = {
    "process_start_s": 0.4, "model_load_cold_s": 2.9, "model_load_warm_s": 1.6, "first_request_s": 0.2,
    "scale_out_s": 2.2,
}  # fmt: skip
BREAKDOWN = {
    "client_wait": 0.3, "connect": 0.1, "tls": 0.0, "network": 0.05, "server_tokenise": 0.2, "queue": None,
    "prefill": 120.0, "decode": 300.0, "unexplained": 9.35, "total": 430.0,
}  # fmt: skip


def _load_pages(s: Sample, name: str, option: str, part: str, model: str, cell: str) -> None:
    """What the pages on the stack, the curves, the resources and the instrument are drawn from."""

    def add(phase: str, metric: str, statistic: str, value: float | None, reason: str = "") -> None:
        _measurement(
            s, name, option, phase, metric, statistic, value, model=model, cell=cell, reason=reason,
            valid=not (phase == "replay" and option.endswith("bf16")),
        )  # fmt: skip

    if part == "synthetic":
        for level, rate in ((1, 2.0), (2, 3.8), (4, 4.0)):
            add(part, "curve_requests_rps", f"c{level}", rate)
            add(part, "curve_output_tokens_per_s", f"c{level}", 10 * rate)
            add(part, "curve_tpot_p50_ms", f"c{level}", 30.0 * level)
        add(part, "knee_streams", "max", 2.0 if option.endswith("q4") else None, "the throughput still rose")
        return
    for metric, value in START_UP.items():
        add("stack", metric, "p50", value)
    for metric, value in BREAKDOWN.items():
        add("stack", f"breakdown_{metric}_ms", "mean", value, "the server does not report it")
    add("stack", "server_check_output_tokens", "server", 900.0)
    add("stack", "server_check_output_tokens", "client", 950.0)
    add("stack", "server_check_output_tokens", "agrees", 0.0)
    if option.endswith("torch"):
        add("stack", "retrieval_search_ms", "p50", 0.4)
    for statistic, error in (("p50", 0.1), ("p99", 0.4)):
        add(part, "instrument_ttft_error_ms", statistic, error)
    add(part, "client_cpu_share", "mean", 0.02)
    add(part, "memory_growth_mb_per_min", "mean", 1.5)
    add(part, "power_w", "mean", None, "energy method none: no meter")
    for second in range(0, 20, 5):
        s.add(
            "telemetry", cell=cell, source="server", metric="rss_mb", unit="MB", at_s=float(second),
            value=500.0 + second,
        )  # fmt: skip


def _measurement(
    s: Sample,
    workload: str,
    option: str,
    phase: str,
    metric: str,
    statistic: str,
    value: float | None,
    *,
    grade: str = "measured",
    model: str,
    cell: str,
    spread: float = 0.1,
    adjustments: str = "",
    valid: bool = True,
    reason: str = "",
) -> None:
    known = value is not None and value > 0
    unit = next(
        (u for suffix, u in (("_ms", "ms"), ("_mb", "MB"), ("_s", "s")) if metric.endswith(suffix)), "share"
    )
    s.add(
        "measurements",
        workload=workload,
        option=option,
        phase=phase,
        metric=metric,
        statistic=statistic,
        value=value,
        unit="" if metric == "final_loss" else unit,
        n=60 if grade == "measured" else None,
        low=value * (1 - spread) if known and value else None,
        high=value * (1 + spread) if known and value else None,
        interval_level=0.95 if known else None,
        interval_method="order statistics" if known else None,
        grade=grade,
        source="load engine" if grade == "measured" else "roofline",
        date=NOW,
        model=model,
        precision="bf16",
        adjustments=adjustments,
        valid=valid,
        reason=reason or ("" if known else "no failure was seen"),
        cell=cell,
        run="run-benchmark",
    )
