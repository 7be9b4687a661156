"""Offers from a SkyPilot-style cloud catalogue: one row an instance type, region and zone.

The files have the columns InstanceType, AcceleratorName, AcceleratorCount, GpuInfo, Price, SpotPrice, Region,
AvailabilityZone. They are known to write 700 where a TPU's price is unknown, to leave Trainium2 without a
price, to state an instance's memory as that of one chip, and to count the cores of older TPUs.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from pathlib import Path

from acceltrial.catalog.catalogue import Catalogue
from acceltrial.catalog.findings import Finding
from acceltrial.catalog.instances import Instance, read_instances
from acceltrial.catalog.offer import Offer
from acceltrial.catalog.price_rules import memory_is_per_instance, refusal, tpu_chips
from acceltrial.catalog.reading import read_rows
from acceltrial.catalog.regions import UNSPECIFIED, residency_of

NEEDED = ("InstanceType", "AcceleratorName", "AcceleratorCount", "Price", "SpotPrice", "Region")
MIB_A_GB = 1000**3 / 1024**2
_MODELS = (("on_demand", "Price"), ("spot", "SpotPrice"))


def skypilot_offers(
    path: Path, catalogue: Catalogue, *, provider: str, as_of: str
) -> tuple[list[Offer], list[Finding]]:
    """The lowest price over the zones for each instance type and region, and why rows were left out.

    Args:
        path: the CSV file.
        catalogue: resolves the names of accelerators.
        provider: whose prices these are; the file does not say.
        as_of: the day of the file (YYYY-MM-DD); the rows have none.

    Raises:
        StorageError: the file cannot be read.
        DataContractError: it is no such table.
    """
    rows = read_rows(path, NEEDED)
    lowest: dict[str, Offer] = {}
    findings: list[Finding] = []
    instances = read_instances(catalogue.folder, provider)
    unknown: set[str] = set()
    memory = dict(catalogue.accelerators.select("accelerator", "memory_gb").iter_rows())
    for number, row in enumerate(rows, start=2):
        device = _device(row, catalogue)
        if device is None:
            unknown.update(filter(None, (row["AcceleratorName"],)))
            continue
        try:
            chips = _chips(row)
            _check_size(row, chips, instances)
            for model, column in _MODELS:
                usd = _number(row[column])
                if problem := refusal(usd, chips):
                    if model == "on_demand":
                        findings.append(_left_out(path, number, row, problem))
                    continue
                offer = _offer(row, device, chips, model, usd or 0.0, provider, as_of, path.name)
                if offer.name not in lowest or offer.usd < lowest[offer.name].usd:
                    lowest[offer.name] = offer
        except ValueError as error:
            findings.append(_left_out(path, number, row, str(error)))
            continue
        if memory_is_per_instance(_stated_memory_gb(row), memory.get(device)):
            findings.append(_odd_memory(path, number, row, device, memory[device]))
    if unknown:
        findings.append(_unknown(path, unknown))
    return list(lowest.values()), sorted(set(findings))


def _device(row: Mapping[str, str], catalogue: Catalogue) -> str | None:
    name = row["AcceleratorName"]
    if not name:
        return None
    slice_of = name.lower().rpartition("-")[0]
    return catalogue.accelerator_names.find(slice_of if tpu_chips(name) else name)


def _chips(row: Mapping[str, str]) -> float:
    if chips := tpu_chips(row["AcceleratorName"]):
        return float(chips)
    count = _number(row["AcceleratorCount"])
    if count is None or count <= 0:
        raise ValueError(f"{row['AcceleratorCount']!r} accelerators")
    return count


def _check_size(row: Mapping[str, str], chips: float, instances: Mapping[str, Instance]) -> None:
    """Raises ValueError where the row counts other accelerators than the instance has."""
    known = instances.get(row["InstanceType"])
    if known is not None and known.count != chips:
        raise ValueError(f"{chips:g} accelerators where instances.csv has {known.count:g}")


def _unknown(path: Path, names: set[str]) -> Finding:
    shown = ", ".join(sorted(names)[:5]) + (" …" if len(names) > 5 else "")
    return Finding(
        "price",
        path.name,
        "unknown_accelerator",
        "info",
        f"{len(names)} accelerators are not in the catalogue: {shown}",
        "add the device, or an alias of it, to the catalogue",
    )


def _number(text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no finite number")
    return value


def _offer(
    row: Mapping[str, str],
    device: str,
    chips: float,
    model: str,
    usd: float,
    provider: str,
    as_of: str,
    source: str,
) -> Offer:
    counted = tpu_chips(row["AcceleratorName"])
    return Offer(
        device,
        provider,
        row["Region"] or UNSPECIFIED,
        residency_of(row["Region"]),
        row["InstanceType"] or row["AcceleratorName"],
        chips,
        model,
        usd / chips,
        f"SkyPilot-style catalogue {source}",
        as_of,
        "third_party_repo",
        f"a slice of {counted} chips" if counted else "lowest zone",
    )


def _stated_memory_gb(row: Mapping[str, str]) -> float | None:
    """Memory of one accelerator by the GpuInfo cell (JSON or a Python literal), if it says any."""
    text = row.get("GpuInfo", "")
    if not text:
        return None
    try:
        info = json.loads(text)
    except json.JSONDecodeError:
        try:
            info = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    try:
        return float(info["Gpus"][0]["MemoryInfo"]["SizeInMiB"]) / MIB_A_GB
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _left_out(path: Path, number: int, row: Mapping[str, str], problem: str) -> Finding:
    return Finding(
        "price",
        " ".join(filter(None, (row["InstanceType"] or row["AcceleratorName"], row["Region"]))),
        "price_left_out",
        "info",
        f"{path.name}, row {number}: {problem}",
        "give the price by hand when it is known",
    )


def _odd_memory(path: Path, number: int, row: Mapping[str, str], device: str, known: float) -> Finding:
    return Finding(
        "price",
        f"{row['InstanceType']} {row['AcceleratorName']}".strip(),
        "memory_per_instance",
        "warning",
        f"{path.name}, row {number}: {_stated_memory_gb(row):.0f} GB for one {device} of {known:g} GB",
        "the list states the instance's memory; the catalogue's figure is used",
    )
