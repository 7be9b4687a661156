"""What a workload costs most, and what its users suffer most."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from acceltrial.traces.statistics import TraceStats
from stages.classify.ruling import Found, Ruling

_IDLE_BELOW: Final = 0.1
_PEAK_FACTOR: Final = 3.0
_REPEATED: Final = 0.3
_TIGHT_TTFT_MS: Final = 500.0

COSTS: Final[dict[str, str]] = {
    "training_compute": r"train|step|fine.?tun|epoch|compute hours",
    "energy": r"energy|power|watt|joule|batter",
    "idle_capacity": r"idle|unused|idles|stand.?by|under.?used",
    "peak_capacity": r"peak|burst|reserve|held back|headroom",
    "repeated_context": r"context|resent|repeat|prefix|cache|history",
    "decode_time": r"output|decode|generat|answer",
    "prefill_compute": r"prompt|prefill|input|document|pages",
    "request_overhead": r"per request|call|overhead|lookup|memory",
}
"""Vocabulary, with the words by which a declaration in prose is recognised."""

PAINS: Final[dict[str, str]] = {
    "outage": r"outage|down|unavailab|missed (decision|fraud)|block|declin|lost|fraud",
    "power_budget": r"batter|power|watt|energy",
    "friction": r"quota|queue for|access|friction|set.?up|free (gpu|machine|slot)|no (gpu|machine)",
    "late_result": r"deadline|overnight|morning|late result|not ready|days?\b|hours?\b",
    "first_token": r"first token|first word|before (it|the answer) starts|typing|typed|start",
    "slow_stream": r"stream|token by token|trickl|per token|reading speed",
    "slow_answer": r"slow|latenc|wait|lag|delay|time.?out|too late|too long|takes",
}


_KIN: Final = (
    {"first_token", "slow_stream", "slow_answer", "late_result"},
    {"prefill_compute", "repeated_context"},
    {"idle_capacity", "peak_capacity"},
)
"""Entries too near to one another for prose to disagree with."""


def cost_ruling(workload: Mapping[str, Any], stats: TraceStats | None, concurrency: float | None) -> Ruling:
    """The biggest cost: as declared, beside what volume, lengths and kind show."""
    return _ruling(
        "biggest_cost", workload["declared_biggest_cost"], _cost(workload, stats, concurrency), COSTS
    )


def pain_ruling(workload: Mapping[str, Any], criticality: str) -> Ruling:
    """The biggest pain of the users: as declared, beside what the latency targets and the kind show."""
    return _ruling("biggest_pain", workload["declared_biggest_pain"], _pain(workload, criticality), PAINS)


def _ruling(attribute: str, declared: str | None, found: Found, words: Mapping[str, str]) -> Ruling:
    if declared is None:
        return Ruling(attribute, None, found.value, found.value, found.rule, found.evidence)
    known = recognise(declared, words)
    if known is None:
        return Ruling(
            attribute, declared, None, declared, f"{attribute}.declared",
            f"the owner's words; the figures point to {found.value} ({found.evidence})",
        )  # fmt: skip
    near = any({known, found.value} <= kin for kin in _KIN)
    return Ruling(
        attribute, known, found.value, declared, f"{attribute}.declared",
        f"the owner's words, read as {known}; {found.rule}: {found.evidence}",
        note=f"the figures point to {found.value}: check both before money is spent on the declared one",
        kin=near,
    )  # fmt: skip


def recognise(text: str, words: Mapping[str, str]) -> str | None:
    """The entry of the vocabulary that prose most likely means, None when it names none."""
    lowered = text.lower()
    if lowered in words:
        return lowered
    return next((name for name, pattern in words.items() if re.search(pattern, lowered)), None)


def _cost(workload: Mapping[str, Any], stats: TraceStats | None, concurrency: float | None) -> Found:
    if workload["phase"] == "training":
        return Found("training_compute", "biggest_cost.training", "training runs cost by the step")
    if workload["kind"] == "sensor" or workload["power_budget_w"] is not None:
        return Found("energy", "biggest_cost.power-bound", "an always-on device is bound by its power")
    if stats is None or stats.rate_rps is None:
        return Found("idle_capacity", "biggest_cost.no-traffic", "no traffic is known: capacity would idle")
    if concurrency is not None and concurrency < _IDLE_BELOW and workload["deadline_h"] is None:
        return Found(
            "idle_capacity", "biggest_cost.low-concurrency",
            f"{concurrency:.2g} requests at a time on average (idle below {_IDLE_BELOW:g})",
        )  # fmt: skip
    peak = (stats.peak_rate_rps or stats.rate_rps) / stats.rate_rps
    if peak >= _PEAK_FACTOR and workload["deadline_h"] is None:
        return Found(
            "peak_capacity", "biggest_cost.peak-to-mean",
            f"the peak minute has {peak:.1f} × the mean rate (from {_PEAK_FACTOR:g})",
        )  # fmt: skip
    return _token_cost(stats)


def _token_cost(stats: TraceStats) -> Found:
    mean_in, mean_out = stats.input_tokens.mean or 0.0, stats.output_tokens.mean or 0.0
    if (stats.prefix_share or 0.0) >= _REPEATED:
        return Found(
            "repeated_context", "biggest_cost.prefix-share",
            f"{stats.prefix_share:.0%} of the prompt tokens repeat an earlier prompt (from {_REPEATED:.0%})",
        )  # fmt: skip
    if mean_in == 0 and mean_out == 0:
        return Found(
            "request_overhead", "biggest_cost.no-tokens", f"{stats.rate_rps:.3g} requests/s, no tokens"
        )
    # An output token costs a pass over the weights for few sequences; hosted services price it 3 to 5 times.
    if mean_out * 4 >= mean_in and mean_out > 0:
        return Found(
            "decode_time", "biggest_cost.output-tokens",
            f"{mean_out:.0f} output tokens a request, weighed 4 : 1 against {mean_in:.0f} prompt tokens",
        )  # fmt: skip
    return Found(
        "prefill_compute", "biggest_cost.input-tokens",
        f"{mean_in:.0f} prompt tokens a request against {mean_out:.0f} output tokens weighed 4 : 1",
    )  # fmt: skip


def _pain(workload: Mapping[str, Any], criticality: str) -> Found:
    ttft, tpot, whole = workload["slo_ttft_ms"], workload["slo_tpot_ms"], workload["slo_e2e_ms"]
    if criticality == "mission_critical":
        return Found(
            "outage", "biggest_pain.mission-critical", "an outage or a missed decision is felt at once"
        )
    if criticality == "exploratory" and workload["deadline_h"] is None:
        return Found(
            "friction", "biggest_pain.exploratory", "nobody depends on it: getting access is what hurts"
        )
    if workload["power_budget_w"] is not None:
        return Found(
            "power_budget", "biggest_pain.power", f"{workload['power_budget_w']:g} W are all there is"
        )
    if workload["deadline_h"] is not None and ttft is None and whole is None:
        return Found(
            "late_result", "biggest_pain.deadline", f"results are due in {workload['deadline_h']:g} h"
        )
    if workload["streaming"] and ttft is not None and (ttft <= _TIGHT_TTFT_MS or tpot is None):
        return Found("first_token", "biggest_pain.first-token", f"the first token is due in {ttft:g} ms")
    if workload["streaming"] and tpot is not None:
        return Found("slow_stream", "biggest_pain.per-token", f"each token is due in {tpot:g} ms")
    if whole is not None or ttft is not None:
        return Found("slow_answer", "biggest_pain.latency", f"the answer is due in {whole or ttft:g} ms")
    return Found("friction", "biggest_pain.no-target", "nothing is promised: getting access is what hurts")
