"""The input tables as the stage reads them: workloads, options and offers with their facts joined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from acceltrial.catalog.software import Software
from acceltrial.cost.demand import Demand
from acceltrial.cost.offers import Offer
from stages.score.figures import Evidence
from stages.score.params import ScoreParams

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Workload:
    """A workload as declared, classified and profiled; class and profile may be empty."""

    row: Row
    bucket: Row
    profile: Row

    @property
    def id(self) -> str:
        """The workload's identifier."""
        return str(self.row["workload"])

    @property
    def criticality(self) -> str:
        """As classified, else as declared, else the middle bucket."""
        return str(self.bucket.get("criticality") or self.row["declared_criticality"] or "customer_facing")

    @property
    def stability(self) -> str:
        """As classified, else as declared, else unknown."""
        return str(self.bucket.get("stability") or self.row["declared_stability"] or "unknown")

    @property
    def training(self) -> bool:
        """Whether its economics are those of training."""
        return bool(self.row["phase"] == "training")

    @property
    def batch(self) -> bool:
        """Whether its requests may wait."""
        shape = self.bucket.get("shape") or self.row["declared_shape"]
        return bool(shape == "batch" or self.row["kind"] == "batch")

    @property
    def always_ready(self) -> bool:
        """Whether capacity must stand ready: declared so, or users wait for the answer."""
        return bool(self.row["always_on"]) or (self.criticality != "exploratory" and not self.batch)

    def demand(self, params: ScoreParams, volume: float = 1.0) -> Demand:
        """The month of traffic: volume as declared, peak as the trace shows it; `volume` scales it."""
        rate, peak = self.profile.get("rate_rps"), self.profile.get("peak_rate_rps")
        ratio = max(1.0, peak / rate) if rate and peak else params.peak_to_mean
        return Demand(
            requests=self.row["actions_per_month"] * self.row["requests_per_action"] * volume,
            peak_to_mean=ratio,
            batch=self.batch,
            window_h=self.row["deadline_h"] or 24.0,
            always_on=self.always_ready,
        )

    @property
    def targets_ms(self) -> dict[str, float]:
        """The latency targets that apply, by metric."""
        names = {"ttft_ms": "slo_ttft_ms", "tpot_ms": "slo_tpot_ms", "e2e_ms": "slo_e2e_ms"}
        given = {metric: self.row[column] for metric, column in names.items()}
        if not self.row["streaming"] and given["e2e_ms"] is not None:
            # Whoever waits for the whole answer does not see its first token.
            given = {"e2e_ms": given["e2e_ms"]}
        return {metric: float(limit) for metric, limit in given.items() if limit is not None}


@dataclass(frozen=True)
class Option:
    """One candidate with its accelerator and target, where there are any."""

    row: Row
    accelerator: Row
    target: Row

    @property
    def id(self) -> str:
        """The option's identifier."""
        return str(self.row["option"])

    @property
    def accelerator_class(self) -> str:
        """Such as gpu or cpu."""
        return str(self.row["accelerator_class"])

    @property
    def device(self) -> str:
        """What a price or a supplier is of: the accelerator, or the target where the catalogue has none."""
        return str(self.row["accelerator"] or self.id)

    @property
    def family(self) -> str:
        """Devices that fail, sell out and lose support together."""
        return str(self.accelerator.get("family") or self.target.get("device") or self.accelerator_class)

    @property
    def is_target(self) -> bool:
        """Whether it can be reached from here."""
        return bool(self.target)


