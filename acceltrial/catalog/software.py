"""What the catalogue's matrices and dates say of the software of an accelerator family.

An answer is a share from 0 to 1 with the rows that it was counted from. What no source speaks of leaves
a range open: an unlisted feature is not an unsupported one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from acceltrial.catalog import columns
from acceltrial.catalog.columns import Column
from acceltrial.catalog.parity import FILE as FEATURES_FILE
from acceltrial.catalog.parity import Feature, Parity, hardware_name, parity, read_features
from acceltrial.catalog.reading import read_table
from acceltrial.errors import DataContractError

Row = Mapping[str, Any]
_T = TypeVar("_T")
RELEASES_ENOUGH: Final = 4
"""Four releases a year keep pace with a new model generation every few months; more gain nothing."""
_TABLES: Final[dict[str, tuple[dict[str, Column], tuple[str, ...]]]] = {
    "runtimes": (columns.RUNTIMES, ("runtime", "hardware", "feature")),
    "runtime_hardware": (columns.RUNTIME_HARDWARE, ("hardware", "family")),
    "formats": (columns.FORMATS, ("precision", "feature")),
    "releases": (columns.RELEASES, ("family",)),
    "compilers": (columns.COMPILERS, ("family",)),
}
FILES: Final = (FEATURES_FILE, *(f"{name}.csv" for name in _TABLES))
"""The files of the catalogue's folder that are read here."""


class Share(NamedTuple):
    """A share from 0 to 1: what is documented, and what it would be if all that is unknown held."""

    low: float
    high: float
    told: str


@dataclass(frozen=True)
class Software:
    """The catalogue's tables of software; every one may be empty.

    Attributes:
        features: what matters to which family of models.
        formats: the features that take a precision's files, by precision.
        runtimes: rows of runtimes.csv.
        hardware: patterns of accelerator families by the hardware's name in those rows.
        releases: the toolchain of a family pattern with its latest release.
        compilers: the compiler that a family's models are built with ahead of time.
    """

    features: Sequence[Feature] = ()
    formats: Mapping[str, Sequence[str]] = field(default_factory=dict)
    runtimes: Sequence[Row] = ()
    hardware: Sequence[tuple[str, str]] = ()
    releases: Sequence[Row] = ()
    compilers: Mapping[str, str] = field(default_factory=dict)
    _memo: dict[tuple[str, ...], Any] = field(default_factory=dict, compare=False, repr=False)

    def matters(self, model_family: str) -> bool:
        """Whether the matrices speak of what this family of models needs."""
        return any(model_family in feature.families for feature in self.features)

    def features_of(self, model_family: str, families: Sequence[str]) -> Share:
        """Features, formats aside, that matter to the models: documented share on the best runtime."""
        return self._matrix("features", model_family, families)

    def formats_of(self, model_family: str, families: Sequence[str]) -> Share:
        """Low-precision formats that matter to the models: documented share on the best runtime."""
        return self._matrix("formats", model_family, families)

    def tested_of(self, families: Sequence[str]) -> Share:
        """1 less the untested share: of all that runtimes list for the hardware, what is not untested."""
        return self._once(("tested", *families), lambda: self._tested(self._names(families)))

    def cadence_of(self, families: Sequence[str]) -> Share:
        """Releases of the family's toolchain in the year before the table's date, of four."""
        nothing = Share(0.0, 1.0, "no release date known")

        def best() -> Share:
            found = [share for family in families if (share := self._cadence(family)) is not None]
            return max(found, default=nothing)

        return self._once(("cadence", *families), best)

    def vendors_of(self, precision: str, accelerators: Iterable[Row]) -> list[str] | None:
        """Vendors whose hardware is documented to take the precision's files as they are; None if unknown."""
        wanted = self.formats.get(precision)
        if wanted is None:
            return None
        listed = {name for f in self.features if f.name in wanted for name in f.listed_as}
        names = {
            hardware_name(row)
            for row in self.runtimes
            if row["feature"] in listed and row["state"] == "documented"
        }
        patterns = [pattern for name, pattern in self.hardware if name in names]
        return sorted(
            {
                str(row["vendor"])
                for row in accelerators
                if any(fnmatchcase(row["family"] or "", pattern) for pattern in patterns)
            }
        )

    def _once(self, key: tuple[str, ...], make: Callable[[], _T]) -> _T:
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]  # type: ignore[no-any-return]

    def _names(self, families: Sequence[str]) -> frozenset[str]:
        """The hardware of the matrices that the families are."""
        return frozenset(
            name for name, pattern in self.hardware if any(fnmatchcase(f, pattern) for f in families)
        )

    def _tested(self, names: frozenset[str]) -> Share:
        rows = [row for row in self.runtimes if hardware_name(row) in names]
        if not rows:
            return Share(0.0, 1.0, "no runtime lists the hardware")
        untested = sum(row["state"] == "unknown" for row in rows)
        share = 1 - untested / len(rows)
        return Share(share, share, f"{untested} of {len(rows)} listed features untested")

    def _matrix(self, what: str, model_family: str, families: Sequence[str]) -> Share:
        def best() -> Share:
            names = self._names(families)
            places = self._once(("places", what, model_family), lambda: self._places(what, model_family))
            shares = [
                _documented(place, cells)
                for place, cells in places.items()
                if place[1] in names and any(cell.state != "unlisted" for cell in cells)
            ]
            return max(shares, default=Share(0.0, 1.0, "no matrix lists the hardware"))

        return self._once((what, model_family, *families), best)

    def _places(self, what: str, model_family: str) -> dict[tuple[str, str], list[Parity]]:
        """The cells of the models' features, or formats, by runtime and hardware."""
        of_formats = {name for names in self.formats.values() for name in names}
        chosen = [f for f in self.features if (f.name in of_formats) == (what == "formats")]
        places: dict[tuple[str, str], list[Parity]] = {}
        for cell in parity(chosen, self.runtimes, [model_family]):
            places.setdefault((cell.runtime, cell.hardware), []).append(cell)
        return places

    def _cadence(self, family: str) -> Share | None:
        rows = [row for row in self.releases if fnmatchcase(family, row["family"])]
        if not rows:
            return None
        row = next((r for r in rows if r["family"] == family), rows[0])
        latest = f"{row['component']} {row['latest']} of {row['released']}"
        count = row["releases_in_year"]
        if count is not None:
            share = min(1.0, count / RELEASES_ENOUGH)
            return Share(share, share, f"{count} releases in the year to {row['as_of']}, last {latest}")
        if _months(row["as_of"]) - _months(row["released"]) > 12:
            return Share(0.0, 0.0, f"no release in the year to {row['as_of']}, last {latest}")
        return Share(1 / RELEASES_ENOUGH, 1.0, f"last {latest}; how many more in the year is not known")


