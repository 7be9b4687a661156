"""The synthetic screen: short closed loops at growing concurrency, with the workload's median lengths."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from acceltrial.load import LoadResult, Schedule
from acceltrial.targets import RunningServer
from stages.benchmark.levels import Demand, load, rows_of
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.rows import Row, RowMaker

MOST_REQUESTS = 2000
SLOW = 1.5
"""Once the levels together have taken so many times the screen's seconds, no further one begins."""
RISE = 1.1
"""A level that completes less than so many times the best before it lies beyond the knee: it is the last."""
KNEE_SHARE = 0.9
"""The knee is the lowest level with this share of the best throughput."""


@dataclass(frozen=True, slots=True)
class Level:
    """One closed loop's result."""

    concurrency: int
    result: LoadResult

    @property
    def completed_rps(self) -> float:
        """Answers a second; 0 when none came."""
        return float(self.result.summary["rate"]["completed_rps"] or 0.0)

    def meets(self, demand: Demand) -> bool:
        """Whether the median of each limited latency keeps its limit, and nothing failed."""
        summary = self.result.summary
        # A closed loop sends when it can: what a request waited for before that is not part of the screen.
        limits = {metric.replace("_from_intended", ""): limit for metric, limit in demand.slo.items()}
        medians = {metric: summary[metric]["p50"] for metric in limits}
        within = all(medians[m] is not None and medians[m] <= limit for m, limit in limits.items())
        return within and summary["requests"]["failed"] == 0 and summary["requests"]["completed"] > 0


def run_screen(
    server: RunningServer,
    demand: Demand,
    params: BenchmarkParams,
    *,
    prompts: Callable[[int, int], Sequence[str] | None],
    input_tokens: int,
    output_tokens: int,
    alive: Callable[[], bool],
) -> list[Level]:
    """The levels in order, to one beyond the knee. A server that died, or is far too slow, ends the screen.

    After a level that took 2ⁿ times its seconds the next n levels are left out: what many streams reach
    together is worth more than every step on the way there.

    Args:
        server: where to send.
        demand: the workload's limits.
        params: seconds and levels.
        prompts: gives as many prompts as asked for, by a seed; None where the engine writes text.
        input_tokens: length of each prompt.
        output_tokens: length of each answer.
        alive: whether the server still runs.
    """
    seconds = params.screen_seconds / len(params.concurrency_levels)
    found: list[Level] = []
    spent = best = 0.0
    waiting = list(params.concurrency_levels)
    while waiting and alive():
        level = waiting.pop(0)
        texts = prompts(MOST_REQUESTS // 10, params.seed + level)
        # As many as a fast server can take: the loop ends by time, not by count.
        count = len(texts) if texts is not None else MOST_REQUESTS
        schedule = Schedule.closed_loop(
            level,
            requests=max(count, level),
            duration_s=seconds,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            seed=params.seed + level,
            prompts=texts,
        )
        result = load(
            server,
            schedule,
            demand,
            timeout_s=params.request_timeout_s,
            deadline_s=seconds + 2 * params.request_timeout_s + 5,
            calibrate=False,
            with_tokenizer=texts is None,
            # The first request of a length finds kernels and caches unprepared (`first_request_s` tells).
            warm_up=0 if found else 1,
        )
        found.append(Level(level, result))
        took = float(result.summary["rate"]["duration_s"] or 0.0)
        spent += took
        if spent > SLOW * params.screen_seconds or found[-1].completed_rps < RISE * best:
            # More streams would only wait longer, and the screen is there to end early with the unsuitable.
            break
        best = max(best, found[-1].completed_rps)
        left_out = int(math.log2(max(took / seconds, 1.0)))
        del waiting[: min(left_out, len(waiting) - 1)]
    return found


def screen_rows(maker: RowMaker, levels: Sequence[Level], demand: Demand, planned: int) -> list[Row]:
    """Latencies of the lowest level, the capacity curve, and the capacity that comes of it."""
    lowest = levels[0]
    rows = [
        row
        for row in rows_of(maker, lowest.result, demand)
        # A closed loop has no intended times, and its share within the target says nothing about a load.
        if row["metric"]
        not in {"ttft_from_intended_ms", "e2e_from_intended_ms", "slo_attainment", "send_lag_ms"}
    ]
    for level in levels:
        rows += _curve(maker, level)
    return [*rows, capacity_row(maker, levels, demand, planned), knee_row(maker, levels)]


def knee_row(maker: RowMaker, levels: Sequence[Level]) -> Row:
    """The number of streams beyond which more of them bring waiting and hardly any throughput."""
    best = max((level.completed_rps for level in levels), default=0.0)
    reached = [level.concurrency for level in levels if best and level.completed_rps >= KNEE_SHARE * best]
    tried = ", ".join(str(level.concurrency) for level in levels)
    source = f"lowest level with {KNEE_SHARE:.0%} of the best throughput; streams tried: {tried}"
    if not reached or reached[0] == levels[-1].concurrency:
        reason = "the throughput still rose at the last level" if len(levels) > 1 else "only one level ran"
        return maker.row("knee_streams", "max", None, reason=reason, source=source)
    return maker.row(
        "knee_streams", "max", float(reached[0]), reason="one closed loop a level: no interval", source=source
    )


def capacity_row(maker: RowMaker, levels: Sequence[Level], demand: Demand, planned: int) -> Row:
    """The highest throughput within the latency target, or above it when no level keeps the target."""
    answered = [level for level in levels if level.completed_rps > 0]
    if not answered:
        return maker.row("capacity_rps", "max", None, reason="no request of the screen was answered")
    within = [level for level in answered if level.meets(demand)]
    best = max(within or answered, key=lambda level: level.completed_rps)
    target = demand.expression or "none declared"
    limit = (
        f"medians within the target ({target})"
        if within
        else f"the target ({target}) is NOT met at any level tried"
    )
    tried = ", ".join(str(level.concurrency) for level in levels)
    if len(levels) < planned:
        tried += (
            f" (of {planned} planned levels: after a slow one the next are left out, and none follows one"
            " that took too long or lies beyond the knee)"
        )
    return maker.row(
        "capacity_rps",
        "max",
        best.completed_rps,
        n=best.result.summary["requests"]["completed"],
        reason="one closed loop a level: no interval",
        source=f"closed loops with streams: {tried}; best at {best.concurrency}; {limit}",
    )


def _curve(maker: RowMaker, level: Level) -> list[Row]:
    summary = level.result.summary
    name, one = f"c{level.concurrency}", "one closed loop: no interval"
    n = summary["requests"]["completed"]
    values = {
        "curve_requests_rps": summary["rate"]["completed_rps"],
        "curve_output_tokens_per_s": summary["tokens"]["output_tokens_per_s"],
        "curve_ttft_p50_ms": summary["ttft_ms"]["p50"],
        "curve_tpot_p50_ms": summary["tpot_ms"]["p50"],
        "curve_e2e_p50_ms": summary["e2e_ms"]["p50"],
    }
    return [
        maker.row(metric, name, value, n=n, reason=one if value is not None else "not seen at this level")
        for metric, value in values.items()
    ]
