"""BurstGPT traces: seconds since the start, model, request and response tokens, log type."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from acceltrial.traces.columns import ColumnMap
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.formats.generic import mapped_batches
from acceltrial.traces.formats.time_units import told_unit
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import csv_header

_REQUIRED = {"arrival": "Timestamp", "input_tokens": "Request tokens", "output_tokens": "Response tokens"}
_SESSION = "Session ID"


class BurstGptFormat:
    """Every release: with and without `Session ID`. A response of 0 tokens is a failed call and is kept."""

    name = "burstgpt"
    about = "BurstGPT (CSV)"
    ordered = True

    def recognises(self, head: Head) -> bool:
        """By its column names; `Model`, `Log Type` and `Total tokens` may be missing."""
        return set(_REQUIRED.values()) <= set(csv_header(head)[0])

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises DataContractError."""
        session = _SESSION if _SESSION in csv_header(head)[0] else None
        unit = told_unit(head, _REQUIRED["arrival"]) or "s"
        reading.notes.append("BurstGPT records failed calls with 0 response tokens; they are kept")
        columns = ColumnMap(**_REQUIRED, session=session, time_unit=unit)
        yield from mapped_batches(head, columns, reading.block_bytes)
