"""Which accelerators a cloud instance holds: what price lists and bills leave out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from acceltrial.catalog.columns import INSTANCES
from acceltrial.catalog.reading import read_table


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance type of one provider with its accelerators."""

    provider: str
    instance_type: str
    accelerator: str
    count: float


def read_instances(catalogue: Path, provider: str | None = None) -> dict[str, Instance]:
    """The provider's accelerated instances by type, or all providers', from instances.csv of the catalogue.

    Raises:
        DataContractError: the table breaks its rules.
        StorageError: it cannot be read.
    """
    table = read_table(catalogue / "instances.csv", INSTANCES, ("provider", "instance_type"))
    return by_type(
        Instance(row["provider"], row["instance_type"], row["accelerator"], float(row["count"]))
        for row in table.iter_rows(named=True)
        if provider in {None, row["provider"]}
    )


def by_type(instances: Iterable[Instance]) -> dict[str, Instance]:
    """The instances by their type."""
    return {instance.instance_type: instance for instance in instances}
