"""Plausible tables of a small portfolio, of an empty one, and of one with hostile texts."""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from acceltrial.storage.tables import write_table
from schemas.base import check_table, empty, table_of
from schemas.decision import CRITERIA, ROLES
from stages.contract import Inputs
from stages.report.tables import SOURCES

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\"' onload=x {{ 7*7 }} {% raw %} ../../etc\x0bé漢\u202e"

WORKLOADS = [
    ("support-chat", "Support chat", "chatbot", "inference", "customer_facing", "llama-3.1-8b"),
    ("reply-suggest", "Reply suggestions", "copilot", "inference", "customer_facing", "gemma-3-270m"),
    ("semantic-search", "Semantic search", "embedding", "inference", "exploratory", "all-minilm-l6-v2"),
    ("fraud-scoring", "Fraud scoring", "scoring", "inference", "mission_critical", "dlrm-fraud"),
    ("domain-finetune", "Domain fine-tune", "training", "training", "exploratory", "gemma-3-270m"),
    ("pump-monitoring", "Pump monitoring", "sensor", "inference", "mission_critical", "pump-snn"),
]
MEASURED = {
    "reply-suggest": ["local-llamacpp-q4", "local-torch-bf16"],
    "semantic-search": ["local-minilm-torch"],
    "domain-finetune": ["local-torch-training"],
}
ACCELERATORS = [
    ("h100-sxm", "NVIDIA", "gpu", "hopper", 80.0, 3350.0, 700.0),
    ("l40s", "NVIDIA", "gpu", "ada", 48.0, 864.0, 350.0),
    ("trn2", "AWS", "training_accelerator", "trainium2", 96.0, 2900.0, None),
    ("lpu-v1", "Groq", "inference_asic", "lpu", 0.23, 80000.0, 300.0),
    ("tpu-v6e", "Google", "tpu", "tpu-v6", 32.0, 1640.0, None),
    ("epyc-9654", "AMD", "cpu", "zen4", 768.0, 460.0, 360.0),
    ("loihi2", "Intel", "neuromorphic", "loihi", None, None, 1.0),
]


@dataclass
class Sample:
    """Rows by table name, filled step by step."""

    random: random.Random
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)


