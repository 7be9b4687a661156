"""The highest rate at which a service level holds, found with few runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from acceltrial.errors import ConfigurationError
from acceltrial.load.plan import LoadResult

_GROWTH = 2.0
_PATIENCE = 3
"""Invalid runs in a row before the search gives up."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the search. `holds` is None where the run was invalid and says nothing."""

    rate_rps: float
    attainment: float | None
    interval: tuple[float, float] | None
    holds: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Goodput:
    """The result of a search.

    Attributes:
        rate_rps: the highest rate that held; None where even the lowest did not.
        low, high: the rate lies between the highest that held and the lowest that failed; `high` is None
            where no rate failed. This is a bracket, not a confidence interval.
    """

    rate_rps: float | None
    low: float
    high: float | None
    trials: tuple[Trial, ...]
    reason: str

    def summary(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def find_goodput(
    run: Callable[[float, int], LoadResult], start_rps: float, *, tolerance: float = 0.1, most_runs: int = 10
) -> Goodput:
    """Doubles the rate until the service level fails, then halves the gap on a logarithmic scale.

    Args:
        run: drives one rate (given with the number of the run); its plan must state a service level.
        start_rps: the first rate to try.
        tolerance: stop when the bracket is narrower than this share.
        most_runs: never drive more often.

    Raises:
        ConfigurationError: a start that is not positive, or a run without a service level.
    """
    if not 0 < start_rps < float("inf") or not 0 < tolerance < 1 or most_runs < 1:
        raise ConfigurationError("start, tolerance and number of runs must be positive", where="goodput")
    trials: list[Trial] = []
    low, high, rate = 0.0, float("inf"), start_rps
    reason = f"stopped after {most_runs} runs"
    while len(trials) < most_runs:
        trial = judge_trial(rate, run(rate, len(trials)))
        trials.append(trial)
        if trial.holds is None:
            if len(trials) >= _PATIENCE and all(one.holds is None for one in trials[-_PATIENCE:]):
                reason = f"stopped at {rate:.3g}/s: {trial.why}"
                break
            continue  # an invalid run says nothing: the same rate again
        low, high = (rate, high) if trial.holds else (low, rate)
        if low and high <= low * (1 + tolerance):
            reason = f"the bracket is within {tolerance:.0%}"
            break
        if high <= start_rps / 64:
            reason = f"the service level fails even at {high:.3g}/s"
            break
        rate = _next_rate(low, high)
    return Goodput(low or None, low, None if high == float("inf") else high, tuple(trials), reason)


def judge_trial(rate_rps: float, result: LoadResult) -> Trial:
    """Whether the service level held: attainment at or above the wanted share, and no drift."""
    slo = result.summary["slo"]
    if slo is None:
        raise ConfigurationError("the search needs a service level", where="goodput", remedy="give --slo")
    interval = slo["attainment_interval"]
    pair = (interval[0], interval[1]) if interval else None
    if not result.valid:
        why = "the instrument broke its bounds: " + "; ".join(result.instrument["reasons"])
        return Trial(rate_rps, slo["attainment"], pair, None, why)
    if result.summary["stationarity"]["drifting"]:
        return Trial(rate_rps, slo["attainment"], pair, False, "latency drifted")
    holds = slo["attainment"] is not None and slo["attainment"] >= slo["share_wanted"]
    return Trial(rate_rps, slo["attainment"], pair, holds, f"{slo['attainment']:.1%} met it")


def _next_rate(low: float, high: float) -> float:
    if not low:
        return high / _GROWTH
    return low * _GROWTH if high == float("inf") else (low * high) ** 0.5
