"""Azure LLM inference traces (2023 to 2025): instant, prompt tokens, generated tokens."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from acceltrial.traces.columns import ColumnMap
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.formats.generic import mapped_batches
from acceltrial.traces.formats.time_units import unit_or_refusal
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import csv_header

_COLUMNS = {"arrival": "TIMESTAMP", "input_tokens": "ContextTokens", "output_tokens": "GeneratedTokens"}


class AzureFormat:
    """`TIMESTAMP,ContextTokens,GeneratedTokens`, and others beside them.

    Times are UTC with 100 ns digits, or carry an offset; an edited file may have seconds.
    """

    name = "azure"
    about = "Azure LLM inference traces (CSV)"
    ordered = True

    def recognises(self, head: Head) -> bool:
        """By the three column names of the header."""
        return set(_COLUMNS.values()) <= set(csv_header(head)[0])

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises DataContractError, and ConfigurationError where the time unit is unclear."""
        unit = unit_or_refusal(head, _COLUMNS)
        yield from mapped_batches(head, ColumnMap(**_COLUMNS, time_unit=unit), reading.block_bytes)
