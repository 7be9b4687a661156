"""What a person should look at: disagreements, gaps and contradictions, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from acceltrial.traces.statistics import TraceStats
from stages.classify.params import ClassifyParams
from stages.classify.ruling import Ruling

_MONTH_S: Final = 30.44 * 86_400
_TOKEN_KINDS: Final = frozenset({"chatbot", "copilot", "batch", "agent", "sandbox", "multimodal"})
_SERIOUS: Final = frozenset({"criticality", "shape", "phase"})


def finding(workload: str, name: str, severity: str, detail: str, remedy: str) -> dict[str, Any]:
    """A row of Findings."""
    return {
        "stage": "classify",
        "subject_kind": "workload",
        "subject": workload,
        "finding": name,
        "severity": severity,
        "detail": detail,
        "remedy": remedy,
    }


def disagreements(workload: str, rulings: Iterable[Ruling]) -> list[dict[str, Any]]:
    """One finding for every attribute on which declaration and observation differ."""
    return [
        finding(
            workload,
            f"{ruling.attribute}_disagrees",
            "warning" if ruling.attribute in _SERIOUS else "info",
            f"declared {ruling.declared}, observed {ruling.observed}, {ruling.decided} counts"
            f" ({ruling.rule}): {ruling.evidence}",
            ruling.note or "correct the declaration, or the facts that the rule names",
        )
        for ruling in rulings
        if ruling.agreement == "disagree"
    ]


def gaps(
    workload: Mapping[str, Any],
    model: Mapping[str, Any],
    stats: TraceStats | None,
    recorded: bool,
    params: ClassifyParams,
) -> list[dict[str, Any]]:
    """What is missing or contradicts itself in the declaration and the trace."""
    name = str(workload["workload"])
    found = [*_traffic_gaps(workload, stats, params), *_target_gaps(workload)]
    if stats is not None:
        found += _length_gaps(workload, model, stats)
        found += _volume_gap(workload, stats, recorded, params)
    return [finding(name, *item) for item in found]


_Item = tuple[str, str, str, str]


def _traffic_gaps(
    workload: Mapping[str, Any], stats: TraceStats | None, params: ClassifyParams
) -> list[_Item]:
    if stats is None or stats.rows == 0:
        return [("no_traffic", "warning", f"the trace {workload['trace']} has no request of this workload",
                 "record a trace, or describe the traffic with `generate`")]  # fmt: skip
    if stats.rows < params.min_requests and workload["phase"] == "inference":
        return [("little_traffic", "warning", f"{stats.rows} requests tell neither shape nor tails",
                 f"record at least {params.min_requests} requests")]  # fmt: skip
    return []


def _target_gaps(workload: Mapping[str, Any]) -> list[_Item]:
    found: list[_Item] = []
    targets = [workload[key] for key in ("slo_ttft_ms", "slo_tpot_ms", "slo_e2e_ms")]
    deadline = workload["deadline_h"]
    if (
        workload["phase"] == "inference"
        and workload["kind"] != "sandbox"
        and not any(targets)
        and deadline is None
    ):
        found.append(("no_target", "warning", "neither a latency target nor a deadline is declared",
                      "declare `latency`: without it no option can be called too slow"))  # fmt: skip
    if workload["streaming"] and workload["slo_ttft_ms"] is None and workload["kind"] in _TOKEN_KINDS:
        found.append(("streaming_without_first_token", "info",
                      "answers are streamed without a first-token target",
                      "declare `latency.first_token`: it is what users of a stream feel"))  # fmt: skip
    ttft, whole = workload["slo_ttft_ms"], workload["slo_e2e_ms"]
    if ttft is not None and whole is not None and ttft > whole:
        found.append(("targets_contradict", "error",
                      f"the first token may take {ttft:g} ms, the whole answer only {whole:g} ms",
                      "correct `latency.first_token` or `latency.end_to_end`"))  # fmt: skip
    return found


def _length_gaps(workload: Mapping[str, Any], model: Mapping[str, Any], stats: TraceStats) -> list[_Item]:
    found: list[_Item] = []
    longest, window = stats.input_tokens.maximum, model["context_window"]
    if longest is not None and window is not None and longest > window:
        found.append(("prompt_exceeds_window", "warning",
                      f"the longest prompt has {longest:,} tokens, {model['model']} takes {window:,}",
                      "choose a model with a longer window, or prune the context"))  # fmt: skip
    ttft, tpot, whole = workload["slo_ttft_ms"], workload["slo_tpot_ms"], workload["slo_e2e_ms"]
    output = stats.output_tokens.p50
    known = None not in (ttft, tpot, whole)
    if known and output is not None and ttft + tpot * max(output - 1, 0) > whole:
        found.append(("targets_contradict", "warning",
                      f"a median answer of {output:.0f} tokens at {tpot:g} ms each after {ttft:g} ms"
                      f" takes longer than the {whole:g} ms that the whole answer may take",
                      "tighten `latency.per_token` or loosen `latency.end_to_end`"))  # fmt: skip
    return found


def _volume_gap(
    workload: Mapping[str, Any], stats: TraceStats, recorded: bool, params: ClassifyParams
) -> list[_Item]:
    if stats.rate_rps is None or workload["phase"] == "training" or stats.rows < params.min_requests:
        return []
    declared = workload["actions_per_month"] * workload["requests_per_action"]
    seen = stats.rate_rps * _MONTH_S
    ratio = seen / declared
    short = stats.span_s < 23.5 * 3600
    if short and (workload["deadline_h"] is not None or workload["declared_shape"] == "batch"):
        return []
    upper = params.volume_tolerance * (2 if short else 1)
    if 1 / params.volume_tolerance <= ratio <= upper:
        return []
    kind = "recorded" if recorded else "generated"
    return [("volume_disagrees", "warning" if recorded else "info",
             f"the {kind} trace runs at {stats.rate_rps:.3g} requests/s, which would be"
             f" {seen:,.0f} a month; {declared:,.0f} are declared ({ratio:.2g} ×)",
             "correct actions_per_month or requests_per_action, or record a usual hour")]  # fmt: skip
