"""Accelerators from a foreign table of device facts, one row a device, with curated corrections.

The foreign table has the columns id, vendor, name, class, year, memory_gb … energy_per_synop_pj, runtimes,
quantisation, availability, source, confidence, as_of, notes. Curated cells (their own sources and
confidence) overrule it, and cells that are not chosen are kept as facts beside the chosen ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from acceltrial.catalog.columns import ACCELERATOR_FACTS, ACCELERATORS
from acceltrial.catalog.reading import read_rows
from acceltrial.errors import DataContractError

GIB = 1.073741824
UNITS = {
    "memory_gb": "GB",
    "memory_bw_gb_s": "GB/s",
    "interconnect_gb_s": "GB/s",
    "int8_tops": "TOPS",
    "tdp_w": "W",
    "energy_per_synop_pj": "pJ",
    "year": "year",
}
_SKIPPED = {("hailo-10h", "fp4_tflops")}
"""The source's FP4 column holds INT4 there: see the curated cell."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Rows of the accelerators table and of the facts table, as text cells."""

    accelerators: list[dict[str, str]]
    facts: list[dict[str, str]]


def import_accelerators(devices: Path, families: Path, cells: Path, extra: Path | None = None) -> Imported:
    """Both tables from the device file, the family file, the curated cells and our own devices.

    Args:
        devices: the foreign table.
        families: the family of each device.
        cells: curated cells.
        extra: devices that the foreign file lacks, in its columns; those that it has by now are left out.

    Raises:
        StorageError: a file cannot be read.
        DataContractError: a device without family, or a curated cell of an unknown device.
    """
    family = {row["accelerator"]: row["family"] for row in read_rows(families)}
    curated = read_rows(cells)
    foreign = read_rows(devices)
    known = {row["id"] for row in foreign}
    added = [row for row in read_rows(extra) if row["id"] not in known] if extra else []
    foreign += added
    known |= {row["id"] for row in added}
    for number, cell in enumerate(curated, start=2):
        if cell["accelerator"] not in known:
            raise DataContractError(
                f"no device {cell['accelerator']!r} in {devices}",
                where=f"{cells}, row {number}, column accelerator",
                remedy="correct the id, or add the device",
            )
    accelerators: list[dict[str, str]] = []
    facts: list[dict[str, str]] = []
    for number, row in enumerate(foreign, start=2):
        if row["id"] not in family:
            raise DataContractError(
                f"device {row['id']!r} has no family",
                where=f"{devices}, row {number}, column id",
                remedy=f"name its prediction family in {families}",
            )
        own = [cell for cell in curated if cell["accelerator"] == row["id"]]
        values, device_facts = _one_device(row, own)
        accelerators.append({**values, "family": family[row["id"]]})
        facts.extend(device_facts)
    return Imported([{name: row.get(name, "") for name in ACCELERATORS} for row in accelerators], facts)


def _one_device(
    row: dict[str, str], curated: list[dict[str, str]]
) -> tuple[dict[str, str], list[dict[str, str]]]:
    values = {"accelerator": row["id"], "accelerator_class": row["class"]}
    facts = []
    chosen = {cell["field"]: cell for cell in curated if cell["chosen"] == "yes"}
    rejected = [cell for cell in curated if cell["chosen"] == "no"]
    for field in ACCELERATORS:
        if field in chosen:
            cell = chosen[field]
            values[field] = cell["value"]
            facts.append(_fact(cell["accelerator"], field, cell["value"], cell, _chosen_note(cell, rejected)))
        elif row.get(field) and (row["id"], field) not in _SKIPPED:
            values[field], note = _in_our_unit(field, row[field], row["notes"])
            facts.append(_fact(row["id"], field, values[field], row, note))
    facts.extend(
        _fact(cell["accelerator"], cell["field"], cell["value"], cell, f"not chosen: {cell['note']}")
        for cell in rejected
    )
    return values, facts


def _in_our_unit(field: str, value: str, notes: str) -> tuple[str, str]:
    if field == "memory_gb" and notes.startswith("GiB"):
        return f"{float(value) * GIB:.4g}", f"{value} GiB at the source"
    return value, ""


def _chosen_note(cell: dict[str, str], rejected: list[dict[str, str]]) -> str:
    if any(other["field"] == cell["field"] for other in rejected):
        return f"chosen: {cell['note'] or 'the better documented of the sources'}"
    return cell["note"]


def _fact(accelerator: str, field: str, value: str, origin: dict[str, str], note: str) -> dict[str, str]:
    fact = {
        "accelerator": accelerator,
        "field": field,
        "value": value,
        "unit": UNITS.get(field, "TFLOPS" if field.endswith("_tflops") else "text"),
        "source": origin["source"] or "general knowledge",
        "as_of": origin["as_of"],
        "confidence": origin["confidence"],
        "note": note,
    }
    return {name: fact[name] for name in ACCELERATOR_FACTS}
