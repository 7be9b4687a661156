"""Values with their intervals for many cases at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acceltrial.predict.case import FloatArray, Kind, ServingCase, as_arrays, with_engines
from acceltrial.predict.kriging import points
from acceltrial.predict.parameters import NORMAL_80, Parameters
from acceltrial.predict.physics import log_prediction

RATE_KINDS = frozenset({"throughput", "samples"})
METHOD = "kriging on log residuals, widened to cover held-out rows"
NARROWEST = 1.03
"""Two runs of one benchmark differ by about that much: no interval is narrower either way."""
WIDEST = 50.0
"""No interval is wider than this factor either way: beyond it the number says nothing."""


@dataclass(frozen=True)
class Estimates:
    """Milliseconds, or tokens or samples a second; NaN where a figure of the case is unknown."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


def estimate(cases: Sequence[ServingCase], kinds: Sequence[Kind], parameters: Parameters) -> Estimates:
    """The metric of each case with its 80 % interval, in the order given."""
    if not cases:
        none = np.zeros(0)
        return Estimates(none, none, none)
    sign = np.array([-1.0 if kind in RATE_KINDS else 1.0 for kind in kinds])
    where = parameters.surface.with_engines(points(cases, kinds))
    arrays = with_engines(as_arrays(cases), where.engines)
    base = log_prediction(arrays, np.array(kinds), parameters.physical)
    mean, deviation = parameters.surface.ask(where)
    widened = np.array(
        [
            parameters.widen(kind, case.device.family, case.device.accelerator) * case.doubt
            for case, kind in zip(cases, kinds, strict=True)
        ]
    )
    half = np.clip(NORMAL_80 * deviation * widened, np.log(NARROWEST), np.log(WIDEST))
    centre = base + sign * mean
    return Estimates(np.exp(centre), np.exp(centre - half), np.exp(centre + half))
