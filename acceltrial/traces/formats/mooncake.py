"""Mooncake traces: JSON lines with milliseconds, lengths and the ids of 512-token prefix blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from acceltrial.errors import DataContractError
from acceltrial.traces.columns import ColumnMap
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.formats.prefixes import SeenBlocks
from acceltrial.traces.parsing import parse_batch
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import check_columns, json_rows, json_series

BLOCK_TOKENS = 512
_FIELDS = ("timestamp", "input_length", "output_length")
_COLUMNS = ColumnMap(
    arrival="timestamp",
    input_tokens="input_length",
    output_tokens="output_length",
    prefix_tokens="prefix",
    time_unit="ms",
)


class MooncakeFormat:
    """`prefix_tokens` is what an unlimited prefix cache would have held when the request arrived."""

    name = "mooncake"
    about = "Mooncake (JSON lines)"
    ordered = True

    def recognises(self, head: Head) -> bool:
        """By the three fields of its first line."""
        try:
            first = orjson.loads(head.lines[0]) if head.lines else None
        except orjson.JSONDecodeError:
            return False
        return isinstance(first, dict) and set(_FIELDS) <= set(first)

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises DataContractError."""
        seen = SeenBlocks()
        reading.notes.append(
            f"prefix_tokens: tokens of leading {BLOCK_TOKENS}-token blocks that an earlier request had"
        )
        for number, objects in json_rows(head.path, reading.block_bytes):
            rows = [number + i for i, item in enumerate(objects) if item is not None]
            items = [item for item in objects if item is not None]
            if not items:
                continue
            if number == 1:
                check_columns(head.path, items[0], _FIELDS)
            columns = {name: [item.get(name) for item in items] for name in _FIELDS}
            raw = pl.DataFrame(
                [pl.Series("row", rows, dtype=pl.Int64), *(json_series(n, v) for n, v in columns.items())]
            )
            prefix = _prefix_tokens(head, seen, items, rows)
            frame = parse_batch(raw.with_columns(pl.Series("prefix", prefix)), _COLUMNS, head.path)
            yield frame.with_columns(pl.min_horizontal("prefix_tokens", "input_tokens"))


def _whole_ids(blocks: Any) -> NDArray[np.int64]:
    ids = np.asarray(blocks)
    if ids.dtype.kind not in "iu" or ids.ndim != 1:
        raise TypeError(f"{str(blocks)[:40]} is no list of whole numbers")
    return ids.astype(np.int64)


def _prefix_tokens(
    head: Head, seen: SeenBlocks, items: list[dict[str, Any]], rows: list[int]
) -> list[int | None]:
    blocks = [item.get("hash_ids") for item in items]
    try:
        sizes = np.array([len(b) if b is not None else 0 for b in blocks], dtype=np.int64)
        flat = [_whole_ids(b) for b in blocks if b]
        hits = seen.leading_hits(np.concatenate(flat) if flat else np.zeros(0, np.int64), sizes)
    except (TypeError, ValueError, OverflowError, DataContractError) as error:
        raise DataContractError(
            f"hash_ids are not lists of block numbers ({error})",
            where=f"{head.path}, lines {rows[0]} to {rows[-1]}, column hash_ids",
            remedy="number the prefix blocks in order of first appearance, or leave hash_ids out",
        ) from error
    return [
        int(hit) * BLOCK_TOKENS if block is not None else None
        for hit, block in zip(hits, blocks, strict=True)
    ]
