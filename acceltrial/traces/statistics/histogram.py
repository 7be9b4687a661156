"""Exact quantiles of token counts in bounded memory."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
from numpy.typing import NDArray

_DENSE = 1 << 17


class TokenHistogram:
    """How often each whole number occurred: an array for common lengths, a table for the rare long ones."""

    def __init__(self) -> None:
        self._dense = np.zeros(1024, dtype=np.int64)
        self._sparse: Counter[int] = Counter()
        self.n = 0
        self.total = 0
        self.missing = 0

    def add(self, lengths: pl.Series) -> None:
        """Counts a batch; empty cells are counted as missing."""
        self.missing += lengths.null_count()
        values = lengths.drop_nulls().to_numpy()
        if values.size == 0:
            return
        self.n += values.size
        self.total += int(values.sum(dtype=np.int64))
        largest = int(values.max())
        if largest >= _DENSE:
            rare, times = np.unique(values[values >= _DENSE], return_counts=True)
            for value, count in zip(rare.tolist(), times.tolist(), strict=True):
                self._sparse[value] += count
            values = values[values < _DENSE]
        self._add_dense(np.bincount(values) if values.size else np.zeros(1, dtype=np.int64))

    def merge(self, other: TokenHistogram) -> None:
        """Takes in another histogram."""
        self.n, self.total = self.n + other.n, self.total + other.total
        self.missing += other.missing
        self._sparse.update(other._sparse)
        self._add_dense(other._dense)

    def quantiles(self, probabilities: list[float]) -> list[float]:
        """Exact quantiles, interpolated between order statistics like numpy's; empty without data."""
        if self.n == 0:
            return []
        values, times = self._pairs()
        upto = np.cumsum(times)
        found = []
        for q in probabilities:
            position = q * (self.n - 1)
            low = values[np.searchsorted(upto, int(position), side="right")]
            high = values[np.searchsorted(upto, min(int(position) + 1, self.n - 1), side="right")]
            found.append(float(low + (high - low) * (position - int(position))))
        return found

    def maximum(self) -> int | None:
        """The largest number seen."""
        if self.n == 0:
            return None
        return max(self._sparse) if self._sparse else int(np.flatnonzero(self._dense)[-1])

    def _pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        common = np.flatnonzero(self._dense)
        rare = sorted(self._sparse)
        values = np.concatenate([common, np.array(rare, dtype=np.int64)])
        times = np.concatenate(
            [self._dense[common], np.array([self._sparse[v] for v in rare], dtype=np.int64)]
        )
        return values, times

    def _add_dense(self, counts: NDArray[np.int64]) -> None:
        if counts.size > self._dense.size:
            self._dense = np.pad(self._dense, (0, max(counts.size, 2 * self._dense.size) - self._dense.size))
        self._dense[: counts.size] += counts
