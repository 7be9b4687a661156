"""Offers from a plain CSV table, with its columns named by the reader: quotes, private offers, own lists."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

from acceltrial.catalog.catalogue import Catalogue
from acceltrial.catalog.columns import ENVIRONMENTS, PRICE_MODELS, PRICES
from acceltrial.catalog.importers.money import HOURS, in_usd, unit_named
from acceltrial.catalog.instances import Instance, read_instances
from acceltrial.catalog.offer import Offer
from acceltrial.catalog.price_rules import is_day, refusal, tpu_slice
from acceltrial.catalog.reading import read_rows
from acceltrial.catalog.regions import UNSPECIFIED, residency_of
from acceltrial.errors import ConfigurationError, DataContractError

NEEDED = ("accelerator", "price")
OPTIONAL = {
    "per": "hour",
    "currency": "USD",
    "count": "",
    "provider": "",
    "region": "",
    "residency": "",
    "environment": "public_cloud",
    "instance_type": "",
    "model": "on_demand",
    "term": "",
    "grade": "declared",
    "as_of": "",
    "source": "",
    "note": "",
}
_VOCABULARY = {
    "per": tuple(HOURS),
    "model": PRICE_MODELS,
    "environment": ENVIRONMENTS,
    "grade": ("published", "declared", "measured"),
}


def table_offers(
    path: Path, catalogue: Catalogue, *, columns: Mapping[str, str], rates: Mapping[str, float], as_of: str
) -> list[Offer]:
    """Every row as an offer; a price is of the whole instance, with `count` accelerators.

    Without a count it has those of a known instance type, else one.

    Args:
        path: the CSV file.
        catalogue: resolves the names of accelerators.
        columns: our column → the file's column, where the names differ.
        rates: USD for one unit of each currency that the file uses.
        as_of: the day of rows that name none.

    Raises:
        ConfigurationError: `columns` names what is not there, or a currency has no rate.
        DataContractError: a row is wrong: names file, row and column. Nothing is skipped in silence.
        StorageError: the file cannot be read.
    """
    if unknown := sorted(set(columns) - {*NEEDED, *OPTIONAL}):
        raise ConfigurationError(
            f"{unknown[0]!r} is no column of ours",
            where="--column",
            remedy=f"use {', '.join((*NEEDED, *OPTIONAL))}",
        )
    rows = read_rows(path)
    have = set(rows[0]) if rows else set()
    for ours in (*NEEDED, *columns):
        if rows and columns.get(ours, ours) not in have:
            raise ConfigurationError(
                f"the file has no column {columns.get(ours, ours)!r}",
                where=str(path),
                remedy=f"map it: --column {ours}=NAME with one of {', '.join(sorted(have))}",
            )
    instances = read_instances(catalogue.folder) if (catalogue.folder / "instances.csv").is_file() else {}
    return [
        _offer(path, number, _renamed(row, columns), catalogue, instances, rates, as_of)
        for number, row in enumerate(rows, start=2)
    ]


def _renamed(row: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    cells = {
        name: row.get(columns.get(name, name), "") or default
        for name, default in {**dict.fromkeys(NEEDED, ""), **OPTIONAL}.items()
    }
    # "On-Demand", "Public Cloud": the words of the vocabularies as people write them.
    plain = {name: re.sub(r"[\s-]+", "_", cells[name].lower()) for name in ("model", "environment", "grade")}
    return cells | plain | {"per": unit_named(cells["per"]), "residency": cells["residency"].lower()}


def _offer(
    path: Path,
    number: int,
    row: dict[str, str],
    catalogue: Catalogue,
    instances: Mapping[str, Instance],
    rates: Mapping[str, float],
    as_of: str,
) -> Offer:
    where = f"{path}, row {number}"
    try:
        sliced = tpu_slice(row["accelerator"])
        device = catalogue.accelerator_names.resolve(sliced[0] if sliced else row["accelerator"])
        amount, note = in_usd(_positive(row, "price"), row["currency"], rates)
    except ConfigurationError as error:
        raise DataContractError(
            error.what, where=f"{where} {error.where}".rstrip(), remedy=error.remedy
        ) from error
    except ValueError as error:
        raise _wrong(where, str(error)) from error
    day = row["as_of"] or as_of
    if problem := _vocabulary_problem(row, day):
        raise _wrong(where, problem)
    usd = amount / HOURS[row["per"]]
    try:
        count = _chips(row, sliced[1] if sliced else None, device, instances.get(row["instance_type"]))
    except ValueError as error:
        raise _wrong(where, str(error)) from error
    if problem := refusal(usd, count):
        raise _wrong(where, problem)
    return Offer(
        device,
        row["provider"] or path.stem,
        row["region"] or UNSPECIFIED,
        row["residency"] or residency_of(row["region"]),
        row["instance_type"],
        count,
        row["model"],
        usd / count,
        row["source"] or f"price table {path.name}",
        day,
        "declared" if row["grade"] == "declared" else "third_party_page",
        "; ".join(filter(None, (row["note"], note))),
        term=row["term"],
        environment=row["environment"],
        grade=row["grade"],
    )


def _chips(row: Mapping[str, str], sliced: int | None, device: str, instance: Instance | None) -> float:
    """Accelerators that the price is of: `count`, which must agree with a slice's name and a known instance.

    Of a slice it may say one. Raises ValueError: a contradiction, or no positive number.
    """
    count = _positive(row, "count") if row["count"] else None
    if sliced is not None:
        if count not in {None, 1.0, float(sliced)}:
            raise ValueError(
                f"column count: {count:g} contradicts the {sliced} chips of {row['accelerator']}"
            )
        return float(sliced)
    if instance is None:
        return 1.0 if count is None else count
    if instance.accelerator != device or count not in {None, instance.count}:
        raise ValueError(
            f"{1.0 if count is None else count:g} {device} contradict the {instance.count:g} "
            f"{instance.accelerator} of {instance.instance_type}"
        )
    return instance.count


def _vocabulary_problem(row: Mapping[str, str], day: str) -> str:
    for name, allowed in _VOCABULARY.items():
        if row[name] not in allowed:
            return f"column {name}: {row[name]!r} is not one of {', '.join(allowed)}"
    if row["residency"] and not re.match(PRICES["residency"].pattern, row["residency"]):
        return f"column residency: {row['residency'][:40]!r} is no region group such as eu, us or any"
    return "" if is_day(day) else f"column as_of: {day!r} is no date (YYYY-MM-DD)"


def _positive(row: Mapping[str, str], name: str) -> float:
    try:
        value = float(row[name])
    except ValueError:
        hint = " (write a decimal point, and no sign of the thousands)" if "," in row[name] else ""
        raise ValueError(f"column {name}: {row[name][:40]!r} is no number{hint}") from None
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"column {name}: {row[name]!r} is no positive finite number")
    return value


def _wrong(where: str, problem: str) -> DataContractError:
    return DataContractError(problem, where=where, remedy="correct the cell, or remove the row")
