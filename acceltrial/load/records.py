"""The table of records: one row a planned request, whatever became of it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from acceltrial.load.parse import Parsed, parse
from acceltrial.load.schedule import Schedule
from acceltrial.load.spill import RawRecord

if TYPE_CHECKING:
    from acceltrial.load.plan import LoadPlan
    from acceltrial.load.render import Rendering

NOT_SENT = "not_sent"
_BLOCK = 20_000

COLUMNS: dict[str, Any] = {
    "index": pl.Int64,
    "intended_s": pl.Float64,
    "sent_s": pl.Float64,
    "first_byte_s": pl.Float64,
    "first_token_s": pl.Float64,
    "last_s": pl.Float64,
    "ended_s": pl.Float64,
    "token_times_s": pl.List(pl.Float64),
    "status": pl.Int64,
    "error_class": pl.String,
    "input_tokens": pl.Int64,
    "output_tokens": pl.Int64,
    "bytes_received": pl.Int64,
    "connection_reused": pl.Boolean,
    # Beyond the pipeline's RequestRecords:
    "error_detail": pl.String,
    "chunks": pl.Int64,
    "input_tokens_own": pl.Int64,
    "output_tokens_own": pl.Int64,
    "input_tokens_planned": pl.Int64,
    "output_tokens_planned": pl.Int64,
    "cached_tokens": pl.Int64,
    "finish_reason": pl.String,
    "connect_ms": pl.Float64,
    "tls_ms": pl.Float64,
    "server_prefill_ms": pl.Float64,
    "server_decode_ms": pl.Float64,
    "retry_after_s": pl.Float64,
    "answers": pl.Int64,
    "session": pl.Int64,
    "turn": pl.Int64,
    "notes": pl.String,
}
"""Seconds from the start of the run; a request that failed has `ended_s` and maybe no `last_s` (last byte).
`token_times_s` holds the time of every event that carried output; `chunks` counts them. Tokens are not
events: `output_tokens` comes from the server's usage, `output_tokens_own` from our tokenizer."""


