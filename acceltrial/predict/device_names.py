"""Counts, slices and instance types in a device's name: "8xH100", "B200 x8", "TPU v5e-8", "p5.48xlarge"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from acceltrial.catalog.columns import INSTANCES
from acceltrial.catalog.reading import read_table

_COUNTED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^\(?(?P<count>\d{1,4})\s*[x×*]\)?\s*(?=[a-z])(?P<name>.+)$",
        r"^(?P<count>\d{1,4})\s+((gpu|chip|card|device|accelerator)s?\s+)?(?=[a-z])(?P<name>.+)$",
        r"^(?P<name>.+?)\s*\((x\s*)?(?P<count>\d{1,4})(\s*(x|gpus?|chips?|cards?|devices?))?\)$",
        r"^(?P<name>.+?)[\s,]+(?P<count>\d{1,4})\s*(gpus?|chips?|cards?|devices?)$",
        r"^(?P<name>.+?)\s*[x×*]\s*(?P<count>\d{1,4})$",
        r"^(?P<name>.+?):(?P<count>\d{1,4})$",
        r"^gpu_(?P<count>\d{1,4})x_(?P<name>.+)$",
    )
)
_TPU = re.compile(
    r"^(google\s+|cloud\s+)*(tpu[\s-]*)?(?P<name>v\d[a-z]*|v5[\s-]?lite[\s-]?pod)-(?P<count>\d+)$",
    re.IGNORECASE,
)
_SAID_BESIDE = re.compile(r"\bai accelerators?\b|\bdeveloper kit\b|\bdev(elopment)? ?kit\b", re.IGNORECASE)
_BARE_TPU = re.compile(r"^(tpu[\s-]*)?(?P<name>v\d[a-z]*|v5-?lite-?pod)(-(pod)?slice)?$", re.IGNORECASE)
_CHIPS_A_CORE = {"v2": 0.5, "v3": 0.5, "v4": 0.5, "v5p": 0.5, "v5e": 1.0, "v5litepod": 1.0, "v6e": 1.0}
"""A slice is named by its cores, of which the larger TPU chips have two (Google Cloud documentation)."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A way to read a name: what to look up, and how many of it the name counts (None where it does not).

    `binding`: whether another count beside it is a contradiction. An instance can be used in part.
    """

    name: str
    count: int | None = None
    binding: bool = True


class InstanceTypes:
    """Accelerators of cloud instances, by the instance's name."""

    def __init__(self, held: Mapping[str, tuple[str, int]]) -> None:
        self._held = held

    @classmethod
    def of_catalogue(cls, folder: Path) -> InstanceTypes:
        """Those of instances.csv; none where the folder has no such file."""
        path = folder / "instances.csv"
        if not path.is_file():
            return cls({})
        table = read_table(path, INSTANCES, ("provider", "instance_type"))
        return cls(
            {
                row["instance_type"].lower(): (row["accelerator"], int(row["count"]))
                for row in table.iter_rows(named=True)
            }
        )

    def find(self, name: str) -> Spelling | None:
        """What the instance holds, None where it is not known."""
        plain = name.strip().lower()
        found = self._held.get(plain) or self._held.get(f"standard_{plain}")
        return None if found is None else Spelling(*found, binding=False)


def spellings(name: str, instances: InstanceTypes) -> Iterator[Spelling]:
    """A TPU slice, else the name as it stands; then as an instance, without count or trade marks."""
    plain = _SAID_BESIDE.sub(" ", re.sub(r"\((r|tm)\)|[®™]", " ", name, flags=re.IGNORECASE)).strip()
    slices = list(_slices(plain))
    # Before the name itself: what looks names up takes the 64 of "TPU v3-64" for a memory size.
    yield from (one for one in slices if one.count)
    yield Spelling(name)
    held = instances.find(plain)
    if held is not None:
        yield held
    yield from (one for one in slices if not one.count)
    for bare, count in _counted(plain):
        yield Spelling(bare, count)
        yield Spelling(re.sub(r"\b(hgx|dgx|ocp|oam)\b", " ", bare, flags=re.IGNORECASE).strip(), count)
        yield from (Spelling(found.name, count) for found in _slices(bare) if found.count is None)
    if re.fullmatch(r"[a-z]+\d[a-z]*\.(\d*x?large|metal)", plain, re.IGNORECASE):
        yield Spelling(plain.split(".")[0])


def _counted(plain: str) -> Iterator[tuple[str, int | None]]:
    yield plain, None
    for pattern in _COUNTED:
        found = pattern.match(plain)
        if found:
            yield found["name"].strip(), int(found["count"])


def _slices(plain: str) -> Iterator[Spelling]:
    found = _TPU.match(plain)
    if found:
        version = re.sub(r"[\s-]", "", found["name"].lower())
        chips = int(found["count"]) * _CHIPS_A_CORE.get(version, 0.0)
        if chips >= 1.0 and chips.is_integer():
            yield Spelling(f"tpu {version}", int(chips))
    bare = _BARE_TPU.match(plain)
    if bare:
        yield Spelling(f"tpu {bare['name'].lower()}")
