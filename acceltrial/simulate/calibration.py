"""Step times and batching of a real server, fitted so that a simulation of a short run repeats that run.

The figures start from direct estimates (first token against prompt length, gaps against streams) and are then
moved by Nelder and Mead's simplex (Computer Journal 7(4), 1965), from several starts, on

    mean over requests of √(1 + (r/δ)²) - 1,   r = ln(simulated ÷ measured) of first token and whole answer

with each logarithm drawn to where it started. The times of pure decode steps are not fitted where tokens were
seen one by one: each number of sequences takes what it was seen to take. How many requests run together, how
many tokens a step takes, and whether a prompt's last tokens have a step of their own (llama.cpp) are those
candidates that leave the least of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from acceltrial.errors import DataContractError
from acceltrial.simulate.configuration import Server, StepTimes
from acceltrial.simulate.load import Load
from acceltrial.simulate.observation import Array, Pace, Phase, joined_paces, percentile_errors
from acceltrial.simulate.simulation import simulate

LEAST_REQUESTS = 10
UNLIMITED = 256
TAILS = (0, 4)
"""llama.cpp ends a prompt's batch four tokens early where it keeps a state to come back to."""
STARTS = 4
BUDGETS = (128, 256, 512, 1024, 2048, 8192)
TYPICAL_BUDGET = 2048
CLEARLY_BETTER = 0.98
PLAINLY_BETTER = 0.8
"""For a limit of sequences: where requests do queue for a place it explains most of their waiting, and one
that is not there turns every busier hour into a queue."""
DELTA = 0.1
PULL = 0.002
NORMAL_80 = 1.2815515594
LEAST_ERROR = 0.05
LEAST_ERROR_UNCHECKED = 0.15
"""Of percentiles where no other run could be left out; declared."""
MOST_FALSE = 3
MOST_FOLDS = 4
"""Parts that are left out in turn; phases beyond as many share a part."""
BATCHES = (2, 4, 8, 16, 32, 64)
PAUSE_S = 1e5
_REACH = {
    "shared": 1.0,
    "token": 1.0,
    "sequence": 2.0,
    "prompt": 2.0,
    "cache": 3.0,
    "attention": 3.0,
    "base": 2.0,
}
"""How far the search may move the logarithm of a figure, in thirds."""


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
    prompt_tail: int = 0

    def server(self, *, cache_tokens: int = 1 << 30, replicas: int = 1) -> Server:
        """The server to simulate."""
        batching = _Batching(self.max_sequences, self.token_budget, self.prompt_tail)
        return batching.server(cache_tokens=cache_tokens, replicas=replicas)


class _Batching(NamedTuple):
    """How a server puts requests together."""

    max_sequences: int
    token_budget: int
    prompt_tail: int

    def server(self, *, cache_tokens: int = 1 << 30, replicas: int = 1) -> Server:
        return Server(
            cache_tokens=cache_tokens,
            replicas=replicas,
            token_budget=self.token_budget,
            max_sequences=self.max_sequences,
            prompt_tail=self.prompt_tail,
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
    steps, batching = _fit(phases, STARTS)
    folds = min(len(phases), MOST_FOLDS)
    held = [_left_out(phases, index, folds) for index in range(folds)] if folds > 1 else []
    errors = held or [_errors(phases, steps, batching)]
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
        max_sequences=batching.max_sequences,
        token_budget=batching.token_budget,
        prompt_tail=batching.prompt_tail,
        most_streams=max(phase.streams for phase in phases),
        step_factor=math.exp(NORMAL_80 * spread),
        errors=summary,
        requests=count,
    )


def _left_out(phases: Sequence[Phase], index: int, folds: int) -> dict[str, dict[str, float]]:
    others = [phase for place, phase in enumerate(phases) if place % folds != index]
    return _errors(phases[index::folds], *_fit(others, 1))


def _errors(phases: Sequence[Phase], steps: StepTimes, batching: _Batching) -> dict[str, dict[str, float]]:
    ttft, e2e = _played(phases, steps, batching)
    return {
        "ttft": percentile_errors(ttft, np.concatenate([phase.ttft_s for phase in phases])),
        "e2e": percentile_errors(e2e, np.concatenate([phase.e2e_s for phase in phases])),
    }


def _fit(phases: Sequence[Phase], starts: int) -> tuple[StepTimes, _Batching]:
    start = _first_guess(phases)
    streams = max(phase.streams for phase in phases)
    batching = _Batching(streams if streams > 1 else UNLIMITED, TYPICAL_BUDGET, 0)
    found = {tail: _refined(phases, start, batching._replace(prompt_tail=tail), 1) for tail in TAILS}
    batching, steps = _best([(batching._replace(prompt_tail=tail), found[tail]) for tail in TAILS], phases)
    # Noise lets requests seem to overlap that did not: limits somewhat below what was seen are tried too, but
    # none below a number that was seen to decode together again and again.
    least = max(streams - MOST_FALSE, 1, *joined_paces(phases))
    limits = [UNLIMITED, *range(streams, least - 1, -1)]
    tried = [(batching._replace(max_sequences=limit), steps) for limit in limits]
    batching, steps = _best(tried, phases, PLAINLY_BETTER)
    budgets = [TYPICAL_BUDGET, *BUDGETS]
    batching, steps = _best([(batching._replace(token_budget=budget), steps) for budget in budgets], phases)
    return _refined(phases, steps, batching, starts), batching