@dataclass(frozen=True)
class World:
    """Everything the stage knows, joined."""

    workloads: list[Workload]
    options: Mapping[str, list[Option]]
    offers: Mapping[str, list[Offer]]
    offers_by_class: Mapping[str, list[Offer]]
    accelerators: list[Row]
    targets: list[Row]
    cells: Mapping[tuple[str, str], Row]
    software: Software = field(default_factory=Software)
    support: Sequence[Mapping[str, str]] = ()
    memo: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """What was looked up once: a device's runtimes, suppliers and families, and the vendors of a format."""

    @cached_property
    def classes_in_use(self) -> set[str]:
        """Accelerator classes of the targets that are enabled."""
        used = {row["accelerator"] for row in self.targets if row["enabled"]}
        known = {
            option.row["accelerator_class"]
            for options in self.options.values()
            for option in options
            if option.row["accelerator"] in used and option.is_target
        }
        return {str(name) for name in known}

    @cached_property
    def providers(self) -> set[str]:
        """Everybody who has a price for anything."""
        return {offer.provider for offers in self.offers.values() for offer in offers}

    def evidence(self, measurements: pl.DataFrame) -> Evidence:
        """Those of the measurements that may count for feasible options."""
        feasible = [
            (workload, option)
            for workload, options in self.options.items()
            for option in options
            if option.row["feasible"]
        ]
        return Evidence(
            measurements,
            {workload.id: workload.row["model"] for workload in self.workloads},
            {option.id: option.row["accelerator"] for _, option in feasible},
            [(workload, option.id) for workload, option in feasible],
        )

    def of_class(self, accelerator_class: str) -> list[Row]:
        """The catalogue's accelerators of the class."""
        return [row for row in self.accelerators if row["accelerator_class"] == accelerator_class]


def build_world(
    tables: Mapping[str, pl.DataFrame],
    software: Software | None = None,
    support: Sequence[Mapping[str, str]] = (),
) -> World:
    """The joined tables, everything in order of identifier.

    Args:
        tables: the stage's input tables.
        software: what the catalogue knows of runtimes; None knows nothing.
        support: rows of its ends of support.
    """
    buckets = _by(tables["classes"], "workload")
    profiles = _by(tables["profiles"], "workload")
    accelerators = _by(tables["accelerators"], "accelerator")
    targets = _by(tables["targets"], "target")
    workloads = [
        Workload(row, buckets.get(row["workload"], {}), profiles.get(row["workload"], {}))
        for row in tables["workloads"].sort("workload").to_dicts()
    ]
    options: dict[str, list[Option]] = defaultdict(list)
    for row in tables["candidates"].sort("workload", "option").to_dicts():
        target = targets.get(row["option"], {}) if row["option_kind"] == "target" else {}
        accelerator = accelerators.get(row["accelerator"] or "", {})
        options[row["workload"]].append(Option(row, accelerator, target))
    offers: dict[str, list[Offer]] = defaultdict(list)
    by_class: dict[str, list[Offer]] = defaultdict(list)
    for row in tables["prices"].sort("price").to_dicts():
        offer = _offer(row)
        offers[row["accelerator"]].append(offer)
        by_class[accelerators.get(row["accelerator"], {}).get("accelerator_class", "")].append(offer)
    return World(
        workloads,
        options,
        offers,
        by_class,
        list(accelerators.values()),
        list(targets.values()),
        {(row["workload"], row["option"]): row for row in tables["benchmark_cells"].sort("cell").to_dicts()},
        software or Software(),
        support,
    )


def target_offer(option: Option) -> Offer | None:
    """The price that targets.yaml gives for the whole target, or None where it gives none."""
    row = option.target
    if not row or row["price_usd_hr"] is None:
        return None
    count = float(option.row["count"])
    return Offer(
        offer=f"targets.yaml:{row['target']}",
        accelerator=row["accelerator"] or row["device"],
        provider=row["environment"],
        region=row["region"],
        residency=row["residency"],
        environment=row["environment"],
        accelerators_per_instance=count,
        price_model="on_demand",
        usd_per_accelerator_hour=row["price_usd_hr"] / count,
        grade=row["price_grade"] or "declared",
        source=row["price_source"] or "targets.yaml",
        as_of=row["price_as_of"] or "",
    )


def _offer(row: Row) -> Offer:
    return Offer(
        offer=row["price"],
        accelerator=row["accelerator"],
        provider=row["provider"],
        region=row["region"],
        residency=row["residency"],
        environment=row["environment"],
        accelerators_per_instance=row["accelerators_per_instance"],
        price_model=row["model"],
        usd_per_accelerator_hour=row["usd_per_accelerator_hour"],
        grade=row["grade"],
        source=row["source"],
        as_of=row["as_of"],
    )


def _by(frame: pl.DataFrame, key: str) -> dict[str, Row]:
    return {row[key]: row for row in frame.sort(key).to_dicts()}
