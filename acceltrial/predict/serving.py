"""Predictions of one serving case as figures, with refusals as figures without value."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from acceltrial.evidence import Figure, Grade, Interval
from acceltrial.predict.case import Kind, ServingCase
from acceltrial.predict.estimates import METHOD, Estimates, estimate
from acceltrial.predict.parameters import LEVEL, Parameters, load_parameters
from acceltrial.predict.rows import RefusedError, refuse_impossible

Metric = tuple[str, str]
_GENERATED: dict[Metric, tuple[Kind, str]] = {
    ("ttft_ms", "mean"): ("ttft", "ms"),
    ("tpot_ms", "mean"): ("tpot", "ms"),
    ("itl_ms", "mean"): ("tpot", "ms"),
    ("e2e_ms", "mean"): ("e2e", "ms"),
    ("output_tokens_per_s", "mean"): ("throughput", "tokens/s"),
}


def predict_serving(
    case: ServingCase, *, now: datetime, parameters: Parameters | None = None
) -> dict[Metric, Figure]:
    """Latencies and throughput of a model that generates tokens, graded `predicted` with 80 % intervals.

    Where the predictor cannot know (unknown memory or rate, unsupported format, a model that does not fit)
    every figure has no value and says why.
    """
    fitted = parameters or load_parameters()
    try:
        refuse_impossible(case)
    except RefusedError as refusal:
        return {metric: _refused(unit, str(refusal), fitted, now) for metric, (_, unit) in _GENERATED.items()}
    kinds = [kind for kind, _ in _GENERATED.values()]
    found = estimate([case] * len(kinds), kinds, fitted)
    figures = {
        metric: figure_of(found, index, unit, fitted, now)
        for index, (metric, (_, unit)) in enumerate(_GENERATED.items())
    }
    figures["requests_per_s", "mean"] = _per_request(
        figures["output_tokens_per_s", "mean"], max(case.output_tokens, 1.0)
    )
    return figures


def predict_single_pass(
    case: ServingCase, *, now: datetime, parameters: Parameters | None = None
) -> dict[Metric, Figure]:
    """Requests a second of a model that reads its input in one pass (encoders, vision, diffusion)."""
    fitted = parameters or load_parameters()
    try:
        refuse_impossible(case)
    except RefusedError as refusal:
        return {("capacity_rps", "max"): _refused("requests/s", str(refusal), fitted, now)}
    found = estimate([case], ["samples"], fitted)
    return {("capacity_rps", "max"): figure_of(found, 0, "requests/s", fitted, now)}


def predict_spiking(
    synops_per_inference: float | None, energy_per_synop_pj: float | None, *, now: datetime
) -> dict[Metric, Figure]:
    """Joules an inference on an event-driven chip: synaptic operations × energy of each.

    Sources of the energy differ by up to 45 times for one chip, so no interval is given.
    """
    source = "synaptic operations of the model × energy per synaptic operation of the catalogue"
    metric = ("energy_j_per_request", "mean")
    if synops_per_inference is None or energy_per_synop_pj is None:
        missing = "the model's synaptic operations" if synops_per_inference is None else "the chip's energy"
        reason = f"{missing} per inference or operation: not known"
        return {metric: Figure(None, "J", Grade.PREDICTED, source, now, reason=reason)}
    value = synops_per_inference * energy_per_synop_pj * 1e-12
    reason = "sources of the energy differ by up to 45 times: no interval holds; without host and sensor"
    return {metric: Figure(value, "J", Grade.PREDICTED, source, now, reason=reason)}


def figure_of(found: Estimates, index: int, unit: str, fitted: Parameters, now: datetime) -> Figure:
    """One estimate as a figure; without value when a figure of the case was unknown."""
    value = float(found.value[index])
    if not np.isfinite(value):
        return _refused(unit, "a figure of the device or model is not known", fitted, now)
    interval = Interval(float(found.low[index]), float(found.high[index]), LEVEL, METHOD)
    return Figure(value, unit, Grade.PREDICTED, fitted.source, now, interval=interval)


def _per_request(tokens: Figure, per_request: float) -> Figure:
    if tokens.value is None or tokens.interval is None:
        return Figure(None, "requests/s", tokens.grade, tokens.source, tokens.date, reason=tokens.reason)
    interval = Interval(tokens.interval.low / per_request, tokens.interval.high / per_request, LEVEL, METHOD)
    value = tokens.value / per_request
    return Figure(value, "requests/s", tokens.grade, tokens.source, tokens.date, interval=interval)


def _refused(unit: str, reason: str, fitted: Parameters, now: datetime) -> Figure:
    return Figure(None, unit, Grade.PREDICTED, fitted.source, now, reason=reason)
