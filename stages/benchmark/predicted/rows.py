"""The options of one workload as the predictor's cases, and one metric of all of them as table rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from acceltrial.predict.case import FloatArray, ServingCase
from acceltrial.predict.device import Device
from acceltrial.predict.operating import Ranged
from acceltrial.predict.parameters import LEVEL
from acceltrial.predict.rows import RefusedError, refuse_impossible
from acceltrial.predict.shape import ModelShape

IDLE_SHARE = 0.3
"""Design power that a device draws when it waits: between 10 and 40 % on servers; declared."""
POWER_METHOD = "bounded by idle (30 % of design power) and design power"
POWER_SOURCE = "model of design power: idle 30 %, the rest by load"


@dataclass(frozen=True)
class Chosen:
    """Options of one workload, in the candidates' order."""

    names: list[str]
    devices: list[Device]
    counts: list[int]
    precisions: list[str]
    largest_batch: FloatArray
    shape: ModelShape

    @classmethod
    def of(
        cls, candidates: pl.DataFrame, devices: Mapping[str, Mapping[str, Any]], shape: ModelShape
    ) -> Chosen:
        """The options in a table of candidates."""
        known = {name: Device.from_row(row) for name, row in devices.items()}
        batch = candidates["max_batch"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return cls(
            candidates["option"].to_list(),
            [known[name] for name in candidates["accelerator"].to_list()],
            candidates["count"].to_list(),
            candidates["precision"].to_list(),
            np.array(batch, dtype=float),
            shape,
        )

    def __len__(self) -> int:
        return len(self.names)

    def cases(self, input_tokens: float, output_tokens: float) -> list[ServingCase]:
        """A case an option, under a closed loop whose concurrency is set later."""
        return [
            ServingCase(
                device=device,
                shape=self.shape,
                count=count,
                precision=precision,
                compute=precision,
                scenario="closed_loop",
                input_tokens=max(input_tokens, 1.0),
                output_tokens=max(output_tokens, 1.0),
                concurrency=1.0,
            )
            for device, count, precision in zip(self.devices, self.counts, self.precisions, strict=True)
        ]

    @cached_property
    def refusals(self) -> list[str]:
        """Why nothing can be predicted for an option; "" where something can."""
        return [_refusal(case) for case in self.cases(1.0, 1.0)]

    def power(self, load_share: FloatArray) -> Ranged:
        """Watts of a replica at a share of its capacity, from design power."""
        design = np.array(
            [
                np.nan if device.tdp_w is None else count * device.tdp_w
                for device, count in zip(self.devices, self.counts, strict=True)
            ]
        )
        share = np.nan_to_num(load_share, nan=1.0)
        return Ranged(design * (IDLE_SHARE + (1.0 - IDLE_SHARE) * share), design * IDLE_SHARE, design)


def _refusal(case: ServingCase) -> str:
    try:
        refuse_impossible(case)
    except RefusedError as refusal:
        return str(refusal)
    return ""


@dataclass(frozen=True)
class Block:
    """One metric and statistic of all options.

    Attributes:
        ranged: values and intervals; NaN becomes null with `missing` as the reason.
        missing: why a value is missing, one an option or one for all.
        no_interval: why there is no interval, where a value has none.
    """

    metric: str
    statistic: str
    unit: str
    ranged: Ranged
    method: str
    source: str
    missing: list[str] | str
    no_interval: str = ""
    keep: list[bool] = field(default_factory=list)

    def frame(self, chosen: Chosen) -> pl.DataFrame:
        """The columns that differ between rows, one row an option."""
        value, low, high = (_clean(part) for part in (self.ranged.value, self.ranged.low, self.ranged.high))
        whole = np.isfinite(value) & np.isfinite(low) & np.isfinite(high) & (low <= high)
        known = np.isfinite(value)
        missing = [self.missing] * len(chosen) if isinstance(self.missing, str) else self.missing
        fallback = "a figure of the device or model is not known"
        reasons = [
            "" if both else (self.no_interval or fallback) if has else (why or fallback)
            for both, has, why in zip(whole.tolist(), known.tolist(), missing, strict=True)
        ]
        return pl.DataFrame(
            {
                "option": chosen.names,
                "precision": chosen.precisions,
                "metric": self.metric,
                "statistic": self.statistic,
                "unit": self.unit,
                "value": pl.Series(value).fill_nan(None),
                "low": pl.Series(np.where(whole, low, np.nan)).fill_nan(None),
                "high": pl.Series(np.where(whole, high, np.nan)).fill_nan(None),
                "interval_level": pl.Series(np.where(whole, LEVEL, np.nan)).fill_nan(None),
                "interval_method": [self.method if both else None for both in whole.tolist()],
                "source": self.source,
                "reason": reasons,
            },
            schema_overrides={"interval_method": pl.String},
        )


def _clean(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)


def energy(power: Ranged, rate_rps: FloatArray) -> Ranged:
    """Joules a request: watts ÷ requests a second."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return power.scaled(1.0 / rate_rps)


def power_blocks(chosen: Chosen, load_share: FloatArray, rate_rps: FloatArray) -> list[Block]:
    """Power and energy a request, from design power."""
    power = chosen.power(load_share)
    missing = "the device's design power is not known"
    return [
        Block("power_w", "mean", "W", power, POWER_METHOD, POWER_SOURCE, missing),
        Block(
            "energy_j_per_request",
            "mean",
            "J",
            energy(power, rate_rps),
            POWER_METHOD,
            f"{POWER_SOURCE}, over the replica's mean request rate",
            missing,
        ),
    ]


def nowhere(chosen: Chosen, ranged: Ranged) -> Ranged:
    """`ranged` with NaN for the options that are refused."""
    refused = np.array([bool(reason) for reason in chosen.refusals])
    blank = np.where(refused, np.nan, 1.0)
    return ranged.scaled(blank)
