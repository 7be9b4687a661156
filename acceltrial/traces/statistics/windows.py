"""Counts of requests in windows of fixed width, streamed and mergeable."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

_MIN_WINDOWS = 5


class WindowCounts:
    """How many windows of `width_s` held how many requests. Arrivals must come in order.

    Empty windows are never stored, so a long silence costs nothing. The first and the last window seen
    stay apart until the end, because a neighbouring part of the trace may share them.
    """

    def __init__(self, width_s: float) -> None:
        self.width_s = width_s
        self._head: tuple[int, int] | None = None
        self._tail: tuple[int, int] | None = None
        self._inner: Counter[int] = Counter()

    def add(self, arrivals_s: NDArray[np.float64]) -> None:
        """Counts arrivals, none earlier than those added before."""
        if arrivals_s.size == 0:
            return
        window = np.floor_divide(arrivals_s, self.width_s).astype(np.int64)
        starts = np.flatnonzero(np.diff(window, prepend=window[0] - 1))
        counts = np.diff(starts, append=window.size)
        self._join(window[starts], counts)

    def merge(self, later: WindowCounts) -> None:
        """Takes in the counts of the part of the trace that follows this one."""
        if later._head is None:
            return
        ends = [later._head] + ([later._tail] if later._tail is not None else [])
        self._join(np.array([ends[0][0]]), np.array([ends[0][1]]))
        self._inner.update(later._inner)
        for end in ends[1:]:
            self._join(np.array([end[0]]), np.array([end[1]]))

    def counts(self, span_s: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Distinct counts, and in how many of the whole windows of `span_s` each occurred (0 included)."""
        whole = int(span_s // self.width_s)
        found = Counter(self._inner)
        for end in (self._head, self._tail):
            if end is not None and end[0] < whole:
                found[end[1]] += 1
        empty = whole - sum(found.values())
        if empty > 0:
            found[0] += empty
        values = np.array(sorted(found), dtype=np.int64)
        return values, np.array([found[v] for v in values.tolist()], dtype=np.int64)

    def dispersion(self, span_s: float) -> tuple[float | None, float | None]:
        """Index of dispersion (sample variance / mean of the counts, 1 for a Poisson process) and the mean.

        Only windows that lie wholly inside the span count; fewer than five give None.
        """
        values, times = self.counts(span_s)
        n = int(times.sum())
        if n < _MIN_WINDOWS:
            return None, None
        mean = float((values * times).sum()) / n
        if mean == 0:
            return None, None
        variance = float((times * (values - mean) ** 2).sum()) / (n - 1)
        return variance / mean, mean

    def quantile(self, span_s: float, q: float) -> float | None:
        """The smallest count that at least a share `q` of the whole windows does not exceed."""
        values, times = self.counts(span_s)
        if values.size == 0:
            return None
        index = int(np.searchsorted(np.cumsum(times), q * times.sum() - 1e-9))
        return float(values[min(index, values.size - 1)])

    def _join(self, windows: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        if self._head is None:
            self._head = (int(windows[0]), int(counts[0]))
            windows, counts = windows[1:], counts[1:]
            if windows.size == 0:
                return
        last = self._tail if self._tail is not None else self._head
        if windows[0] == last[0]:
            grown = (last[0], last[1] + int(counts[0]))
            if self._tail is None:
                self._head = grown
            else:
                self._tail = grown
            windows, counts = windows[1:], counts[1:]
        if windows.size:
            if self._tail is not None:
                self._inner[self._tail[1]] += 1
            distinct, times = np.unique(counts[:-1], return_counts=True)
            for value, n in zip(distinct.tolist(), times.tolist(), strict=True):
                self._inner[value] += n
            self._tail = (int(windows[-1]), int(counts[-1]))
