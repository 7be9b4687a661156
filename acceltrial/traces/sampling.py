"""Thinning that keeps clients and sessions whole, with the factor that was reached."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from acceltrial.errors import ConfigurationError

Unit = Literal["client", "session", "request"]
_HASH_BITS = 53


@dataclass(slots=True)
class Thinning:
    """What was kept.

    Attributes:
        unit: what stayed whole; rows without it were drawn one by one.
        asked: the share that was asked for.
        rows_in: requests read.
        rows_kept: requests kept.
    """

    unit: Unit
    asked: float
    rows_in: int = 0
    rows_kept: int = 0

    @property
    def factor(self) -> float | None:
        """Requests read for each request kept; None when none was kept."""
        return self.rows_in / self.rows_kept if self.rows_kept else None

    def __str__(self) -> str:
        """For the `adjustments` of a figure."""
        factor = self.factor
        return f"thinned 1:{factor:.3g} by {self.unit}" if factor is not None else "thinned to nothing"


class ThinnedTrace(Iterator[pl.DataFrame]):
    """Iterates over the kept rows; `thinning` is complete at the end."""

    def __init__(self, batches: Iterable[pl.DataFrame], thinning: Thinning, seed: int) -> None:
        self.thinning = thinning
        self._batches = iter(batches)
        self._seed = seed

    def __next__(self) -> pl.DataFrame:
        batch = next(self._batches)
        kept = batch.filter(self._kept(batch))
        self.thinning.rows_in += batch.height
        self.thinning.rows_kept += kept.height
        return kept

    def _kept(self, batch: pl.DataFrame) -> pl.Series:
        first = self.thinning.rows_in
        number = pl.int_range(first, first + batch.height, dtype=pl.Int64, eager=True)
        alone = "\0row " + number.cast(pl.String)
        if self.thinning.unit == "request":
            key = alone
        elif self.thinning.unit == "client":
            key = batch["client"].zip_with(batch["client"].is_not_null(), alone)
        else:
            whole = batch["client"].fill_null("") + "\0" + batch["session"]
            key = whole.zip_with(whole.is_not_null(), alone)
        names = key.unique()
        limit = int(self.thinning.asked * (1 << _HASH_BITS))
        chosen = [name for name in names if _hash(name, self._seed) < limit]
        return key.is_in(chosen)


def thin(
    batches: Iterable[pl.DataFrame], share: float, *, seed: int = 0, unit: Unit = "session"
) -> ThinnedTrace:
    """The batches with about `share` of the requests.

    Whole clients or whole sessions are kept or left out by a seeded hash of their names, so the same ones
    are kept whatever the batches. Rows without the name are drawn one by one.

    Args:
        batches: canonical batches.
        share: above 0, at most 1.
        seed: another seed keeps others.
        unit: what stays whole.

    Raises:
        ConfigurationError: a share out of range.
    """
    if not 0 < share <= 1:
        raise ConfigurationError(
            f"a share of {share} cannot be kept", where="share", remedy="give a share above 0 and up to 1"
        )
    return ThinnedTrace(batches, Thinning(unit, share), seed)


def _hash(name: str, seed: int) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=8, key=seed.to_bytes(8, "big", signed=True)).digest()
    return int.from_bytes(digest, "big") >> (64 - _HASH_BITS)
