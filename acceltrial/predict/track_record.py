"""How far the next intervals must reach, from how the last predictions of a family fared.

For a pair let h be the logarithmic distance from the prediction to the end of its interval on the side of
the measurement, before any factor of ours, and s = |ln(measured ÷ predicted)| ÷ h (at most 1: it held).
With n pairs the factor on the logarithmic half-widths is the ⌈0.8·(n + 1)⌉-th smallest s: intervals so
stretched hold the next pair of the like with a probability of 80 % at least (split conformal: Vovk,
Gammerman and Shafer 2005, ch. 2; Lei et al., JASA 113, 2018).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from acceltrial.predict.ledger import Pair

LEVEL = 0.8
LEAST_PAIRS = 10
NARROWEST, WIDEST = 0.5, 20.0


@dataclass(frozen=True)
class TrackRecord:
    """Factors on the half-widths of 80 % intervals.

    Attributes:
        by_metric: by family and metric. by_family: where a metric alone has too few pairs.
    """

    by_metric: Mapping[tuple[str, str], float] = field(default_factory=dict)
    by_family: Mapping[str, float] = field(default_factory=dict)

    def factor(self, family: str, metric: str) -> float:
        """From the family's pairs of this metric if there are ten, else from all of its pairs, else 1."""
        return self.by_metric.get((family, metric), self.by_family.get(family, 1.0))


def track_record(pairs: Iterable[Pair]) -> TrackRecord:
    """The record of each family. Of pairs of the same thing and predictor only the latest counts."""
    latest: dict[tuple[str, ...], Pair] = {}
    for pair in sorted(pairs, key=lambda pair: pair.measured_on):
        latest[*pair.thing, pair.predictor] = pair
    by_metric: dict[tuple[str, str], list[float]] = {}
    by_family: dict[str, list[float]] = {}
    for pair in latest.values():
        score = nonconformity(pair)
        if score is not None:
            by_metric.setdefault((pair.family, pair.metric), []).append(score)
            by_family.setdefault(pair.family, []).append(score)
    return TrackRecord(
        {key: conformal(scores) for key, scores in by_metric.items() if len(scores) >= LEAST_PAIRS},
        {key: conformal(scores) for key, scores in by_family.items() if len(scores) >= LEAST_PAIRS},
    )


def nonconformity(pair: Pair) -> float | None:
    """The pair's s; None where a logarithm has no meaning or the interval has no width on that side."""
    if min(pair.predicted, pair.low, pair.measured) <= 0:
        return None
    end = pair.high if pair.measured > pair.predicted else pair.low
    half = abs(math.log(end / pair.predicted)) / pair.widened
    return abs(math.log(pair.measured / pair.predicted)) / half if half > 0 else None


def conformal(scores: Iterable[float]) -> float:
    """The factor from these s, kept within 0.5 and 20."""
    ordered = sorted(scores)
    place = min(math.ceil(LEVEL * (len(ordered) + 1)), len(ordered))
    return min(max(ordered[place - 1], NARROWEST), WIDEST)


def stretched(value: float, low: float, high: float, factor: float) -> tuple[float, float]:
    """The interval with its logarithmic half-widths times `factor`; one that touches zero stays."""
    if min(value, low) <= 0 or factor == 1.0:
        return low, high
    return value * (low / value) ** factor, value * (high / value) ** factor