def read_software(folder: Path) -> Software:
    """The catalogue's tables of software in `folder`; absent files are empty tables.

    Raises:
        DataContractError: a table breaks its rules; names file, row, column and remedy.
        StorageError: a file cannot be read.
    """
    tables = {name: _rows(folder / f"{name}.csv", *given) for name, given in _TABLES.items()}
    features = read_features(folder) if (folder / FEATURES_FILE).is_file() else []
    formats: dict[str, list[str]] = {}
    known = {feature.name for feature in features}
    for number, row in enumerate(tables["formats"], start=2):
        if row["feature"] not in known:
            raise DataContractError(
                f"{row['feature']!r} is no feature of {FEATURES_FILE}",
                where=f"{folder / 'formats.csv'}, row {number}, column feature",
                remedy="use a name of that table, or add the feature there",
            )
        formats.setdefault(row["precision"], []).append(row["feature"])
    return Software(
        features,
        formats,
        tables["runtimes"],
        [(row["hardware"], row["family"]) for row in tables["runtime_hardware"]],
        tables["releases"],
        {row["family"]: row["backend"] for row in tables["compilers"]},
    )


def _rows(path: Path, specification: Mapping[str, Column], unique: tuple[str, ...]) -> list[dict[str, Any]]:
    return read_table(path, specification, unique).to_dicts() if path.is_file() else []


def _documented(place: tuple[str, str], cells: Sequence[Parity]) -> Share:
    documented = sum(cell.state == "documented" for cell in cells)
    missing = sum(cell.state == "unsupported" for cell in cells)
    told = f"{documented} of {len(cells)} documented and {missing} unsupported by {place[0]} on {place[1]}"
    return Share(documented / len(cells), 1 - missing / len(cells), told)


def _months(text: str) -> int:
    """Months since year 0 of a date such as 2026-11 or 2026-11-02; a bare year is its December."""
    return int(text[:4]) * 12 + int(text[5:7] or 12)
