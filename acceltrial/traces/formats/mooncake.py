"""Mooncake traces: JSON objects with milliseconds, lengths and the ids of 512-token prefix blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from acceltrial.errors import DataContractError
from acceltrial.traces.columns import ColumnMap, TimeUnit
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.formats.prefixes import SeenBlocks
from acceltrial.traces.formats.time_units import has_fractions, told_unit, unclear_unit
from acceltrial.traces.json_objects import first_objects, json_objects
from acceltrial.traces.parsing import parse_batch
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import check_columns, json_series

BLOCK_TOKENS = 512
_FIELDS = {"arrival": "timestamp", "input_tokens": "input_length", "output_tokens": "output_length"}
_REQUIRED = {"timestamp", "input_length"}
_OPTIONAL = {"output_length", "hash_ids"}


class MooncakeFormat:
    """`prefix_tokens` is what an unlimited prefix cache would have held when the request arrived."""

    name = "mooncake"
    about = "Mooncake (JSON lines)"
    ordered = True

    def recognises(self, head: Head) -> bool:
        """By the fields of its first object; of `output_length` and `hash_ids` one may be missing."""
        return any(set(item) >= _REQUIRED and _OPTIONAL & set(item) for item in first_objects(head, 1))

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises DataContractError, and ConfigurationError where the time unit is unclear."""
        seen = SeenBlocks()
        columns = ColumnMap(**_FIELDS, prefix_tokens="prefix", time_unit=_unit(head, reading))
        reading.notes.append(
            f"prefix_tokens: tokens of leading {BLOCK_TOKENS}-token blocks that an earlier request had"
        )
        first = True
        for objects in json_objects(head.path, reading.block_bytes):
            rows, items = [one.line for one in objects], [one.item for one in objects]
            if first:
                check_columns(head.path, items[0], sorted(_REQUIRED))
                first = False
            cells = {name: [item.get(name) for item in items] for name in _FIELDS.values()}
            raw = pl.DataFrame(
                [pl.Series("row", rows, dtype=pl.Int64), *(json_series(n, v) for n, v in cells.items())]
            )
            prefix = pl.Series("prefix", _prefix_tokens(head, seen, items, rows), dtype=pl.Int64)
            frame = parse_batch(raw.with_columns(prefix), columns, head.path)
            # Of an unknown one the smallest would be the other: what is not known stays empty.
            least = pl.min_horizontal("prefix_tokens", "input_tokens")
            yield frame.with_columns(
                pl.when(pl.col("prefix_tokens").is_not_null()).then(least).alias("prefix_tokens")
            )


def _unit(head: Head, reading: Reading) -> TimeUnit:
    """Milliseconds, unless the cells say otherwise: whoever names the format has said that they are."""
    told = told_unit(head, _FIELDS["arrival"])
    if told is not None:
        return told
    if not reading.format_named and has_fractions(head, _FIELDS["arrival"]):
        error = unclear_unit(head, _FIELDS, "Mooncake has whole milliseconds, these have fractions")
        error.remedy = f"{error.remedy}; or --format mooncake, if they are milliseconds"
        raise error
    return "ms"


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
