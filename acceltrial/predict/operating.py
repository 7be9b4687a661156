"""What one replica of each option delivers under a workload's targets, and how it runs at its own load.

For batches 1, 2, 4 … 256 that fit, the step-time model gives time per token, first token and throughput; the
capacity is the highest request rate at which the targets hold. Percentiles: the 50th is the model's mean. The
95th of the time per token is a step in which prefill interferes fully. The 95th of the first token is that of
a long prompt plus a waiting time W = s·ρ/(1-ρ)·(c_a²+c_s²)/2·ln(ρ/0.05) at the prefill (Kingman 1961 for the
mean, with an exponential tail): s is the prefill time, ρ the prefill's share of time, c the variation of
arrivals and of prompt lengths. The 95th of the whole answer adds both and a long answer: an upper bound. The
99th puts 0.01 for 0.05 and the lengths' 99th percentiles for their 95th; its interval reaches twice as high,
because what stalls a server once in a hundred requests is not modelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from acceltrial.predict.case import CaseArrays, FloatArray, Kind, ServingCase, as_arrays
from acceltrial.predict.kriging import Points, points
from acceltrial.predict.parameters import NORMAL_80, Parameters
from acceltrial.predict.physics import log_prediction, prefill_s, with_load

BATCHES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
TAIL = 0.05
FAR_TAIL = 0.01
FAR_FACTOR = 2.0
"""How much further up the interval of a 99th percentile reaches; declared."""
MOST_LOADED = 0.95
LARGEST_VARIATION = 4.0
WIDEST = np.log(50.0)


@dataclass(frozen=True, slots=True)
class Service:
    """A workload's requests and targets: tokens, requests a second, milliseconds; None is no target.

    `high` lengths are 95th percentiles, `top` ones 99th (None: the 95th). `percentile` is the targets'.
    """

    input_mean: float
    input_high: float
    output_mean: float
    output_high: float
    rate_rps: float
    peak_rate_rps: float
    arrival_cv: float
    slo_ttft_ms: float | None
    slo_tpot_ms: float | None
    slo_e2e_ms: float | None
    input_top: float | None = None
    output_top: float | None = None
    percentile: float = 95.0

    @property
    def far(self) -> bool:
        """Whether the targets hold for more than 95 % of the requests."""
        return self.percentile > 95.0


@dataclass(frozen=True)
class Ranged:
    """Values with an 80 % interval, one an option; NaN where there is none."""

    value: FloatArray
    low: FloatArray
    high: FloatArray

    def scaled(self, factor: FloatArray | float) -> Ranged:
        """The same times `factor`."""
        return Ranged(self.value * factor, self.low * factor, self.high * factor)

    def far(self) -> Ranged:
        """The same, reaching as high as a 99th percentile's interval must."""
        return Ranged(self.value, self.low, self.high * FAR_FACTOR)


@dataclass(frozen=True)
class Operating:
    """Figures of one replica. `load_share` is the mean rate's share of the capacity (0 to 1)."""

    capacity_rps: Ranged
    tokens_per_s: Ranged
    ttft_p50_ms: Ranged
    ttft_p95_ms: Ranged
    ttft_p99_ms: Ranged
    tpot_p50_ms: Ranged
    tpot_p95_ms: Ranged
    e2e_p50_ms: Ranged
    e2e_p95_ms: Ranged
    e2e_p99_ms: Ranged
    batch: FloatArray
    replica_rate_rps: FloatArray
    load_share: FloatArray


def operate(
    cases: Sequence[ServingCase], largest_batch: FloatArray, service: Service, parameters: Parameters
) -> Operating:
    """Capacity under the targets and latencies at the workload's own rate, for each case.

    The rate is spread over as many replicas as its peak needs. Where the targets do not hold even for one
    request at a time, the capacity is NaN and the latencies are those of one request at a time.
    """
    grid = _Grid(cases, service, parameters)
    fits = np.array(BATCHES)[None, :] <= np.maximum(np.nan_to_num(largest_batch, nan=256.0), 1.0)[:, None]
    good = fits & grid.meets(service)
    rates = np.where(good, grid.rps, -np.inf)
    best = rates.argmax(axis=1)
    able = np.isfinite(rates.max(axis=1))
    rows = np.arange(len(cases))
    capacity = np.where(able, grid.rps[rows, best], np.nan)
    replicas = np.where(able, np.ceil(service.peak_rate_rps / np.where(able, capacity, 1.0)), 1.0)
    own_rate = service.rate_rps / np.maximum(replicas, 1.0)
    enough = good & (grid.rps >= own_rate[:, None])
    running = np.where(able, np.where(enough.any(axis=1), enough.argmax(axis=1), best), 0)
    spread = _spreads(cases, grid.at, np.array(BATCHES)[running], parameters)

    def at(values: FloatArray, kind: Kind, where: FloatArray) -> Ranged:
        chosen = values[rows, where]
        return Ranged(chosen, chosen * np.exp(-spread[kind]), chosen * np.exp(spread[kind]))

    limit = at(np.where(able[:, None], grid.rps, np.nan), "throughput", best)
    return Operating(
        capacity_rps=limit,
        tokens_per_s=limit.scaled(max(service.output_mean, 1.0)),
        ttft_p50_ms=at(grid.ttft_ms, "ttft", running),
        ttft_p95_ms=at(grid.ttft_p95_ms, "ttft", running),
        ttft_p99_ms=at(grid.ttft_p99_ms, "ttft", running).far(),
        tpot_p50_ms=at(grid.tpot_ms, "tpot", running),
        tpot_p95_ms=at(grid.tpot_p95_ms, "tpot", running),
        e2e_p50_ms=at(grid.e2e_ms, "e2e", running),
        e2e_p95_ms=at(grid.e2e_p95_ms, "e2e", running),
        e2e_p99_ms=at(grid.e2e_p99_ms, "e2e", running).far(),
        batch=np.array(BATCHES)[running],
        replica_rate_rps=own_rate,
        load_share=np.clip(own_rate / capacity, 0.0, 1.0),
    )


