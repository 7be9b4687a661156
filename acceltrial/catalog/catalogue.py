"""The catalogue as checked tables, with its names and what it noticed about itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from acceltrial.catalog import columns
from acceltrial.catalog.aliases import AliasIndex
from acceltrial.catalog.findings import Finding
from acceltrial.catalog.graphs import Graph, read_graphs
from acceltrial.catalog.imported import newest, read_imported
from acceltrial.catalog.operator_coverage import Coverage, Lists, coverage, operator_lists
from acceltrial.catalog.price_rules import STALE_AFTER_DAYS, outliers, stale
from acceltrial.catalog.reading import read_table
from acceltrial.errors import ConfigurationError, DataContractError

FILES = {
    "accelerators": (columns.ACCELERATORS, ("accelerator",)),
    "accelerator_facts": (columns.ACCELERATOR_FACTS, ("accelerator", "field", "value", "source")),
    "prices": (columns.PRICES, ("price",)),
    "api_prices": (columns.API_PRICES, ("provider", "served_as")),
    "models": (columns.MODELS, ("model",)),
    "classes": (columns.CLASSES, ("accelerator_class",)),
    "aliases": (columns.ALIASES, ("kind", "alias")),
    "runtimes": (columns.RUNTIMES, ("runtime", "hardware", "feature")),
    "operators": (columns.OPERATORS, ("backend", "operator")),
    "compilers": (columns.COMPILERS, ("family",)),
    "documented_models": (columns.DOCUMENTED_MODELS, ("backend", "graph")),
}
REQUIRED_FILES = ("accelerators", "accelerator_facts", "prices")


@dataclass(frozen=True)
class Catalogue:
    """Checked tables, and in `findings` what a reader should know of them.

    `accelerators`, `accelerator_facts`, `prices` and `models` are shaped as the pipeline's tables of the
    same names.
    """

    folder: Path
    accelerators: pl.DataFrame
    accelerator_facts: pl.DataFrame
    prices: pl.DataFrame
    api_prices: pl.DataFrame
    models: pl.DataFrame
    classes: pl.DataFrame
    aliases: pl.DataFrame
    runtimes: pl.DataFrame
    operators: pl.DataFrame
    compilers: pl.DataFrame
    documented_models: pl.DataFrame
    findings: tuple[Finding, ...]

    @cached_property
    def accelerator_names(self) -> AliasIndex:
        """Resolves a device's name as sources write it."""
        ids = self.accelerators.select("accelerator", "vendor", "name").rows()
        names = [(identity, identity) for identity, _, _ in ids]
        names += self._listed("accelerator")
        names += [(name, identity) for identity, _, name in ids]
        return AliasIndex("accelerator", names)

    @cached_property
    def model_names(self) -> AliasIndex:
        """Resolves a model's name as sources write it."""
        names = [(identity, identity) for identity in self.models["model"]]
        return AliasIndex("model", names + self._listed("model"))

    def accelerator(self, name: str) -> dict[str, Any]:
        """The row of a device, by id or any name. Raises ConfigurationError naming the nearest."""
        identity = self.accelerator_names.resolve(name)
        return self.accelerators.row(by_predicate=pl.col("accelerator") == identity, named=True)

    def model(self, name: str) -> dict[str, Any]:
        """The row of a model, by id or any name. Raises ConfigurationError naming the nearest."""
        identity = self.model_names.resolve(name)
        return self.models.row(by_predicate=pl.col("model") == identity, named=True)

    def operator_coverage(self, model: str) -> list[Coverage]:
        """The model's operators on every compiler; empty when its graph was never exported."""
        found = [
            coverage(model, backend, self._graphs, self._operator_lists, self._proven(backend))
            for backend in sorted(self._operator_lists)
        ]
        return [one for one in found if one is not None]

    @cached_property
    def _graphs(self) -> dict[str, Graph]:
        return read_graphs(self.folder)

    @cached_property
    def _operator_lists(self) -> Lists:
        return operator_lists(self.operators.iter_rows(named=True))

    def _proven(self, backend: str) -> list[str]:
        return self.documented_models.filter(pl.col("backend") == backend)["graph"].to_list()

    def _listed(self, kind: str) -> list[tuple[str, str]]:
        return self.aliases.filter(pl.col("kind") == kind).select("alias", "id").rows()


