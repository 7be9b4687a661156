"""Draws of uncertain figures from the intervals that they carry."""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from acceltrial.decide.values import Floats

Z_95 = 1.959963984540054
"""Standard normal quantile at 0.975."""


def keyed_rng(seed: int, *key: str) -> np.random.Generator:
    """A generator that depends on the seed and the names only.

    Draws then belong to an option, not to its row: permuting or removing other options changes none.
    """
    return np.random.default_rng([seed, *(zlib.crc32(part.encode()) for part in key)])


@lru_cache(maxsize=20_000)
def standard_normals(count: int, seed: int, *key: str) -> Floats:
    """`count` standard normal draws that belong to the key; the array is shared, so it is read-only."""
    drawn = keyed_rng(seed, *key).standard_normal(count)
    drawn.setflags(write=False)
    return drawn


def between(value: ArrayLike, low: ArrayLike, high: ArrayLike, z: Floats, *, positive: bool) -> Floats:
    """Draws of figures with 95 % intervals [low, high] for standard normal draws `z`.

    A split normal: below the value its standard deviation is (value - low)/1.96, above it
    (high - value)/1.96; where `positive` and low > 0 the same on logarithms, so that no draw is
    negative. Without an interval (NaN bounds) every draw is the value. (Split normal: Wallis,
    Statistical Science 29(1), 2014, 106-112.)
    """
    centre = np.asarray(value, dtype=np.float64)
    below = np.where(np.isnan(low), centre, np.minimum(low, centre))
    above = np.where(np.isnan(high), centre, np.maximum(high, centre))
    linear = _split(centre, below, above, z)
    if not positive:
        return linear
    safe = np.where(below > 0, below, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logged = np.exp(
            _split(
                np.log(np.where(below > 0, centre, 1.0)),
                np.log(safe),
                np.log(np.where(below > 0, above, 1.0)),
                z,
            )
        )
    return np.where(below > 0, logged, np.maximum(linear, 0.0))


def interval(samples: Floats, value: ArrayLike, axis: int = -1) -> tuple[Floats, Floats]:
    """The 2.5 and 97.5 % quantiles of the draws along `axis`, widened to hold `value`."""
    low, high = np.quantile(samples, [0.025, 0.975], axis=axis)
    centre = np.asarray(value, dtype=np.float64)
    return np.fmin(low, centre), np.fmax(high, centre)


def _split(centre: Floats, below: Floats, above: Floats, z: Floats) -> Floats:
    spread = np.where(z < 0, centre - below, above - centre)
    return np.asarray(centre + spread * (z / Z_95), dtype=np.float64)
