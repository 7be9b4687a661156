"""BurstGPT traces: seconds since the start, model, request and response tokens, log type."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from acceltrial.traces.columns import ColumnMap
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.parsing import parse_batch
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import csv_batches, csv_header

_REQUIRED = ("Timestamp", "Model", "Request tokens", "Response tokens", "Log Type")


class BurstGptFormat:
    """Both releases: with and without `Session ID`. A response of 0 tokens is a failed call and is kept."""

    name = "burstgpt"
    about = "BurstGPT (CSV)"
    ordered = True

    def recognises(self, head: Head) -> bool:
        """By its column names."""
        return set(_REQUIRED) <= set(csv_header(head)[0])

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises DataContractError."""
        columns = ColumnMap(
            arrival="Timestamp",
            input_tokens="Request tokens",
            output_tokens="Response tokens",
            session="Session ID" if "Session ID" in csv_header(head)[0] else None,
        )
        reading.notes.append("BurstGPT records failed calls with 0 response tokens; they are kept")
        wanted = tuple(columns.wanted().values())
        for frame in csv_batches(head, wanted, reading.block_bytes, columns.usual_types()):
            yield parse_batch(frame, columns, head.path)
