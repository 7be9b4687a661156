"""What collect, classify and map_hardware would write."""

from __future__ import annotations

from tests.stages.report.sample.base import ACCELERATORS, Sample, options_of


def add_catalogue(s: Sample, text: str) -> None:
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


def add_workload(s: Sample, entry: tuple[str, ...], text: str) -> None:
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


def add_classes(s: Sample, entry: tuple[str, ...], text: str) -> None:
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


def add_candidates(s: Sample, entry: tuple[str, ...], text: str) -> None:
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
