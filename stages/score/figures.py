"""The figure that counts for a workload, option and metric, chosen from the measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from acceltrial.decide.draws import between, standard_normals
from acceltrial.decide.values import Floats

UNKNOWN = float("nan")
_GRADE_ORDER = ("measured", "published", "predicted", "declared")
_PHASE_ORDER = ("replay", "training", "stack", "synthetic", "predicted")
NEEDED = (
    "capacity_rps", "requests_per_s", "failure_rate", "slo_attainment", "success_rate", "power_w",
    "energy_j_per_request", "ttft_ms", "ttft_from_intended_ms", "tpot_ms", "e2e_ms",
    "e2e_from_intended_ms", "step_time_s", "first_step_time_s", "compile_time_s", "checkpoint_time_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Given:
    """A figure with its 95 % interval (NaN: none), grade, source, date, and the reason when unknown."""

    value: float = UNKNOWN
    low: float = UNKNOWN
    high: float = UNKNOWN
    grade: str = "declared"
    source: str = ""
    date: datetime | None = None
    reason: str = ""
    correlated: str = ""
    """Figures with the same mark err together: predictions of one accelerator share their draws."""
    by_hand: bool = False
    """Set by a person: what it was computed from no longer moves it."""

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return not np.isnan(self.value)

    def draws(self, count: int, seed: int, *key: str) -> Floats:
        """`count` draws of a figure that cannot be negative; NaN when unknown."""
        if not self.low < self.high:
            return np.full(count, self.value)
        z = standard_normals(count, seed, *((self.correlated, key[-1]) if self.correlated else key))
        return between(self.value, self.low, self.high, z, positive=True)


class Evidence:
    """Measurements that may count, one a (workload, option, metric, statistic).

    Left out: rows without a value, rows whose instrument was off, and rows of another model than
    the workload's. Of several, the strongest grade counts, then the phase nearest to real traffic,
    then the latest, then the cell's name.
    """

    def __init__(
        self,
        measurements: pl.DataFrame,
        model_of: Mapping[str, str],
        accelerator_of: Mapping[str, str | None],
        options: Iterable[tuple[str, str]],
    ) -> None:
        self._accelerator_of = accelerator_of
        self.left_out = _left_out(measurements, model_of)
        wanted = pl.DataFrame(
            list(options), schema={"workload": pl.String, "option": pl.String}, orient="row"
        )
        usable = _usable(measurements, model_of).join(wanted, on=["workload", "option"], how="semi")
        rows = usable.select(
            "workload", "option", "metric", "statistic", "value", "low", "high", "grade", "phase", "source",
            "date", "adjustments",
        ).rows()  # fmt: skip
        self._rows = {row[:4]: row[4:] for row in rows}

    def get(self, workload: str, option: str, metric: str, *statistics: str) -> Given:
        """The first known statistic of the metric, or an unknown figure with the reason."""
        for statistic in statistics:
            row = self._rows.get((workload, option, metric, statistic))
            if row is not None:
                return self._given(option, metric, statistic, row)
        why = self.left_out.get((workload, option), "no figure was measured or predicted")
        return Given(reason=f"{metric}: {why}")

    def first(self, workload: str, option: str, metrics: Iterable[str], *statistics: str) -> Given:
        """The figure of the first metric that has one."""
        found = Given(reason="no metric asked for")
        for metric in metrics:
            found = self.get(workload, option, metric, *statistics)
            if found.known:
                return found
        return found

    def _given(self, option: str, metric: str, statistic: str, row: tuple[Any, ...]) -> Given:
        value, low, high, grade, phase, source, date, adjustments = row
        note = f"; {adjustments}" if adjustments else ""
        accelerator = self._accelerator_of.get(option)
        shared = f"{accelerator}:{metric}" if accelerator and grade == "predicted" else ""
        return Given(
            value,
            UNKNOWN if low is None else low,
            UNKNOWN if high is None else high,
            grade,
            f"{metric} {statistic} ({phase}): {source}{note}",
            date,
            "",
            shared,
        )


def _usable(measurements: pl.DataFrame, model_of: Mapping[str, str]) -> pl.DataFrame:
    return (
        measurements.filter(
            pl.col("valid")
            & pl.col("value").is_not_null()
            & pl.col("metric").is_in(NEEDED)
            & _own_model(model_of)
        )
        .with_columns(
            grade_order=pl.col("grade").replace_strict({g: i for i, g in enumerate(_GRADE_ORDER)}),
            phase_order=pl.col("phase").replace_strict({p: i for i, p in enumerate(_PHASE_ORDER)}),
        )
        .sort(
            ["grade_order", "phase_order", "date", "cell", "value"],
            descending=[False, False, True, False, False],
        )
        .unique(subset=["workload", "option", "metric", "statistic"], keep="first", maintain_order=True)
    )


def _own_model(model_of: Mapping[str, str]) -> pl.Expr:
    own = pl.col("workload").replace_strict(dict(model_of), default=None, return_dtype=pl.String)
    return (pl.col("model") == own).fill_null(False)


def _left_out(measurements: pl.DataFrame, model_of: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Why an option has no usable figure although there are rows of it."""
    found: dict[tuple[str, str], str] = {}
    rows = (
        measurements.with_columns(own=_own_model(model_of))
        .filter(~pl.col("own") | ~pl.col("valid") | pl.col("value").is_null())
        .group_by("workload", "option")
        .agg(
            pl.col("own").all().alias("own"),
            pl.col("valid").all().alias("valid"),
            pl.col("model").sort().first(),
            pl.col("reason").filter(pl.col("reason") != "").sort().first(),
        )
        .rows()
    )
    for workload, option, own, valid, model, reason in rows:
        if not own:
            found[workload, option] = f"measured with {model}, which is not the workload's model"
        elif not valid:
            found[workload, option] = "the instrument's error broke its bound"
        else:
            found[workload, option] = reason or "no value"
    return found