def sample_rows(
    *, seed: int = 7, hostile: bool = False, only: tuple[str, ...] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Rows of every table for the small portfolio, or `only` these workloads of it.

    With `hostile`, free texts hold markup.
    """
    sample = Sample(random.Random(seed))
    text = HOSTILE if hostile else ""
    _catalogue(sample, text)
    for entry in (w for w in WORKLOADS if not only or w[0] in only):
        _workload(sample, entry, text)
        _classify(sample, entry, text)
        _candidates(sample, entry, text)
        _measure(sample, entry, text)
        _decide(sample, entry, text)
    _canaries(sample, text)
    return sample.rows


def frames_of(rows: dict[str, list[dict[str, Any]]]) -> dict[str, pl.DataFrame]:
    """A checked frame for every table that the report reads; absent tables are empty."""
    return {
        source.name: check_table(
            source.schema,
            table_of(source.schema, rows[source.name]) if rows.get(source.name) else empty(source.schema),
            source.name,
        )
        for source in SOURCES
    }


def write_sample(root: Path, rows: dict[str, list[dict[str, Any]]]) -> Inputs:
    """The tables as files below `root`, as the stages would have written them."""
    frames = frames_of(rows)
    for source in SOURCES:
        stage = Path(source.path).parent.name
        provenance = {
            "stage": stage,
            "version": "1",
            "run": f"run-{stage}",
            "git_commit": "0123456789abcdef",
            "git_dirty": stage == "score",
            "written": NOW.isoformat(),
            "machine": "2 cores",
            "inputs": {"data/portfolio": "ab" * 32},
            "params": {"seed": 1, "nested": {"a": [1, 2]}},
            "code": "cd" * 32,
        }
        write_table(root / source.path, frames[source.name], provenance)
    return Inputs(root, SOURCES)


def _catalogue(s: Sample, text: str) -> None:
    for name, vendor, class_, family, memory, bandwidth, tdp in ACCELERATORS:
        s.add(
            "accelerators",
            accelerator=name,
            vendor=vendor + text,
            name=name.upper() + text,
            accelerator_class=class_,
            family=family,
            memory_gb=memory,
            memory_bw_gb_s=bandwidth,
            tdp_w=tdp,
            year=2024,
        )
        s.add(
            "accelerator_facts",
            accelerator=name,
            field="memory_gb",
            value=str(memory),
            unit="GB",
            source="vendor page",
            as_of="2026-10-01",
            confidence="high",
        )
        s.add(
            "prices",
            price=f"price-{name}",
            accelerator=name,
            provider="cloud" + text,
            region="eu-west-1",
            residency="eu",
            environment="public_cloud",
            accelerators_per_instance=1.0,
            model="on_demand",
            usd_per_accelerator_hour=s.random.uniform(0.5, 12),
            grade="published",
            source="price list",
            as_of="2026-10-01",
            confidence="high",
        )
    s.add(
        "models",
        model="gemma-3-270m",
        family="dense_llm",
        params_b=0.27,
        active_params_b=0.27,
        native_precision="bf16",
        source="model card",
        as_of="2026-09-01",
        confidence="high",
    )


def _workload(s: Sample, entry: tuple[str, ...], text: str) -> None:
    name, title, kind, phase, _, model = entry
    s.add(
        "workloads",
        workload=name,
        title=title + text,
        owner="Team " + name + text,
        kind=kind,
        phase=phase,
        business_action="resolved conversation" + text,
        actions_per_month=1e5,
        requests_per_action=3.0,
        success_definition="the customer does not come back" + text,
        streaming=True,
        slo_ttft_ms=500.0 if phase == "inference" else None,
        slo_tpot_ms=80.0 if kind in ("chatbot", "copilot") else None,
        slo_percentile=95.0,
        sensitivity="confidential",
        residency="eu",
        always_on=kind == "sensor",
        event_driven=kind == "sensor",
        model=model,
        trace=f"{name}-trace",
        training_steps_per_run=2000.0 if phase == "training" else None,
    )
    requests = 400 if phase == "inference" else 0
    clock = 0.0
    for index in range(requests):
        clock += s.random.expovariate(0.5 if (index // 60) % 2 else 2.0)
        s.add(
            "requests",
            workload=name,
            index=index,
            arrival_s=clock,
            input_tokens=s.random.randrange(20, 900),
            output_tokens=s.random.randrange(5, 300),
        )
    s.add(
        "trace_sources",
        workload=name,
        trace=f"{name}-trace",
        format="generated",
        origin="generated",
        rows_read=requests,
        rows_kept=requests,
        span_s=clock,
        grade="declared",
        licence="own",
        note="fitted to published statistics" + text,
    )
    s.add(
        "profiles",
        workload=name,
        kind=kind,
        api="completions" if phase == "inference" else "training",
        streaming=True,
        requests_n=requests,
        span_s=clock,
        rate_rps=requests / clock if clock else None,
        peak_rate_rps=3.1 if clock else None,
        interarrival_cv=1.7 if clock else None,
        idc_1s=1.4 if clock else None,
        idc_10s=4.8 if clock else None,
        idc_60s=19.2 if clock else None,
        input_tokens_p50=412.0 if clock else None,
        input_tokens_p95=871.0 if clock else None,
        output_tokens_p50=140.0 if clock else None,
        output_tokens_p95=None,
        batch_size=1,
        precisions="bf16|int4",
        metrics="ttft_ms|e2e_ms",
        slo_ttft_ms=500.0 if phase == "inference" else None,
        slo_percentile=95.0,
        slo_tpot_ms=80.0 if kind in ("chatbot", "copilot") else None,
    )
    if name == "support-chat":
        s.add(
            "collect_findings",
            stage="collect",
            subject_kind="workload",
            subject=name,
            finding="trace_generated",
            severity="warning",
            detail="no recorded trace was given" + text,
            remedy="record one" + text,
        )


def _classify(s: Sample, entry: tuple[str, ...], text: str) -> None:
    name, _, _, phase, bucket, _ = entry
    s.add(
        "classes",
        workload=name,
        criticality=bucket,
        phase=phase,
        family="dense_llm",
        shape="bursty",
        stability="stable",
        biggest_cost="decode",
        biggest_pain="slow first token",
    )
    s.add(
        "class_evidence",
        workload=name,
        attribute="shape",
        declared="steady",
        observed="bursty",
        decided="bursty",
        agreement="disagree",
        rule="idc_10s > 2" + text,
        evidence="IDC 4.8 over 10 s" + text,
    )
    s.add(
        "requirements",
        workload=name,
        criticality=bucket,
        requirement="rollback plan" + text,
        reason="bucket" + text,
    )
    s.add(
        "classify_findings",
        stage="classify",
        subject_kind="workload",
        subject=name,
        finding="shape_disagrees",
        severity="info",
        detail="declared steady, observed bursty",
        remedy="correct the declaration",
    )
    yes = name == "pump-monitoring"
    for criterion in ("always_on", "event_driven", "power_bound"):
        s.add(
            "neuromorphic_gate",
            workload=name,
            criterion=criterion,
            met=yes,
            verdict="yes" if yes else "no",
            evidence=("declared" if yes else "runs on demand") + text,
        )


def options_of(name: str) -> list[tuple[str, str | None, str, bool]]:
    """Option, accelerator, class and whether it is feasible."""
    found = []
    for accelerator, _, class_, _, memory, _, _ in ACCELERATORS:
        for count in (1, 2):
            feasible = (
                bool(memory and memory > 20) and class_ != "neuromorphic"
            ) or name == "pump-monitoring"
            found.append((f"{accelerator}-x{count}-bf16", accelerator, class_, feasible))
    return found + [(target, None, "cpu", True) for target in MEASURED.get(name, [])]


def _candidates(s: Sample, entry: tuple[str, ...], text: str) -> None:
    name = entry[0]
    for option, accelerator, class_, feasible in options_of(name):
        margin = s.random.uniform(0.1, 30) if feasible else -s.random.uniform(0.05, 0.99)
        s.add(
            "candidates",
            workload=name,
            option=option,
            option_kind="catalogue" if accelerator else "target",
            accelerator=accelerator,
            accelerator_class=class_,
            count=1,
            precision="bf16",
            feasible=feasible,
            binding_constraint="memory",
            margin=None if class_ == "neuromorphic" and not feasible else margin,
            memory_required_gb=17.2,
            memory_available_gb=80.0,
            reason="" if feasible else "too little memory" + text,
        )
        s.add(
            "constraints",
            workload=name,
            option=option,
            constraint="memory",
            required=17.2,
            available=17.2 * (1 + margin),
            unit="GB",
            margin=margin,
            verdict="pass" if feasible else "fail",
            reason="weights and KV cache",
        )


def _measure(s: Sample, entry: tuple[str, ...], text: str) -> None:
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


def _decide(s: Sample, entry: tuple[str, ...], text: str) -> None:
    name, _, _, phase, bucket, _ = entry
    feasible = [(o, a, c) for o, a, c, ok in options_of(name) if ok]
    local = [o for o, a, _ in feasible if a is None]
    ranked = local + [o for o, a, _ in feasible if a]
    s.add(
        "policy_verdicts", workload=name, rule="residency", outcome="deny", cases=4, detail="eu only" + text
    )
    s.add("policy_verdicts", workload=name, rule="residency", outcome="pass", cases=9, detail="")
    if name == "fraud-scoring":
        _undecided(s, name, ranked, text)
        return
    weight = 1.0
    for place, option in enumerate(ranked, start=1):
        measured = option in local
        weight *= 0.93
        _costs(s, name, option, phase, 0.4 * place, "measured" if measured else "predicted", text)
        s.add(
            "ranking",
            workload=name,
            option=option,
            score=0.8 * weight,
            rank=place,
            p_best=0.62 if place == 1 else 0.38 / len(ranked),
            rank_p5=float(max(1, place - 1)),
            rank_p95=float(place + 2),
            pareto=place < 4,
            vetoed=False,
            veto_reason="",
        )
        for criterion in CRITERIA:
            s.add(
                "scores",
                workload=name,
                option=option,
                criterion=criterion,
                value=s.random.uniform(0, 5),
                unit="points",
                bound_worst=0.0,
                bound_best=5.0,
                utility=s.random.random(),
                weight=1 / len(CRITERIA),
                grade="declared",
                evidence="catalogue" + text,
            )
        for role in ROLES:
            s.add(
                "role_ranking",
                workload=name,
                role=role,
                option=option,
                score=0.5,
                rank=place if role != "security" or place > 2 else 3 - place,
            )
    share = 0.6 if local else 0.0
    s.add(
        "decisions",
        workload=name,
        status="recommended",
        option=ranked[0],
        runner_up=ranked[1],
        score=0.744,
        margin=0.052,
        p_best=0.62 if local else 0.41,
        share_measured=share,
        share_published=0.1,
        share_predicted=0.8 - share,
        share_declared=0.1,
        disagreement="security would choose the runner-up" + text,
        flips_when="the price of the option rises by 31 %" + text,
        next_step="canary against the present path" + text,
    )
    s.add(
        "placements",
        workload=name,
        option=ranked[0],
        environment="public_cloud",
        region="eu-west-1",
        rule="residency-eu",
        reason="data stays in the EU" + text,
        fallback_option=ranked[1] if bucket != "exploratory" else None,
        fallback_reason="spills to the GPU pool"
        if bucket != "exploratory"
        else "exploratory work needs none",
    )
    _sheet(s, name, "approved" if name == "semantic-search" else "awaiting")
    _beside(s, name, ranked, text)


def _beside(s: Sample, name: str, ranked: list[str], text: str) -> None:
    """Total cost, flip conditions, security gates and the plan of a decision."""
    base = {"workload": name, "option": ranked[0]}
    lines = {"compute": 9000.0, "platform_engineering": 2880.0, "exit": 120.0, "carbon": None}
    for line, usd in [*lines.items(), ("total", 12_000.0)]:
        s.add(
            "tco", **base, variant="on_demand", allowed=True, line=line, usd=usd,
            low=None if usd is None else usd * 0.8, high=None if usd is None else usd * 1.3,
            share=None if usd is None else usd / 12_000, grade="declared", source="list" + text,
            as_of="2026-10",
            reason="" if usd is not None else "power is unknown" + text,
        )  # fmt: skip
    for kind, factor in (("price", 1.3), ("volume", 0.4), ("quality", None)):
        s.add(
            "flips", **base, kind=kind, key=f"{kind}.{name}", rival=ranked[1] if factor else None, today=2.0,
            flips_at=None if factor is None else 2 * factor, unit="USD", factor=factor,
            distance=None if factor is None else abs(math.log(factor)),
            reason="" if factor else "no such point" + text,
        )  # fmt: skip
        for option, slope in ((ranked[0], -0.2), (ranked[1], 0.0)) if factor else ():
            for at in (0.5, 1.0, 2.0):
                s.add(
                    "flip_lines", workload=name, kind=kind, option=option, factor=at, value=2 * at,
                    score=None if at == 2.0 else 0.6 + slope * at,
                )  # fmt: skip
    for gate, state in (("secrets", "met"), ("support_end", "expired"), ("image_signing", "open")):
        s.add(
            "security_gates", **base, gate=gate, state=state,
            evidence="" if state == "open" else "audit" + text,
            expires=None if state == "open" else "2027-01-01", reason="" if state == "met" else "why" + text,
        )  # fmt: skip
    for plan in ("recommended", "all_gpu"):
        for pool in (name, *(["total"] if name == "support-chat" else [])):
            s.add(
                "plan", plan=plan, pool=pool, accelerator=None if pool == "total" else "h100-sxm",
                environment=None if pool == "total" else "public_cloud", provider="cloud" + text,
                region="eu-1", price_model="on_demand", workloads=name, sharing="", spills_here="",
                accelerators_needed=1.0, accelerators_alone=8.0, accelerators_shared=4.0,
                accelerators_for_fallback=0.0,
                usd_saved_by_sharing=500.0, usd_per_month=900.0, low=800.0, high=1000.0,
                reason="critical" + text,
            )  # fmt: skip


def _undecided(s: Sample, name: str, options: list[str], text: str) -> None:
    for option in options:
        s.add(
            "ranking",
            workload=name,
            option=option,
            pareto=False,
            vetoed=True,
            veto_reason="residency: eu only" + text,
        )
    s.add(
        "decisions",
        workload=name,
        status="all_vetoed",
        share_measured=0.0,
        share_published=0.0,
        share_predicted=0.0,
        share_declared=0.0,
        disagreement="",
        flips_when="an EU offer appears",
        next_step="relax residency or find an offer",
    )
    s.add(
        "placements",
        workload=name,
        environment="none",
        region="none",
        rule="none",
        reason="no option",
        fallback_reason="none",
    )
    _sheet(s, name, "awaiting")


def _sheet(s: Sample, name: str, verdict: str) -> None:
    for role in ROLES:
        s.add(
            "sign_offs",
            workload=name,
            role=role,
            digest=hashlib.sha256(name.encode()).hexdigest(),
            verdict=verdict,
            signed_by="R. Viewer" if verdict == "approved" else None,
            signed_on="2026-11-20" if verdict == "approved" else None,
            comment="",
        )


def _costs(s: Sample, name: str, option: str, phase: str, scale: float, grade: str, text: str) -> None:
    metrics = (
        {
            "usd_per_1k_requests": 0.8,
            "usd_per_1k_successful_actions": 2.6,
            "usd_per_month": 900.0,
            "replicas": 1.0,
        }
        if phase == "inference"
        else {"usd_per_trained_step": 0.00021, "usd_per_month": 12.0}
    )
    for metric, base in metrics.items():
        value = None if metric == "replicas" and scale > 3 else base * scale
        s.add(
            "costs",
            workload=name,
            option=option,
            phase=phase,
            metric=metric,
            value=value,
            low=value * 0.8 if value else None,
            high=value * 1.3 if value else None,
            grade=grade,
            source="price list × rate",
            date=NOW,
            reason="" if value else "no capacity figure" + text,
        )


def _canaries(s: Sample, text: str) -> None:
    for name, purpose, verdict in (
        ("canary-1", "trial", "promote"),
        ("canary-2" + text, "demonstration", "rollback"),
    ):
        bad = verdict == "rollback"
        s.add(
            "canary_verdicts",
            canary=name,
            workload="reply-suggest",
            baseline="local-llamacpp-q4",
            candidate="local-torch-bf16",
            purpose=purpose,
            verdict=verdict,
            guardrail="latency" if bad else None,
            at_s=90.0,
            final_share=0.0 if bad else 1.0,
            reason=("latency evidence crossed its bound" if bad else "all steps passed") + text,
            started=NOW,
        )
        for look in range(10):
            share = (0.05, 0.05, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 1.0, 1.0)[look]
            if bad and look > 5:
                share = 0.0
            for arm in ("baseline", "canary"):
                s.add(
                    "canary_observations",
                    canary=name,
                    t_s=look * 10.0,
                    arm=arm,
                    share=share,
                    requests=40 * (look + 1),
                    failures=look // 4,
                    latency_p50_ms=200.0,
                    latency_p95_ms=410.0 + 30 * look * (arm == "canary") * bad,
                    ttft_p50_ms=80.0,
                    quality_mean=0.97 if look else None,
                )
            s.add(
                "canary_events",
                canary=name,
                sequence=look,
                t_s=look * 10.0,
                at=NOW + timedelta(seconds=10 * look),
                event="rollback" if bad and look == 6 else "look",
                share=share,
                guardrail="latency",
                evidence=1.6**look if bad else 0.4,
                bound=20.0,
                reason="looked" + text,
                previous_digest="a" * 64,
                digest=hashlib.sha256(f"{name}{look}".encode()).hexdigest(),
            )
