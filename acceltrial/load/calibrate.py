"""The instrument measured against a server of known timing, at the shape of the run to come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from acceltrial.load.plan import LoadPlan
from acceltrial.load.reference import Answered, serve_reference
from acceltrial.load.reference_server import Behaviour
from acceltrial.load.run import Drive, drive
from acceltrial.load.schedule import Schedule
from acceltrial.stats.quantiles import describe

WINDOW_S = 2.0
_FEWEST = 60
_MOST = 6_000
_MOST_TOKENS = 24
_FAST_STREAMS = 32

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """The instrument's error: what the client measured minus what the server did, milliseconds.

    Attributes:
        ttft_error_ms, itl_error_ms: absolute errors; the latter is empty where nothing streams.
        ttft_bias_ms: the mean signed error of TTFT; the client can only be late, so it is above 0.
        lag_ms: how late requests went out.
        rate_rps, events_per_s: the rates of requests and of output events at which it was measured.
    """

    ttft_error_ms: Floats
    itl_error_ms: Floats
    ttft_bias_ms: float | None
    lag_ms: Floats
    cpu_share: float
    rate_rps: float
    events_per_s: float
    requests: int
    failed: int

    def summary(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "ttft_error_ms": describe(self.ttft_error_ms),
            "ttft_bias_ms": self.ttft_bias_ms,
            "itl_error_ms": describe(self.itl_error_ms) if len(self.itl_error_ms) else None,
            "send_lag_ms": describe(self.lag_ms),
            "cpu_share": self.cpu_share,
            "at_rps": self.rate_rps,
            "at_events_per_s": self.events_per_s,
            "requests": self.requests,
            "failed": self.failed,
        }


def calibrate(plan: LoadPlan) -> Calibration:
    """Drives the reference server with the busiest part of the plan's own schedule. Raises as `run_load`."""
    schedule = calibration_schedule(plan.schedule)
    with serve_reference(reference_for(plan.schedule)) as reference:
        like = replace(
            plan,
            base_url=reference.base_url,
            model="reference",
            schedule=schedule,
            calibrate=False,
            negotiate=False,
            keep_text=False,
            tokenizer=None,
            out_dir=None,
            warm_up=0,
            timeout_s=30.0,
            extra_body=None,
            extra_headers=None,
            api_key_env=None,
        )
        driven = drive(like)
        return compare(driven, reference.log()["requests"], stream=plan.streams)


def reference_for(schedule: Schedule) -> Behaviour:
    """How the reference server answers: TTFT 20 ms, ITL 5 ms, and slower tokens to many closed streams.

    Streams of a closed loop drive the reference as fast as it answers; without the slower tokens, a
    few hundred of them would measure the reference server's own limit instead of the instrument.
    """
    return Behaviour(itl_ms=max(5.0, 5.0 * schedule.concurrency / _FAST_STREAMS))


def calibration_schedule(schedule: Schedule) -> Schedule:
    """The busiest WINDOW_S of the schedule, or all of it sped up where too few requests fall into that."""
    if schedule.concurrency:
        count = min(_MOST, max(_FEWEST, schedule.concurrency * 4))
        lengths = np.resize(np.minimum(schedule.output_tokens, _MOST_TOKENS), count)
        return Schedule.closed_loop(
            schedule.concurrency,
            requests=count,
            input_tokens=np.resize(np.where(schedule.input_tokens > 0, schedule.input_tokens, 64), count),
            output_tokens=lengths,
            seed=schedule.seed,
        )
    times = schedule.intended_s
    first = int(np.argmax(np.searchsorted(times, times + WINDOW_S) - np.arange(len(times))))
    last = min(int(np.searchsorted(times, times[first] + WINDOW_S)), first + _MOST)
    chosen = np.arange(first, last)
    at = times[chosen] - times[first]
    if len(chosen) < _FEWEST:
        # A slow schedule says nothing in two seconds: more of it is played faster, which is harder.
        chosen = np.resize(np.arange(len(times)), _FEWEST)
        at = np.sort(np.random.default_rng(schedule.seed).uniform(0, WINDOW_S, _FEWEST))
    return Schedule(
        intended_s=at,
        input_tokens=np.where(schedule.input_tokens[chosen] > 0, schedule.input_tokens[chosen], 64),
        output_tokens=np.minimum(schedule.output_tokens[chosen], _MOST_TOKENS),
        arrivals=schedule.arrivals,
        seed=schedule.seed,
    )


def compare(driven: Drive, answered: list[Answered], *, stream: bool) -> Calibration:
    """The errors of a drive against the log of the server that it drove.

    TTFT error: (first token seen − request sent) − (first token written − request read), so that the
    way to and from the server, the server's late reading and the client's late reading all count as
    error: an upper bound. ITL error: |gap seen − gap written| of each pair of successive tokens.
    """
    served = {one.request_id: one for one in answered}
    ttft: list[float] = []
    itl: list[Floats] = []
    done = driven.records.filter(pl.col("error_class").is_null())
    seen_column = "token_times_s" if stream else "last_s"
    for index, sent, seen in done.select("index", "sent_s", seen_column).iter_rows():
        one = served.get(str(index))
        if one is None or not seen:
            continue
        first = seen[0] if stream else seen
        ttft.append((first - sent) * 1e3 - (one.written_ns[0] - one.read_ns) / 1e6)
        if stream and len(seen) == len(one.written_ns):
            itl.append(np.abs(np.diff(seen) * 1e3 - np.diff(np.asarray(one.written_ns)) / 1e6))
    lag = done.select((pl.col("sent_s") - pl.col("intended_s")) * 1e3).to_series().to_numpy()
    span = float(driven.records["ended_s"].max() or 0.0)  # type: ignore[arg-type]
    return Calibration(
        ttft_error_ms=np.abs(np.asarray(ttft)),
        itl_error_ms=np.concatenate(itl) if itl else np.zeros(0),
        ttft_bias_ms=float(np.mean(ttft)) if ttft else None,
        lag_ms=lag,
        cpu_share=busiest_share(driven),
        rate_rps=driven.records.height / span if span else 0.0,
        events_per_s=events_per_s(driven.records),
        requests=driven.records.height,
        failed=driven.records.height - done.height,
    )


def events_per_s(records: pl.DataFrame) -> float:
    """Output events a second over the whole run; 0 where nothing was answered."""
    span = records["ended_s"].max()
    return float(records["chunks"].sum()) / span if isinstance(span, float) and span > 0 else 0.0


def busiest_share(driven: Drive) -> float:
    """The share of one core that the busiest load process used while it ran."""
    shares: list[float] = [float(one["loop_cpu_s"]) / max(1e-9, _wall_s(one)) for one in driven.stats]
    return max(shares)


def _wall_s(stats: dict[str, Any]) -> float:
    return (int(stats["ended_ns"]) - int(stats["start_ns"])) / 1e9