class RecordBuilder:
    """Collects parsed exchanges into tables, block by block so that a million rows stay small."""

    def __init__(
        self,
        schedule: Schedule,
        start_ns: int,
        warm_up: int,
        *,
        stream: bool,
        keep_text: bool,
        own_input: list[int],
        count_output: Callable[[list[str]], list[int]] | None,
    ) -> None:
        self._schedule = schedule
        self._start_ns = start_ns
        self._warm_up = warm_up
        self._stream = stream
        self._keep_text = keep_text
        self._own_input = own_input
        self._count_output = count_output
        self._blocks: list[pl.DataFrame] = []
        self._begin_block()

    @classmethod
    def of(cls, plan: LoadPlan, rendering: Rendering, start_ns: int) -> RecordBuilder:
        """The builder for a run of `plan` that began at `start_ns` of the monotonic clock."""
        tokenizer = rendering.tokenizer
        return cls(
            plan.schedule,
            start_ns,
            plan.warm_up,
            stream=plan.streams,
            keep_text=plan.keep_text,
            own_input=rendering.own_tokens,
            count_output=tokenizer.count_plain if tokenizer and plan.streams else None,
        )

    def _begin_block(self) -> None:
        self._rows: dict[str, list[Any]] = {name: [] for name in _ROW_COLUMNS}
        self._texts: list[str] = []
        self._times = array("d")
        self._offsets = array("q", [0])

    def add(self, records: Iterable[RawRecord]) -> None:
        """Takes up raw records, leaving warm-up requests out."""
        keep_text = self._keep_text or self._count_output is not None
        for raw in records:
            if not raw.warm_up:
                self._add(raw, parse(raw, stream=self._stream, keep_text=keep_text))

    def _add(self, raw: RawRecord, parsed: Parsed) -> None:
        rows, start = self._rows, self._start_ns
        index = raw.index - self._warm_up
        first_token = parsed.chunk_ns[0] if parsed.chunk_ns and self._stream else 0
        stamps = raw.stamps_ns
        values = (
            index,
            (raw.intended_ns - start) / 1e9,
            _seconds(raw.sent_ns, start),
            _seconds(stamps[0] if stamps else 0, start),
            _seconds(first_token, start),
            _seconds(stamps[-1] if stamps else 0, start),
            _seconds(raw.finished_ns, start),
            parsed.status,
            parsed.error_class,
            parsed.input_tokens,
            parsed.output_tokens,
            len(raw.data),
            raw.reused if raw.sent_ns else None,
            parsed.detail or None,
            len(parsed.chunk_ns),
            parsed.cached_tokens,
            parsed.finish_reason,
            _elapsed_ms(raw.dialled_ns, raw.connected_ns),
            _elapsed_ms(raw.connected_ns, raw.secured_ns),
            parsed.server_prefill_ms,
            parsed.server_decode_ms,
            parsed.retry_after_s,
            parsed.answers,
            "; ".join(parsed.notes + ["sent again on a new connection"] * raw.retried) or None,
        )
        for name, value in zip(_ROW_COLUMNS, values, strict=True):
            rows[name].append(value)
        if self._stream:
            self._times.extend((ns - start) / 1e9 for ns in parsed.chunk_ns)
        self._offsets.append(len(self._times))
        if self._keep_text or self._count_output is not None:
            self._texts.append(parsed.text)
        if len(rows["index"]) >= _BLOCK:
            self._end_block()

    def _end_block(self) -> None:
        frame = pl.DataFrame(self._rows, schema={name: COLUMNS[name] for name in _ROW_COLUMNS})
        frame = frame.with_columns(_list_column(self._times, self._offsets))
        if self._keep_text:
            frame = frame.with_columns(pl.Series("text", self._texts, dtype=pl.String))
        if self._count_output is not None:
            counts = self._count_output(self._texts) if self._texts else []
            frame = frame.with_columns(pl.Series("output_tokens_own", counts, dtype=pl.Int64))
        self._blocks.append(frame)
        self._begin_block()

    def build(self) -> pl.DataFrame:
        """The table, ordered by index; what a closed loop never began is not in it."""
        self._end_block()
        frame = pl.concat(self._blocks)
        self._blocks.clear()
        if not self._schedule.concurrency:
            frame = self._with_unsent(frame)
        return self._with_plan(_by_index(frame))

    def _with_unsent(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Planned requests without a record (the run was cut short) are rows too, never lost."""
        missing = np.setdiff1d(np.arange(len(self._schedule)), frame["index"].to_numpy())
        if not len(missing):
            return frame
        rows = pl.DataFrame(
            {
                "index": missing,
                "intended_s": self._schedule.intended_s[missing],
                "error_class": [NOT_SENT] * len(missing),
                "bytes_received": np.zeros(len(missing), dtype=np.int64),
                "chunks": np.zeros(len(missing), dtype=np.int64),
            }
        )
        return pl.concat([frame, rows], how="diagonal")

    def _with_plan(self, frame: pl.DataFrame) -> pl.DataFrame:
        schedule, index = self._schedule, frame["index"].to_numpy()
        plan = {
            "input_tokens_planned": schedule.input_tokens,
            "output_tokens_planned": schedule.output_tokens,
            "session": schedule.session,
            "turn": schedule.turn,
            "input_tokens_own": np.asarray(self._own_input) if self._own_input else None,
        }
        columns = [
            pl.Series(name, values[index] if values is not None else [None] * len(index), dtype=pl.Int64)
            for name, values in plan.items()
        ]
        frame = frame.with_columns(columns)
        unknown = [n for n in COLUMNS if n not in frame.columns]
        frame = frame.with_columns(pl.lit(None, dtype=COLUMNS[name]).alias(name) for name in unknown)
        negative = ["input_tokens_planned", "output_tokens_planned"]
        frame = frame.with_columns(pl.when(pl.col(n) >= 0).then(pl.col(n)).alias(n) for n in negative)
        return frame.select([*COLUMNS, *(["text"] if self._keep_text else [])])


_DERIVED = {
    "token_times_s", "input_tokens_own", "output_tokens_own", "input_tokens_planned",
    "output_tokens_planned", "session", "turn",
}  # fmt: skip
_ROW_COLUMNS = tuple(name for name in COLUMNS if name not in _DERIVED)


def _by_index(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows in order of index, taken column by column: a million rows must not be in memory twice."""
    order = frame["index"].arg_sort()
    return pl.DataFrame([frame.drop_in_place(name).gather(order) for name in frame.columns])


def _list_column(times: array[float], offsets: array[int]) -> pl.Series:
    # Without pyarrow, whose import alone takes 30 MB beside the load.
    lengths = np.diff(np.asarray(offsets))
    row = np.arange(len(lengths))
    flat = pl.DataFrame({"row": np.repeat(row, lengths), "token_times_s": np.asarray(times)})
    lists = flat.group_by("row", maintain_order=True).agg("token_times_s")
    joined = pl.DataFrame({"row": row}).join(lists, on="row", how="left", maintain_order="left")
    return joined["token_times_s"].fill_null(pl.Series([[]], dtype=pl.List(pl.Float64)))


def _seconds(stamp_ns: int, start_ns: int) -> float | None:
    return (stamp_ns - start_ns) / 1e9 if stamp_ns else None


def _elapsed_ms(from_ns: int, to_ns: int) -> float | None:
    return (to_ns - from_ns) / 1e6 if from_ns and to_ns else None
