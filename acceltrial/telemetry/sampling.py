"""Probes read at a steady pace in a thread, and the series that come of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

PERIOD_S = 0.5


class Reading(NamedTuple):
    """One value at one time. `metric` carries its unit; `source` is the device or process."""

    at_s: float
    source: str
    metric: str
    value: float


class Probe(Protocol):
    """Something that can be read again and again."""

    source: str

    def read(self) -> dict[str, float]:
        """The values of this moment by metric; what cannot be read now is left out. Never raises."""
        ...

    def close(self) -> None:
        """Gives back what the probe holds."""
        ...


@dataclass
class Sampler:
    """Reads its probes until it is closed.

    Attributes:
        clock: seconds; readings are stamped with it.
        readings: everything read so far, oldest first.
    """

    probes: Sequence[Probe]
    period_s: float = PERIOD_S
    clock: Callable[[], float] = time.monotonic
    readings: list[Reading] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="telemetry")

    def __enter__(self) -> Sampler:
        self.read()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=5)
        self.read()
        for probe in self.probes:
            probe.close()

    def read(self) -> None:
        """Reads every probe once."""
        for probe in self.probes:
            values = probe.read()
            at_s = self.clock()
            self.readings += [Reading(at_s, probe.source, name, value) for name, value in values.items()]

    def series(
        self, source: str, metric: str, since_s: float, until_s: float
    ) -> tuple[list[float], list[float]]:
        """Times and values of one series between two times of the clock, ends included."""
        found = [
            (one.at_s, one.value)
            for one in self.readings
            if one.source == source and one.metric == metric and since_s <= one.at_s <= until_s
        ]
        return [at for at, _ in found], [value for _, value in found]

    def _run(self) -> None:
        while not self._over.wait(self.period_s):
            self.read()


def grown(times: Sequence[float], values: Sequence[float], since_s: float, until_s: float) -> float | None:
    """By how much a growing series grew between two times, interpolated at both ends.

    None where the series does not span the window, or shrinks (the meter was reset).
    """
    import numpy as np

    if len(times) < 2 or not times[0] <= since_s < until_s <= times[-1]:
        return None
    if bool(np.any(np.diff(values) < 0)):
        return None
    start, end = np.interp([since_s, until_s], times, values)
    return float(end - start)
