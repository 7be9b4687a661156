"""Azure LLM inference traces (2023 and 2024): instant, prompt tokens, generated tokens."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from acceltrial.traces.columns import ColumnMap
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.parsing import parse_batch
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import csv_batches, csv_header

_COLUMNS = ColumnMap(
    arrival="TIMESTAMP", input_tokens="ContextTokens", output_tokens="GeneratedTokens", time_unit="iso"
)


class AzureFormat:
    """`TIMESTAMP,ContextTokens,GeneratedTokens`; times are UTC with 100 ns digits, or carry an offset."""

    name = "azure"
    about = "Azure LLM inference traces (CSV)"
    ordered = True

    def recognises(self, head: Head) -> bool:
        """By the three column names of the header."""
        return set(_COLUMNS.wanted().values()) <= set(csv_header(head)[0])

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises DataContractError."""
        wanted = tuple(_COLUMNS.wanted().values())
        for frame in csv_batches(head, wanted, reading.block_bytes, _COLUMNS.usual_types()):
            yield parse_batch(frame, _COLUMNS, head.path)
