"""What may be supposed, by key, and which amounts make no sense for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from acceltrial.decide.supposition import Supposition
from acceltrial.errors import ConfigurationError
from stages.score.params import ScoreParams

FLOOR = "success_rate_floor"
ALL_PEOPLE = "cost.people"
Tables = Mapping[str, pl.DataFrame]


def known_keys(tables: Tables, params: ScoreParams) -> dict[str, str]:
    """Every key that may be supposed, with its unit in words."""
    keys: dict[str, str] = {}
    priced = sorted(set(tables["prices"]["accelerator"].to_list()))
    for accelerator in priced:
        parts = accelerator.split("-")
        for length in range(1, len(parts) + 1):
            keys["price." + "-".join(parts[:length])] = "USD an accelerator and hour, all offers of it"
    for price in tables["prices"]["price"].to_list():
        keys.setdefault(f"price.{price}", "USD an accelerator and hour, this offer")
    for row in tables["targets"].to_dicts():
        if row["price_usd_hr"] is not None:
            keys.setdefault(f"price.{row['target']}", "USD an hour of the whole target")
    for row in tables["workloads"].to_dicts():
        keys[f"workload.{row['workload']}.volume"] = "business actions a month"
        if row["action_value_usd"]:
            keys[f"workload.{row['workload']}.value"] = "USD a business action is worth"
        if row["success_rate_floor"] is not None:
            keys[f"workload.{row['workload']}.{FLOOR}"] = "share of right answers that the owner requires"
    keys["power.usd_per_kwh"] = "USD a kWh"
    keys["power.pue"] = "power usage effectiveness"
    for name, line in params.cost_lines.items():
        keys[f"cost.{name}"] = f"USD, {line.basis}"
    keys[ALL_PEOPLE] = "all lines of people's work together: x2 or +10% only"
    leading = tables["ranking"].filter(pl.col("rank") <= 10)["option"].unique().to_list()
    devices = device_of(tables)
    for key in [f"option.{name}" for name in sorted(leading)] + [
        f"device.{name}" for name in sorted({devices[option] for option in leading})
    ]:
        keys[f"{key}.capacity"] = "share of its capacity (or training speed) of today that it reaches"
        keys[f"{key}.success_rate"] = "share of right answers (of runs that succeed)"
    return keys


def refuse_impossible(supposed: Sequence[Supposition]) -> None:
    """Raises ConfigurationError for a share above 1, and for one amount that stands for several lines."""
    for one in supposed:
        share = one.key.endswith((".success_rate", FLOOR))
        if share and one.value is not None and one.value > 1:
            raise ConfigurationError(
                f"{one.key}: a share cannot be {one.value:g}",
                where="--set",
                remedy="give a share from 0 to 1",
            )
        if one.key == ALL_PEOPLE and one.factor is None:
            raise ConfigurationError(
                f"{ALL_PEOPLE} stands for several lines", where="--set", remedy="write x2 or +10%"
            )


def device_of(tables: Tables) -> dict[str, str]:
    """The accelerator of each option, or the option itself where the catalogue knows none."""
    rows = tables["candidates"].select("option", "accelerator").unique().rows()
    return {option: accelerator or option for option, accelerator in rows}
