"""What a trace format is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from acceltrial.traces.columns import ColumnMap
from acceltrial.traces.source import BLOCK_BYTES, Head


@dataclass(slots=True)
class Reading:
    """How a file is to be read, and what a reader notices on the way.

    Attributes:
        columns: the mapping of a generic table; None for formats that know their own.
        format_named: whether a person named the format; else it was told by content.
        seed: for readers that must draw (spreading, published distributions).
        skipped: rows that are no requests (other spans, finished at once), by reason.
        notes: what a person must know about the result.
        origin: `generated` when the file holds distributions and not requests.
    """

    columns: ColumnMap | None = None
    format_named: bool = False
    seed: int = 0
    block_bytes: int = BLOCK_BYTES
    skipped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    origin: str = "file"

    def skip(self, reason: str, count: int = 1) -> None:
        """Counts rows that were left out."""
        if count:
            self.skipped[reason] = self.skipped.get(reason, 0) + count


class TraceFormat(Protocol):
    """A format: how it is recognised, and its rows as parsed batches.

    Attributes:
        name: as given to `open_trace(format=…)`.
        about: one line for people.
        ordered: False where files are by nature not in order of arrival and must be sorted.
    """

    name: str
    about: str
    ordered: bool

    def recognises(self, head: Head) -> bool:
        """Whether the start of the file is of this format."""
        ...

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Batches in the shape of `parsing.parse_batch`. Raises DataContractError."""
        ...
