"""The same load several times: how far the figures differ from run to run."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from acceltrial.errors import ConfigurationError
from acceltrial.load.plan import LoadResult
from acceltrial.stats.quantiles import quantile_interval

_LATENCIES = ("ttft_ms", "ttft_from_intended_ms", "itl_ms", "tpot_ms", "e2e_ms", "send_lag_ms")
_STATISTICS = ("p50", "p90", "p95", "p99", "mean")


def repeated(run: Callable[[int], LoadResult], times: int) -> dict[str, Any]:
    """The summary of the middle valid run, with the spread between runs under `repeats`.

    `run` is called with 0, 1, …; the middle run is the one whose median end-to-end latency is the median
    of the valid runs'. Where no run is valid, the last one is given, which says of itself that it is not.

    Raises:
        ConfigurationError: fewer than two runs were asked for.
    """
    if times < 2:
        raise ConfigurationError(
            f"{times} repeats show no spread", where="repeats", remedy="ask for 3 or more"
        )
    summaries = [run(number).summary for number in range(times)]
    valid = [one for one in summaries if one["instrument"]["valid"] and one["requests"]["completed"]]
    shown = (
        sorted(valid, key=lambda one: one["e2e_ms"]["p50"])[(len(valid) - 1) // 2] if valid else summaries[-1]
    )
    return shown | {"repeats": spread(summaries)}


def spread(summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Median, extremes and a 95 % interval of the median of every figure over the valid runs.

    An INVALID run and one without an answer are named with the reason, and are in no figure. The interval
    comes from order statistics (six runs at least): with fewer it is empty, and the extremes must do.
    """
    left_out = [
        {"run": number, "reasons": reasons}
        for number, one in enumerate(summaries, 1)
        if (reasons := _reasons(one))
    ]
    valid = [one for one in summaries if not _reasons(one)]
    return {
        "runs": len(summaries),
        "valid": len(valid),
        "left_out": left_out,
        "figures": {name: _told([_figure(one, name) for one in valid]) for name in figure_names()},
    }


def figure_names() -> tuple[str, ...]:
    """The figures of a summary whose spread is told, as paths into it."""
    latencies = tuple(f"{name}.{statistic}" for name in _LATENCIES for statistic in _STATISTICS)
    return (*latencies, "rate.achieved_rps", "requests.failure_rate", "tokens.output_tokens_per_s")


def _reasons(summary: Mapping[str, Any]) -> list[str]:
    if not summary["requests"]["completed"]:
        return ["no request was answered"]
    return list(summary["instrument"]["reasons"])


def _figure(summary: Mapping[str, Any], name: str) -> float | None:
    group, _, statistic = name.partition(".")
    value: float | None = summary[group][statistic]
    return value


def _told(values: list[float | None]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    if not known:
        return {"median": None, "low": None, "high": None, "interval": None, "n": 0, "runs": values}
    interval = quantile_interval(known, 0.5) if len(known) > 1 else None
    pair = [interval.low, interval.high] if interval is not None and interval.low is not None else None
    return {
        "median": statistics.median(known),
        "low": min(known),
        "high": max(known),
        "interval": pair,
        "n": len(known),
        "runs": values,
    }
