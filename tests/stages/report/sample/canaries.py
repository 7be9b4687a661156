"""What canary would write."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from tests.stages.report.sample.base import NOW, Sample


def add_canaries(s: Sample, text: str) -> None:
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
