"""Finding the shape of the rate whose traffic has the figures that were asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acceltrial.traces.generator.arrivals import draw_arrivals
from acceltrial.traces.generator.paths import BURST_S, Noise, PathShape, dispersion_per_variance
from acceltrial.traces.generator.spec import GeneratorSpec

_ROUNDS: Final = 14
_CLOSE: Final = 0.03
_FIT_REQUESTS: Final = 40_000
_MIN_WINDOWS: Final = 5
_MAX_VARIANCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Fit:
    """The shape found, and how far its traffic is from what was asked.

    Attributes:
        reached: figure by name, as realised in the fitting run; figures that were free are left out.
        worst_ratio: the largest factor, either way, between a realised figure and the one asked for.
    """

    shape: PathShape
    reached: dict[str, float]
    worst_ratio: float


def fit(spec: GeneratorSpec, seed: int = 0) -> Fit:
    """The shape whose realisation with this seed comes closest to the spec's figures.

    Each round solves the linear relation between burst variances and indices of dispersion for the part that
    is still missing, then draws again with the same noise. Long traces are fitted on their first part.
    """
    noise = Noise(spec, _fit_duration(spec), seed)
    targets = _targets(spec, noise.duration_s)
    if not targets:
        return Fit(PathShape(client_depth=0.5 if spec.client_cv is None else 0.0), {}, 1.0)
    shape = PathShape(client_depth=_first_depth(spec))
    asked = {w: max(v - 1, 0.0) for w, v in targets.items() if w > 0}
    aim = dict(asked)
    best = Fit(shape, {}, np.inf)
    for _ in range(_ROUNDS):
        shape = replace(shape, variances=_variances(aim, spec.rate_rps))
        reached = _figures(draw_arrivals(noise, shape).times_s, noise.duration_s, targets)
        found = Fit(shape, {_name(w): v for w, v in reached.items()}, _worst(targets, reached))
        if found.worst_ratio < best.worst_ratio:
            best = found
        if best.worst_ratio < 1 + _CLOSE:
            break
        aim = _corrected(aim, asked, reached)
        shape = _corrected_shape(shape, spec, targets, reached, aim)
    return best


def _fit_duration(spec: GeneratorSpec) -> float:
    needed = max(_FIT_REQUESTS / spec.rate_rps, 900.0)
    if spec.active is not None or spec.day is not None:
        needed = max(needed, min(spec.duration_s, 86_400.0))
    return min(spec.duration_s, needed)


def _targets(spec: GeneratorSpec, duration_s: float) -> dict[float, float]:
    """Asked-for figures by window in seconds; window 0 stands for the gap CV."""
    given = {0.0: spec.gap_cv, 1.0: spec.idc_1s, 10.0: spec.idc_10s, 60.0: spec.idc_60s}
    return {w: v for w, v in given.items() if v is not None and duration_s >= w * _MIN_WINDOWS}


def _first_depth(spec: GeneratorSpec) -> float:
    bursts = [v for v in (spec.idc_10s, spec.idc_60s) if v is not None]
    return 0.5 if bursts and max(bursts) > 4 else 0.2 if bursts and max(bursts) > 1.2 else 0.0


def _variances(excess: dict[float, float], rate_rps: float) -> tuple[float, ...]:
    """Non-negative burst variances that give the dispersion in excess of 1 at every window."""
    from scipy.optimize import nnls

    if not excess:
        return (0.0,) * len(BURST_S)
    rows = np.array([[dispersion_per_variance(w, tau, rate_rps) for tau in BURST_S] for w in excess])
    wanted = np.array(list(excess.values()))
    scale = 1 / np.maximum(wanted, 0.05)
    solution: NDArray[np.float64] = nnls(rows * scale[:, None], wanted * scale)[0]
    return tuple(float(v) for v in np.minimum(solution, _MAX_VARIANCE))


def _figures(
    times: NDArray[np.float64], duration_s: float, targets: dict[float, float]
) -> dict[float, float]:
    found = {}
    for window in targets:
        if window == 0:
            gaps = np.diff(times)
            found[window] = float(gaps.std() / gaps.mean()) if gaps.size > 2 else np.nan
            continue
        whole = int(duration_s // window)
        counts = np.bincount((times[times < whole * window] // window).astype(np.int64), minlength=whole)
        found[window] = float(counts.var(ddof=1) / counts.mean()) if counts.any() else np.nan
    return found


def _worst(targets: dict[float, float], reached: dict[float, float]) -> float:
    ratios = [reached[w] / v for w, v in targets.items()]
    if not all(np.isfinite(r) and r > 0 for r in ratios):
        return float("inf")
    return float(max(max(r, 1 / r) for r in ratios))


def _corrected(
    aim: dict[float, float], asked: dict[float, float], reached: dict[float, float]
) -> dict[float, float]:
    """The aim moved by the ratio that the last round missed by, damped."""
    moved = {}
    for window, value in aim.items():
        excess = reached[window] - 1
        ratio = asked[window] / excess if excess > 0.02 else 2.0
        moved[window] = value * float(np.clip(ratio, 0.4, 2.5)) ** 0.8 if asked[window] > 0 else 0.0
    return moved


def _corrected_shape(
    shape: PathShape,
    spec: GeneratorSpec,
    targets: dict[float, float],
    reached: dict[float, float],
    aim: dict[float, float],
) -> PathShape:
    """Silences follow the gap CV; clients' own phases are flattened where they alone overshoot."""
    silence, depth = shape.silence, shape.client_depth
    if targets.get(0.0, 1.0) > 1.5:
        missing = targets[0.0] ** 2 - min(reached[0.0], 3 * targets[0.0]) ** 2
        # Silences that fill a share f of the time, of gamma(2) length with mean L, add 1.5·λ·f·L to 1 + CV².
        step = 0.7 * missing / (1.5 * spec.rate_rps)
        silence = float(np.clip(silence + step, 0.0, spec.duration_s / 8))
    over = [
        w for w, v in aim.items() if reached[w] > 1.1 * max(targets[w], 1.0) and v <= 0.5 * (targets[w] - 1)
    ]
    over += [w for w in aim if reached[w] > 1.1 and targets[w] <= 1]
    if over:
        depth = depth * 0.6 if depth > 0.02 else 0.0
    return replace(shape, silence=silence, client_depth=depth)


def _name(window: float) -> str:
    return "gap_cv" if window == 0 else f"idc_{window:g}s"
