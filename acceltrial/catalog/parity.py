"""What each runtime can do with each family of models, and where the gaps are.

A cell is `documented`, `unsupported`, `unknown` (the runtime's page lists it as untested) or `unlisted` (no
source here speaks of it). An unlisted feature is not an unsupported one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from acceltrial.catalog.reading import read_rows
from acceltrial.errors import DataContractError

Row = Mapping[str, Any]
FILE: Final = "parity_features.csv"
COLUMNS: Final = ("feature", "meaning", "families", "listed_as")
SAME_HARDWARE: Final = {"AMD GPU": "AMD", "x86 CPU": "CPU"}
"""Two tables of one runtime name the same hardware differently."""
_BEST_FIRST: Final = ("documented", "unknown", "unsupported")


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature that matters to some families, and the names under which runtimes list it."""

    name: str
    meaning: str
    families: tuple[str, ...]
    listed_as: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parity:
    """One cell of the table: family × runtime on hardware × feature.

    Attributes:
        grade: `published` for what a source says; empty for an unlisted feature.
        source: with its date in `as_of`.
    """

    family: str
    runtime: str
    hardware: str
    feature: str
    state: str
    grade: str
    source: str
    as_of: str
    note: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A family on one runtime: how much of what matters to it is documented, and what is not.

    Attributes:
        lost: features that are unsupported.
        unproven: features that are unknown or unlisted: nobody may count on them before a test.
    """

    family: str
    runtime: str
    hardware: str
    documented: int
    features: int
    lost: tuple[str, ...]
    unproven: tuple[str, ...]


def read_features(folder: Path) -> list[Feature]:
    """The features of the catalogue's folder. Raises StorageError or DataContractError."""
    path = folder / FILE
    found: dict[str, Feature] = {}
    for number, row in enumerate(read_rows(path), start=2):
        if tuple(row) != COLUMNS or not all(row.values()) or row["feature"] in found:
            raise DataContractError(
                "a feature needs a name of its own, a meaning, families and the names it is listed by",
                where=f"{path}, row {number}",
                remedy=f"fill the columns {', '.join(COLUMNS)}",
            )
        parts = {name: tuple(p.strip() for p in row[name].split("|")) for name in ("families", "listed_as")}
        found[row["feature"]] = Feature(row["feature"], row["meaning"], parts["families"], parts["listed_as"])
    return list(found.values())


def parity(
    features: Sequence[Feature], runtimes: Sequence[Row], families: Sequence[str] = ()
) -> list[Parity]:
    """Every cell, ordered by family, runtime, hardware and feature.

    Where a runtime lists several names of one feature (two ways of speculative decoding), the best counts.

    Args:
        features: what matters to whom.
        runtimes: rows of the catalogue's runtimes table.
        families: only these; empty for all that a feature names.
    """
    listed: dict[tuple[str, str, str], Row] = {
        (str(row["runtime"]), hardware_name(row), str(row["feature"])): row for row in runtimes
    }
    places = sorted({key[:2] for key in listed})
    wanted = families or sorted({family for feature in features for family in feature.families})
    return [
        _cell(family, runtime, hardware, feature, listed)
        for family in wanted
        for runtime, hardware in places
        for feature in features
        if family in feature.families
    ]


def summarise(cells: Sequence[Parity]) -> list[Summary]:
    """One row a family, runtime and hardware, the fullest first within a family."""
    groups: dict[tuple[str, str, str], list[Parity]] = {}
    for cell in cells:
        groups.setdefault((cell.family, cell.runtime, cell.hardware), []).append(cell)
    rows = [
        Summary(
            *key,
            documented=sum(cell.state == "documented" for cell in group),
            features=len(group),
            lost=tuple(cell.feature for cell in group if cell.state == "unsupported"),
            unproven=tuple(cell.feature for cell in group if cell.state in ("unknown", "unlisted")),
        )
        for key, group in groups.items()
    ]
    return sorted(
        rows, key=lambda row: (row.family, -row.documented, len(row.lost), row.runtime, row.hardware)
    )


def hardware_name(row: Row) -> str:
    """The hardware of a row of the runtimes table, by one name."""
    return SAME_HARDWARE.get(str(row["hardware"]), str(row["hardware"]))


def _cell(
    family: str, runtime: str, hardware: str, feature: Feature, listed: Mapping[tuple[str, str, str], Row]
) -> Parity:
    rows = [row for name in feature.listed_as if (row := listed.get((runtime, hardware, name)))]
    if not rows:
        return Parity(
            family, runtime, hardware, feature.name, "unlisted", "", "", "", "no source here speaks of it"
        )
    best = min(rows, key=lambda row: _BEST_FIRST.index(row["state"]))
    note = best.get("note") or ""
    return Parity(
        family, runtime, hardware, feature.name, str(best["state"]), "published",
        str(best["source"]), str(best["as_of"]), str(note),
    )  # fmt: skip
