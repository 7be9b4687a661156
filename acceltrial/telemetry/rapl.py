"""Energy of the CPU's packages by RAPL counters, where the kernel lets us read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


@dataclass
class RaplProbe:
    """The packages' energy since the first reading, as one growing series (`cpu_energy_j`).

    A counter that has wrapped around is followed as long as it is read more often than it wraps
    (at 200 W after 20 minutes).
    """

    zones: Sequence[Path]
    source: str = "cpu"
    _last: dict[Path, int] = field(default_factory=dict)
    _total_uj: int = 0

    def read(self) -> dict[str, float]:
        """Energy so far; nothing when a counter cannot be read."""
        try:
            now = {zone: int((zone / "energy_uj").read_text()) for zone in self.zones}
            for zone, value in now.items():
                grown = value - self._last.get(zone, value)
                if grown < 0:
                    grown += int((zone / "max_energy_range_uj").read_text())
                self._total_uj += max(grown, 0)
        except (OSError, ValueError):
            return {}
        self._last = now
        return {"cpu_energy_j": self._total_uj / 1e6}

    def close(self) -> None:
        """Nothing is held."""


def open_rapl(root: Path = POWERCAP) -> RaplProbe | str:
    """A probe of every package, or the reason why there is none.

    Only packages are added up: their parts (cores, memory) would be counted twice.
    """
    zones = sorted(root.glob("intel-rapl:*")) if root.is_dir() else []
    packages = [zone for zone in zones if zone.name.count(":") == 1 and _name(zone).startswith("package")]
    if not packages:
        return f"no RAPL counter of a CPU package under {root} (virtual machines have none)"
    probe = RaplProbe(packages)
    return probe if probe.read() else f"the RAPL counters under {root} may not be read by this user"


def _name(zone: Path) -> str:
    try:
        return (zone / "name").read_text().strip()
    except OSError:
        return ""
