"""Weights of the reviewing roles, and draws around them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from acceltrial.decide.values import Floats
from acceltrial.errors import ConfigurationError

SUM_TOLERANCE = 1e-6


def weight_vector(weights: Mapping[str, float], criteria: Sequence[str], role: str, where: str) -> Floats:
    """The role's weights in the order of `criteria`.

    Raises:
        ConfigurationError: a weight is missing, of an unknown criterion, negative or not finite,
            or the weights do not sum to 1.
    """
    place = f"{where}: roles.{role}.weights"
    unknown = sorted(set(weights) - set(criteria))
    missing = [name for name in criteria if name not in weights]
    if unknown or missing:
        what = f"unknown criteria {unknown}" if unknown else f"no weight for {missing}"
        raise ConfigurationError(
            what, where=place, remedy="give every criterion exactly one weight (0 is allowed)"
        )
    bad = {name: value for name, value in weights.items() if not (math.isfinite(value) and value >= 0)}
    if bad:
        raise ConfigurationError(
            f"weights must be finite and not negative: {bad}", where=place, remedy="use numbers from 0 to 1"
        )
    total = math.fsum(weights.values())
    if abs(total - 1) > SUM_TOLERANCE:
        raise ConfigurationError(
            f"the weights sum to {total:g}, not 1",
            where=place,
            remedy="scale them so that they sum to 1",
            details={"sum": total},
        )
    return np.array([weights[name] for name in criteria], dtype=np.float64)


def draw_weights(
    centre: Floats,
    draws: int,
    rng: np.random.Generator,
    *,
    concentration: float | None = 60.0,
    keep_order: bool = True,
) -> Floats:
    """`draws` weight vectors (rows sum to 1) around `centre`.

    With a concentration k they follow Dirichlet(k · centre): mean `centre`, variance of one weight
    w(1-w)/(k+1), so k = 60 gives a weight of 0.25 a standard deviation of 0.055. Without, they are
    uniform over the simplex of the criteria that have weight. A weight of 0 stays 0.
    With `keep_order` no draw puts a criterion before one that the role weighs more: each draw's weights
    are sorted into the role's order; criteria of equal weight keep the order in which they were drawn.
    On uniform draws that is the uniform distribution over all weights of this order (SMAA with ordinal
    preferences; Lahdelma & Salminen, Operations Research 49(3), 2001, 444-454); on draws around a centre
    it folds what lies on the wrong side of a tie back to the right one, so every draw counts.
    """
    active = np.flatnonzero(centre > 0)
    alpha = np.ones(active.size) if concentration is None else concentration * centre[active]
    drawn = rng.standard_gamma(alpha, size=(draws, active.size))
    total = drawn.sum(axis=1, keepdims=True)
    drawn = np.where(total > 0, drawn / np.where(total > 0, total, 1), centre[active])
    if keep_order:
        wanted = np.broadcast_to(-np.round(centre[active], 12), drawn.shape)
        order = np.lexsort((-drawn, wanted), axis=1)
        descending = -np.sort(-drawn, axis=1)
        np.put_along_axis(drawn, order, descending, axis=1)
    out = np.zeros((draws, centre.size))
    out[:, active] = drawn
    return out


def central_weights(roles: Mapping[str, Floats]) -> Floats:
    """The mean of the roles' weights: what the score that all share is computed with."""
    return np.asarray(np.mean(np.stack([roles[name] for name in sorted(roles)]), axis=0))
