"""The rate over time: bursts of several durations, silences, calendar, and clients that switch on and off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acceltrial.traces.generator.spec import GeneratorSpec

Floats = NDArray[np.float64]

BURST_S: Final = (0.5, 5.0, 40.0, 300.0)
"""Correlation times of the bursts. Together they span the windows of 1, 10 and 60 s."""
_MAX_POINTS: Final = 4_000_000
_SEPARATE: Final = 40
"""The largest clients, each a process of its own; the rest are drawn together."""


@dataclass(frozen=True, slots=True)
class PathShape:
    """What is fitted.

    Attributes:
        variances: relative variance of the rate that each of `BURST_S` adds.
        silence: silent share of the time × mean length of a silence, in seconds.
        client_depth: how far a client's own off phases lower its rate (0 not at all, 1 to nothing).
    """

    variances: tuple[float, ...] = (0.0,) * len(BURST_S)
    silence: float = 0.0
    client_depth: float = 0.5


def dispersion_per_variance(window_s: float, tau_s: float, rate_rps: float) -> float:
    """How much unit relative variance with correlation time `tau_s` adds to the index of dispersion.

    For a doubly stochastic Poisson process whose rate has covariance λ²v·exp(−|t|/τ):
    IDC(W) = 1 + 2λvτ (1 − (τ/W)(1 − exp(−W/τ))) (Cox and Isham, Point Processes, 1980, ch. 3).
    """
    ratio = tau_s / window_s
    return float(2 * rate_rps * tau_s * (1 - ratio * (1 - np.exp(-1 / ratio))))


class Noise:
    """The randomness of one realisation, drawn once; the shape is applied to it again and again."""

    def __init__(self, spec: GeneratorSpec, duration_s: float, seed: int) -> None:
        self.spec, self.duration_s, self.seed = spec, duration_s, seed
        step = float(np.clip(0.5 / spec.rate_rps, 0.25, 15.0))
        step = max(step, duration_s / _MAX_POINTS)
        self.edges = np.linspace(0.0, duration_s, max(2, int(np.ceil(duration_s / step)) + 1))
        self._middles = (self.edges[1:] + self.edges[:-1]) / 2
        random = np.random.default_rng([seed, 1])
        self._bursts = [_smooth_noise(self.edges, tau, random) for tau in BURST_S]
        self._silences = random.gamma(2.0, 0.5, size=(2, 4096))
        self._calendar = self._calendar_path()
        self.separate = spec.clients if spec.client_cv is not None else min(spec.clients, _SEPARATE)
        self._clients = [self._client_phases(c) for c in range(self.separate)]

    def shared(self, shape: PathShape) -> Floats:
        """Relative rate in each cell of the grid, common to all clients, with mean 1."""
        log = np.zeros(self._middles.size)
        for noise, variance in zip(self._bursts, shape.variances, strict=True):
            if variance > 0:
                sigma2 = np.log1p(variance)
                log += np.sqrt(sigma2) * noise - sigma2 / 2
        path = np.exp(log) * self._calendar
        if shape.silence > 0:
            path = path * self._awake(shape.silence)
        mean = path.mean()
        return path / mean if mean > 0 else np.ones_like(path)

    def client(self, index: int, depth: float) -> Floats | float:
        """Relative rate of one client's own phases in each cell, with mean 1."""
        phases = self._clients[index]
        if phases is None or depth <= 0:
            return 1.0
        lowered: Floats = 1 - depth * (1 - phases)
        lowered /= lowered.mean()
        return lowered

    def _awake(self, silence: float) -> Floats:
        """Share of each cell that is not silent; more `silence` makes silences longer and fill more time."""
        length = 30.0 * np.sqrt(silence)
        share = min(0.8, silence / length)
        length = silence / share
        awake = self._silences[0] * length * (1 - share) / share
        spans = np.stack([awake, self._silences[1] * length]).T.ravel()
        times = np.concatenate([[0.0], np.cumsum(spans)])
        times -= 0.5 * awake[0]  # a trace begins in mid-phase, and awake
        on_time = np.concatenate([[0.0], np.cumsum(np.stack([awake, np.zeros_like(awake)]).T.ravel())])
        share_on: Floats = np.diff(np.interp(self.edges, times, on_time)) / np.diff(self.edges)
        return share_on

    def _calendar_path(self) -> Floats:
        path = np.ones(self._middles.size)
        day, active = self.spec.day, self.spec.active
        if day is not None:
            phase = 2 * np.pi * (self._middles - day.peak_at_s) / day.period_s
            path *= 1 + (day.peak_to_mean - 1) * np.cos(phase)
        if active is not None:
            into = self._middles % active.period_s
            path *= (into >= active.start_s) & (into < active.start_s + active.length_s)
        return path

    def _client_phases(self, index: int) -> Floats | None:
        """Share of each cell in which the client is on: exponential phases, 40 to 90 % of the time on."""
        if self.spec.clients == 1:
            return None
        random = np.random.default_rng([self.seed, 2, index])
        cycle = float(np.exp(random.uniform(np.log(20), np.log(600))))
        duty = random.uniform(0.4, 0.9)
        n = int(self.duration_s / cycle * 1.5) + 20
        if n > self.edges.size:
            return np.full(self._middles.size, duty)
        on = random.exponential(cycle * duty, n)
        off = random.exponential(cycle * (1 - duty), n)
        times = np.concatenate([[0.0], np.cumsum(np.stack([on, off]).T.ravel())]) - random.random() * cycle
        on_time = np.concatenate([[0.0], np.cumsum(np.stack([on, np.zeros(n)]).T.ravel())])
        share_on: Floats = np.diff(np.interp(self.edges, times, on_time)) / np.diff(self.edges)
        return share_on


def _smooth_noise(edges: Floats, tau_s: float, random: np.random.Generator) -> Floats:
    """A stationary standard normal path with correlation time `tau_s` (Ornstein–Uhlenbeck), on the grid."""
    from scipy.signal import lfilter

    keep = float(np.exp(-(edges[1] - edges[0]) / tau_s))
    noise = random.standard_normal(edges.size - 1)
    noise[1:] *= np.sqrt(1 - keep * keep)
    smooth: Floats = lfilter([1.0], [1.0, -keep], noise)
    return smooth
