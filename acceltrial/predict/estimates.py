"""Values with their intervals for many cases at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acceltrial.predict.case import FloatArray, Kind, ServingCase, as_arrays
from acceltrial.predict.kriging import points
from acceltrial.predict.parameters import NORMAL_80, Parameters
from acceltrial.predict.physics import log_prediction

RATE_KINDS = frozenset({"throughput", "samples"})
METHOD = "kriging on log residuals, widened to cover held-out rows"
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
    base = log_prediction(as_arrays(cases), np.array(kinds), parameters.physical)
    mean, deviation = parameters.surface.ask(points(cases, kinds))
    widened = np.array(
        [parameters.widen(kind, case.device.family) for case, kind in zip(cases, kinds, strict=True)]
    )
    half = np.minimum(NORMAL_80 * deviation * widened, np.log(WIDEST))
    centre = base + sign * mean
    return Estimates(np.exp(centre), np.exp(centre - half), np.exp(centre + half))