def _best(
    candidates: Sequence[tuple[_Batching, StepTimes]],
    phases: Sequence[Phase],
    clearly: float = CLEARLY_BETTER,
) -> tuple[_Batching, StepTimes]:
    """The first candidate, unless another is clearly better: what a run does not show keeps its default."""
    found = [_loss(phases, steps, batching) for batching, steps in candidates]
    least = int(np.argmin(found))
    return candidates[least] if found[least] < clearly * found[0] else candidates[0]


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
        shared=0.2 * step,
        token=slope,
        sequence=max(more / 4, 0.02 * step),
        prompt=0.5 * rest,
        base=0.2 * rest,
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


def _refined(phases: Sequence[Phase], start: StepTimes, batching: _Batching, starts: int) -> StepTimes:
    paces = joined_paces(phases)
    names, reach = list(_REACH), list(_REACH.values())
    if paces:
        # The time of a decode step was seen: what each sequence adds to it stands in its factors.
        reach = [own for name, own in _REACH.items() if name != "sequence"]
        names.remove("sequence")
        batches = []
    else:
        streams = min(max(phase.streams for phase in phases), batching.max_sequences)
        batches = [batch for batch in BATCHES if batch <= max(streams, 1)]
        reach += [0.7] * len(batches)
    known = [*start.decode_factors[1:], *([1.0] * len(batches))]

    def steps_at(move: Array) -> StepTimes:
        scale = np.exp(move * np.array(reach))
        figures: dict[str, Any] = {
            name: float(getattr(start, name) * own) for name, own in zip(names, scale, strict=False)
        }
        moved = replace(start, **figures)
        if paces:
            return paced(moved, paces)
        factors = [float(known[place] * scale[len(names) + place]) for place in range(len(batches))]
        return replace(moved, decode_factors=(1.0, *factors))

    def objective(move: Array) -> float:
        return _loss(phases, steps_at(move), batching) + PULL * float(np.sum(np.square(move)))

    return steps_at(_least(objective, len(reach), starts))


def _least(objective: Callable[[Array], float], size: int, count: int) -> Array:
    """The best of simplex searches from several places, searched on from there: the loss has many hollows."""
    from scipy.optimize import minimize

    def search(start: Array, reach: float, evaluations: int) -> tuple[float, Array]:
        corners = np.vstack([start, start + reach * np.eye(size)])
        options = {"maxfev": evaluations, "initial_simplex": corners, "adaptive": True, "fatol": 1e-5}
        found = minimize(objective, start, method="Nelder-Mead", bounds=[(-3.0, 3.0)] * size, options=options)
        return float(found.fun), np.asarray(found.x)

    rng = np.random.default_rng(0)
    starts = [np.zeros(size), *rng.normal(0.0, 0.5, (count - 1, size))]
    best = min((search(start, 0.5, 40 * size) for start in starts), key=lambda one: one[0])
    return min(best, search(best[1], 0.2, 40 * size), key=lambda one: one[0])[1]


def paced(steps: StepTimes, paces: Mapping[int, Pace]) -> StepTimes:
    """The same figures with factors that make decode steps as long as they were seen to be."""
    factors = []
    for batch, pace in paces.items():
        plain = steps.shared + (steps.token + steps.sequence) * batch
        factors.append(pace.seconds / (plain + (steps.cache + steps.attention) * pace.context))
    return replace(steps, decode_factors=tuple(factors), decode_batches=tuple(paces))


def _loss(phases: Sequence[Phase], steps: StepTimes, batching: _Batching) -> float:
    ttft, e2e = _played(phases, steps, batching)
    seen = np.concatenate([phase.ttft_s for phase in phases] + [phase.e2e_s for phase in phases])
    ratio = np.log(np.concatenate([ttft, e2e]) / seen)
    return float(np.mean(np.sqrt(1.0 + np.square(ratio / DELTA)) - 1.0))


def _played(phases: Sequence[Phase], steps: StepTimes, batching: _Batching) -> tuple[Array, Array]:
    """Seconds to the first token and the last one of every request, when each phase meets an idle server."""
    starts = np.cumsum([0.0, *(PAUSE_S + phase.sent_s[-1] for phase in phases[:-1])])
    load = Load.of(
        np.concatenate([start + phase.sent_s for start, phase in zip(starts, phases, strict=True)]),
        np.concatenate([phase.inputs for phase in phases]),
        np.concatenate([phase.outputs for phase in phases]),
    )
    found = simulate(load, steps, batching.server()).requests
    return found["ttft"].astype(float), found["e2e"].astype(float)
