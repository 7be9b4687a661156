from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from acceltrial.traces import TraceStats
from stages.classify.findings import disagreements, gaps
from stages.classify.params import ClassifyParams
from stages.classify.ruling import Ruling

Make = Callable[..., dict[str, Any]]
P = ClassifyParams()


def _found(workload: dict[str, Any], model: dict[str, Any], stats: TraceStats | None) -> set[str]:
    rows = gaps(workload, model, stats, True, P)
    assert all(row["remedy"] and row["detail"] for row in rows)
    return {row["finding"] for row in rows}


def test_gaps_and_contradictions(workload: Make, model: Make, steady: TraceStats) -> None:
    right = workload(actions_per_month=2_600_000.0)
    assert _found(right, model(), steady) == set()
    assert "no_traffic" in _found(right, model(), None)
    assert "little_traffic" in _found(right, model(), replace(steady, rows=5))
    assert "volume_disagrees" in _found(workload(actions_per_month=1000.0), model(), steady)
    assert "no_target" in _found({**right, "slo_ttft_ms": None, "slo_tpot_ms": None}, model(), steady)
    assert "streaming_without_first_token" in _found({**right, "slo_ttft_ms": None}, model(), steady)
    assert "targets_contradict" in _found({**right, "slo_e2e_ms": 100.0}, model(), steady)
    assert "targets_contradict" in _found({**right, "slo_e2e_ms": 2000.0}, model(), steady)
    assert "prompt_exceeds_window" in _found(right, model(context_window=128), steady)


def test_only_disagreements_are_findings() -> None:
    rulings = [
        Ruling("criticality", "exploratory", "customer_facing", "customer_facing", "r", "e", note="do this"),
        Ruling("shape", "steady", "steady", "steady", "r", "e"),
        Ruling("stability", None, "stable", "stable", "r", "e"),
    ]
    (row,) = disagreements("w", rulings)
    assert (row["finding"], row["severity"], row["remedy"]) == ("criticality_disagrees", "warning", "do this")
