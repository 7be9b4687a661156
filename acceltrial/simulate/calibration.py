"""Step times and batching of a real server, fitted so that a simulation of a short run repeats that run.

The figures start from direct estimates (first token against prompt length, gaps against streams) and are then
moved by Powell's method (Computer Journal 7(2), 1964) on

    mean over requests of √(1 + (r/δ)²) - 1,   r = ln(simulated ÷ measured) of first token and whole answer

with each logarithm drawn to where it started. How many requests run together and how many tokens a step takes
are those candidates that leave the least of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from acceltrial.errors import DataContractError
from acceltrial.simulate.configuration import Server, StepTimes
from acceltrial.simulate.load import Load
from acceltrial.simulate.observation import Array, Phase, percentile_errors
from acceltrial.simulate.simulation import simulate

LEAST_REQUESTS = 10
UNLIMITED = 256
BUDGETS = (128, 256, 512, 1024, 2048, 8192)
TYPICAL_BUDGET = 2048
CLEARLY_BETTER = 0.98
DELTA = 0.1
PULL = 0.002
NORMAL_80 = 1.2815515594
LEAST_ERROR = 0.05
LEAST_ERROR_UNCHECKED = 0.15
"""Of percentiles where no other run could be left out; declared."""
MOST_FALSE = 3
BATCHES = (2, 4, 8, 16, 32, 64)
PAUSE_S = 1e5
_NAMES = ("shared", "token", "sequence", "prompt", "cache", "attention", "base")
_REACH = (1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 2.0)


@dataclass(frozen=True)
class Calibration:
    """A server as the simulator sees it.

    Attributes:
        most_streams: requests decoded together at most in what it was fitted on.
        step_factor: either way of the step times, within which 80 % of percentiles lay for phases left out.
        errors: by metric and percentile, the median over phases left out of |simulated ÷ measured - 1|.
    """

    steps: StepTimes
    max_sequences: int
    token_budget: int
    most_streams: int
    step_factor: float
    errors: dict[str, dict[str, float]]
    requests: int

    def server(self, *, cache_tokens: int = 1 << 30, replicas: int = 1) -> Server:
        """The server to simulate."""
        return Server(
            cache_tokens=cache_tokens,
            replicas=replicas,
            token_budget=self.token_budget,
            max_sequences=self.max_sequences,
            prefix_cache=False,
        )


def calibrate(phases: Sequence[Phase]) -> Calibration:
    """The server that answered these runs.

    Raises:
        DataContractError: fewer than ten requests, or none that ran alone or gave two tokens.
    """
    count = sum(len(phase) for phase in phases)
    if count < LEAST_REQUESTS or not any(np.isfinite(phase.gap_s).any() for phase in phases):
        raise DataContractError(
            f"{count} answered requests cannot tell step times",
            where="calibration",
            remedy=f"give at least {LEAST_REQUESTS}, of which some have two tokens or more",
        )
    steps, sequences, budget = _fit(phases)
    held = [_left_out(phases, index) for index in range(len(phases))] if len(phases) > 1 else []
    errors = held or [_errors(phases, steps, sequences, budget)]
    logs = [math.log1p(value) for one in errors for metric in one.values() for value in metric.values()]
    least = LEAST_ERROR if held else LEAST_ERROR_UNCHECKED
    spread = max(float(np.sqrt(np.mean(np.square(logs)))), least)
    summary = {
        metric: {
            name: float(np.median([abs(one[metric][name]) for one in errors])) for name in ("p50", "p95")
        }
        for metric in ("ttft", "e2e")
    }
    return Calibration(
        steps=steps,
        max_sequences=sequences,
        token_budget=budget,
        most_streams=max(phase.streams for phase in phases),
        step_factor=math.exp(NORMAL_80 * spread),
        errors=summary,
        requests=count,
    )


def _left_out(phases: Sequence[Phase], index: int) -> dict[str, dict[str, float]]:
    others = [phase for place, phase in enumerate(phases) if place != index]
    return _errors([phases[index]], *_fit(others))


def _errors(
    phases: Sequence[Phase], steps: StepTimes, sequences: int, budget: int
) -> dict[str, dict[str, float]]:
    ttft, e2e = _played(phases, steps, sequences, budget)
    return {
        "ttft": percentile_errors(ttft, np.concatenate([phase.ttft_s for phase in phases])),
        "e2e": percentile_errors(e2e, np.concatenate([phase.e2e_s for phase in phases])),
    }


def _fit(phases: Sequence[Phase]) -> tuple[StepTimes, int, int]:
    start = _first_guess(phases)
    streams = max(phase.streams for phase in phases)
    steps = _refined(phases, start, streams if streams > 1 else UNLIMITED, TYPICAL_BUDGET)
    # Noise lets requests seem to overlap that did not: limits somewhat below what was seen are tried too.
    limits = [UNLIMITED, *range(streams, max(streams - MOST_FALSE, 1) - 1, -1)]
    sequences = _best(limits, lambda limit: _loss(phases, steps, limit, TYPICAL_BUDGET))
    if sequences == UNLIMITED:
        steps = _refined(phases, steps, sequences, TYPICAL_BUDGET)
    budget = _best([TYPICAL_BUDGET, *BUDGETS], lambda tokens: _loss(phases, steps, sequences, tokens))
    return _refined(phases, steps, sequences, budget), sequences, budget


def _best(candidates: Sequence[int], loss: Callable[[int], float]) -> int:
    """The first candidate, unless another is clearly better: what a run does not show keeps its default."""
    found = [loss(candidate) for candidate in candidates]
    least = int(np.argmin(found))
    return candidates[least] if found[least] < CLEARLY_BETTER * found[0] else candidates[0]


def _first_guess(phases: Sequence[Phase]) -> StepTimes:
    """Direct estimates; where a run lacks what one needs, a share of what it has."""
    alone = min(phases, key=lambda phase: phase.streams)
    slope = _slope(alone.inputs, alone.ttft_s)
    step = float(
        np.nanmedian(np.concatenate([phase.gap_s for phase in phases if phase.streams == alone.streams]))
    )
    if slope <= 0:
        slope = float(np.median(alone.ttft_s / alone.inputs)) / 2
    rest = max(float(np.median(alone.ttft_s - slope * alone.inputs)), 0.01 * step)
    crowd = max(phases, key=lambda phase: phase.streams)
    more = (float(np.nanmedian(crowd.gap_s)) - step) / max(crowd.streams - 1, 1)
    return StepTimes(
        shared=0.8 * step,
        token=slope,
        sequence=max(more / 4, 0.02 * step),
        prompt=0.8 * rest,
        base=min(0.1 * rest, 0.005),
        cache=0.05 * step / float(np.median(alone.inputs)),
        attention=0.02 * slope / float(np.median(alone.inputs)),
        decode_factors=(1.0,),
    )


def _slope(x: Array, y: Array) -> float:
    """The median slope of all pairs (Theil 1950, Sen 1968); 0 where no two differ."""
    first, second = np.triu_indices(len(x), 1)
    apart = x[second] != x[first]
    if not apart.any():
        return 0.0
    return float(np.median((y[second] - y[first])[apart] / (x[second] - x[first])[apart]))


def _refined(phases: Sequence[Phase], start: StepTimes, sequences: int, budget: int) -> StepTimes:
    from scipy.optimize import minimize

    streams = min(max(phase.streams for phase in phases), sequences)
    batches = [batch for batch in BATCHES if batch <= max(streams, 1)]
    known = [*start.decode_factors[1:], *([1.0] * len(batches))]
    reach = np.array([*_REACH, *(0.7 for _ in batches)])

    def steps_at(move: Array) -> StepTimes:
        scale = np.exp(move * reach)
        figures = {name: float(getattr(start, name) * scale[place]) for place, name in enumerate(_NAMES)}
        factors = [float(known[place] * scale[len(_NAMES) + place]) for place in range(len(batches))]
        return replace(start, **figures, decode_factors=(1.0, *factors))

    def objective(move: Array) -> float:
        return _loss(phases, steps_at(move), sequences, budget) + PULL * float(np.sum(np.square(move)))

    none = np.zeros(len(reach))
    bounds = [(-3.0, 3.0)] * len(reach)
    found = minimize(
        objective, none, method="Powell", bounds=bounds, options={"maxiter": 6, "xtol": 0.02, "ftol": 1e-4}
    )
    return steps_at(found.x)


def _loss(phases: Sequence[Phase], steps: StepTimes, sequences: int, budget: int) -> float:
    ttft, e2e = _played(phases, steps, sequences, budget)
    seen = np.concatenate([phase.ttft_s for phase in phases] + [phase.e2e_s for phase in phases])
    ratio = np.log(np.concatenate([ttft, e2e]) / seen)
    return float(np.mean(np.sqrt(1.0 + np.square(ratio / DELTA)) - 1.0))


def _played(phases: Sequence[Phase], steps: StepTimes, sequences: int, budget: int) -> tuple[Array, Array]:
    """Seconds to the first token and the last one of every request, when each phase meets an idle server."""
    starts = np.cumsum([0.0, *(PAUSE_S + phase.sent_s[-1] for phase in phases[:-1])])
    load = Load.of(
        np.concatenate([start + phase.sent_s for start, phase in zip(starts, phases, strict=True)]),
        np.concatenate([phase.inputs for phase in phases]),
        np.concatenate([phase.outputs for phase in phases]),
    )
    server = Server(cache_tokens=1 << 30, token_budget=budget, max_sequences=sequences, prefix_cache=False)
    found = simulate(load, steps, server).requests
    return found["ttft"].astype(float), found["e2e"].astype(float)