def load_catalogue(folder: Path, *, today: date | None = None) -> Catalogue:
    """The catalogue in `folder`, checked.

    Args:
        folder: holds accelerators.csv, accelerator_facts.csv, prices.csv and, optionally, api_prices.csv,
            models.csv, classes.csv, aliases.csv, runtimes.csv, operators.csv, compilers.csv,
            documented_models.csv, price tables under imported/ and operator graphs under graphs/.
        today: prices older than half a year on this day become findings; None checks no age.

    Raises:
        ConfigurationError: the folder or a required file is missing.
        DataContractError: a table breaks its rules; names file, row, column and remedy.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            "the catalogue folder does not exist",
            where=str(folder),
            remedy="give a folder with accelerators.csv",
        )
    tables = {name: _table(folder, name) for name in FILES}
    imported = read_imported(folder)
    for name, table in tables.items():
        _check_references(folder / f"{name}.csv", name, table, tables)
    for path, table in imported:
        _check_references(path, "prices", table, tables)
    tables["prices"], superseded = newest(tables["prices"], imported)
    findings = tuple(sorted([*_findings(tables, today), *superseded]))
    return Catalogue(folder=folder, **tables, findings=findings)


def _table(folder: Path, name: str) -> pl.DataFrame:
    specification, unique = FILES[name]
    path = folder / f"{name}.csv"
    if path.is_file():
        return read_table(path, specification, unique)
    if name in REQUIRED_FILES:
        raise ConfigurationError(
            f"{path.name} is missing from the catalogue", where=str(folder), remedy="restore the file"
        )
    return pl.DataFrame(schema={column: spec.dtype for column, spec in specification.items()})


_REFERS = {
    "accelerator_facts": "accelerator", "prices": "accelerator", "aliases": "id", "api_prices": "model",
}  # fmt: skip


def _check_references(path: Path, name: str, table: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> None:
    if name not in _REFERS:
        return
    column = _REFERS[name]
    devices = set(tables["accelerators"]["accelerator"])
    models = set(tables["models"]["model"])
    for number, row in enumerate(table.iter_rows(named=True), start=2):
        if row[column] not in (models if name == "api_prices" or row.get("kind") == "model" else devices):
            raise DataContractError(
                f"{row[column]!r} is not in the catalogue",
                where=f"{path}, row {number}, column {column}",
                remedy="correct the id, or add the device or model to the catalogue",
                details={"row": number, "column": column, "value": row[column]},
            )


def _findings(tables: dict[str, pl.DataFrame], today: date | None) -> list[Finding]:
    prices = tables["prices"].to_dicts()
    found = outliers(prices)
    if today is not None:
        found += stale(prices, today, STALE_AFTER_DAYS)
    priced = set(tables["prices"]["accelerator"])
    sourced = set(tables["accelerator_facts"]["accelerator"])
    found += [
        Finding(
            "accelerator",
            row["accelerator"],
            "no_price",
            "info",
            f"no offer for {row['name']}",
            "add an offer to prices.csv: without one no cost is given",
        )
        for row in tables["accelerators"].iter_rows(named=True)
        if row["accelerator"] not in priced
    ]
    found += [
        Finding(
            "accelerator",
            row["accelerator"],
            "no_source",
            "warning",
            f"no fact names a source for {row['name']}",
            "add the sources to accelerator_facts.csv",
        )
        for row in tables["accelerators"].iter_rows(named=True)
        if row["accelerator"] not in sourced
    ]
    return found