class _Grid:
    """Every case at every batch: rows are cases, columns batches."""

    def __init__(self, cases: Sequence[ServingCase], service: Service, parameters: Parameters) -> None:
        self._shape = (len(cases), len(BATCHES))
        base = as_arrays(cases)
        arrays = [with_load(base, np.full(len(cases), batch)) for batch in BATCHES]
        self.at = points(cases, ["tpot"] * len(cases))
        self.tpot_ms = self._of("tpot", arrays, parameters)
        self.ttft_ms = self._of("ttft", arrays, parameters)
        tokens = self._of("throughput", arrays, parameters)
        self.rps = tokens / max(service.output_mean, 1.0)
        self.tpot_p95_ms = self.tpot_ms * self._full_interference(arrays, parameters)
        self.ttft_p95_ms = self._late_first_tokens(arrays[0], service, service.input_high, TAIL, parameters)
        longest = max(service.input_top or 0.0, service.input_high)
        self.ttft_p99_ms = self._late_first_tokens(arrays[0], service, longest, FAR_TAIL, parameters)
        self.e2e_ms = self.ttft_ms + self.tpot_ms * service.output_mean
        self.e2e_p95_ms = self.ttft_p95_ms + self.tpot_p95_ms * service.output_high
        longest = max(service.output_top or 0.0, service.output_high)
        self.e2e_p99_ms = self.ttft_p99_ms + self.tpot_p95_ms * longest

    def meets(self, service: Service) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Where every target that there is holds at the 95th percentile, or at the 99th if they ask more."""
        good = np.isfinite(self.rps)
        for values, limit in (
            (self.ttft_p99_ms if service.far else self.ttft_p95_ms, service.slo_ttft_ms),
            (self.tpot_p95_ms, service.slo_tpot_ms),
            (self.e2e_p99_ms if service.far else self.e2e_p95_ms, service.slo_e2e_ms),
        ):
            if limit is not None:
                good &= np.nan_to_num(values, nan=np.inf) <= limit
        return good

    def _of(self, kind: Kind, arrays: list[CaseArrays], parameters: Parameters) -> FloatArray:
        sign = -1.0 if kind == "throughput" else 1.0
        kinds = np.full(self._shape[0], kind)
        columns = [
            np.exp(
                log_prediction(at, kinds, parameters.physical)
                + sign * parameters.surface.mean(self.at.at_batch(batch, kind))
            )
            for at, batch in zip(arrays, BATCHES, strict=True)
        ]
        return np.stack(columns, axis=1).reshape(self._shape)

    def _full_interference(self, arrays: list[CaseArrays], parameters: Parameters) -> FloatArray:
        full = replace(parameters.physical, interference=1.0)
        kinds = np.full(self._shape[0], "tpot")
        columns = [
            np.exp(log_prediction(at, kinds, full) - log_prediction(at, kinds, parameters.physical))
            for at in arrays
        ]
        return np.asarray(np.maximum(np.stack(columns, axis=1), 1.0))

    def _late_first_tokens(
        self, arrays: CaseArrays, service: Service, long: float, tail: float, parameters: Parameters
    ) -> FloatArray:
        usual = prefill_s(arrays, 1.0, parameters.physical)
        long_prompt = replace(arrays, input_tokens=np.full(len(arrays), max(long, 1.0)))
        late = np.maximum(prefill_s(long_prompt, 1.0, parameters.physical) / usual, 1.0)
        share = np.minimum(self.rps * usual[:, None], MOST_LOADED)
        lengths_cv = np.log(max(service.input_high / max(service.input_mean, 1.0), 1.0)) / 1.645
        variation = (min(service.arrival_cv, LARGEST_VARIATION) ** 2 + lengths_cv**2) / 2.0
        wait = usual[:, None] * share / (1.0 - share) * variation
        beyond = wait * np.maximum(np.log(np.maximum(share, 1e-12) / tail), 0.0)
        return np.asarray(self.ttft_ms * late[:, None] + beyond * 1e3)


def _spreads(
    cases: Sequence[ServingCase], at: Points, batches: FloatArray, parameters: Parameters
) -> dict[Kind, FloatArray]:
    """Half widths of the 80 % intervals on the log scale, by metric kind."""
    halves: dict[Kind, FloatArray] = {}
    kinds: tuple[Kind, ...] = ("tpot", "ttft", "throughput", "e2e")
    for kind in kinds:
        _, deviation = parameters.surface.ask(at.at_batch(batches, kind))
        widened = np.array(
            [parameters.widen(kind, case.device.family, case.device.accelerator) for case in cases]
        )
        halves[kind] = np.minimum(NORMAL_80 * deviation * widened, WIDEST)
    return halves
