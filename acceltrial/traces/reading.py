"""A trace as canonical batches, whatever it was written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import ValidationError

from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.traces.columns import CANONICAL, MAX_SPAN_S, NANOSECONDS, ColumnMap
from acceltrial.traces.formats import TraceFormat, find_format
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.source import BLOCK_BYTES, Head, read_head
from acceltrial.traces.spreading import DETECTION_ROWS, Spreader, detect_step_ns

SECOND = NANOSECONDS["s"]
_SORTED_BATCH = 262_144


@dataclass(slots=True)
class TraceFacts:
    """What reading a trace found out; complete once the last batch was taken.

    Attributes:
        rows: requests given so far.
        span_s: from the first arrival to the last.
        spread_step_s: width of the timestamp steps inside which arrivals were spread; None when none was.
        skipped: rows that were no requests, by reason.
        origin: `file`, or `generated` when the file held distributions.
    """

    format: str
    seed: int
    rows: int = 0
    span_s: float = 0.0
    spread_step_s: float | None = None
    origin: str = "file"
    skipped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Trace(Iterator[pl.DataFrame]):
    """Iterates over canonical batches once; `facts` grows with them."""

    def __init__(self, batches: Iterator[pl.DataFrame], facts: TraceFacts) -> None:
        self._batches = batches
        self.facts = facts

    def __next__(self) -> pl.DataFrame:
        return next(self._batches)

    def collect(self) -> pl.DataFrame:
        """The rest of the trace in one frame."""
        frames = list(self)
        return pl.concat(frames) if frames else pl.DataFrame(schema=CANONICAL)


def open_trace(
    path: Path | str,
    *,
    format: str = "auto",  # noqa: A002
    columns: ColumnMap | Mapping[str, Any] | None = None,
    sort: bool = False,
    spread: Literal["auto", "never"] = "auto",
    seed: int = 0,
    block_bytes: int = BLOCK_BYTES,
) -> Trace:
    """The trace at `path` as batches with the canonical columns; arrivals count from the first request.

    Memory stays bounded by the block size unless `sort` is set (or the format is one that must be sorted).

    Args:
        path: a file; gzip or not.
        format: a name of `formats.FORMATS`, or `auto` to tell it by content.
        columns: mapping for a generic CSV, JSON-lines or Parquet file.
        sort: sort rows that are not in order of arrival, in memory, rather than refuse them.
        spread: `auto` spreads arrivals inside coarse timestamp steps; `never` leaves them.
        seed: for spreading, and for formats that hold distributions.
        block_bytes: how much text is parsed at a time.

    Raises:
        ConfigurationError: unknown format, or a mapping that is wrong.
        DataContractError: the content is not what it should be; the message has row, column and remedy.
        StorageError: the file cannot be read.
    """
    path = Path(path)
    mapping = _mapping(columns, path)
    head = read_head(path)
    chosen = find_format(head, format, mapped=mapping is not None)
    reading = Reading(columns=mapping, format_named=format != "auto", seed=seed, block_bytes=block_bytes)
    facts = TraceFacts(chosen.name, seed, skipped=reading.skipped, notes=reading.notes)
    return Trace(_canonical(head, chosen, reading, facts, sort=sort, spread=spread == "auto"), facts)


def _canonical(
    head: Head, chosen: TraceFormat, reading: Reading, facts: TraceFacts, *, sort: bool, spread: bool
) -> Iterator[pl.DataFrame]:
    parsed: Iterator[pl.DataFrame] = (batch for batch in chosen.batches(head, reading) if batch.height)
    if sort or not chosen.ordered:
        parsed = _sorted(parsed, facts)
    ordered = _checked_order(parsed, head.path)
    if spread and reading.origin == "file":
        ordered = _spread(ordered, facts)
    first_ns: int | None = None
    for batch in ordered:
        facts.origin = reading.origin
        if first_ns is None:
            first_ns = int(batch["time_ns"][0])
        arrival = (batch["time_ns"] - first_ns).cast(pl.Float64) / SECOND
        facts.rows += batch.height
        facts.span_s = float(arrival[-1])
        yield batch.with_columns(arrival.alias("arrival_s")).select(CANONICAL.keys())
    if first_ns is None:
        raise DataContractError(
            "there is no request in the file",
            where=str(head.path),
            remedy="give a trace with at least one request"
            + "".join(f"; {count} rows were {reason}" for reason, count in reading.skipped.items()),
        )


def _checked_order(batches: Iterator[pl.DataFrame], path: Path) -> Iterator[pl.DataFrame]:
    first_ns = previous_ns = None
    for batch in batches:
        times = batch["time_ns"]
        if first_ns is None:
            first_ns = previous_ns = int(times[0])
        assert previous_ns is not None
        steps = times.diff().fill_null(int(times[0]) - previous_ns)
        if bool((steps < 0).any()):
            at = (steps < 0).arg_max()
            assert at is not None
            raise DataContractError(
                f"the request arrives {-steps[at] / SECOND:.6g} s before the one above it",
                where=f"{path}, row {batch['row'][at]}",
                remedy="sort the file by arrival, or have it sorted in memory: --sort, or `sort: true`",
                details={"row": batch["row"][at]},
            )
        if (int(times[-1]) - first_ns) / SECOND > MAX_SPAN_S:
            at = int((times - first_ns > int(MAX_SPAN_S * SECOND)).arg_max() or 0)
            raise DataContractError(
                f"the trace would span {(times[at] - first_ns) / SECOND / 86_400:,.0f} days",
                where=f"{path}, row {batch['row'][at]}",
                remedy="time units are mixed, or `time_unit` (s, ms, us, ns, iso) is not the file's",
            )
        previous_ns = int(times[-1])
        yield batch


def _sorted(batches: Iterator[pl.DataFrame], facts: TraceFacts) -> Iterator[pl.DataFrame]:
    frames = list(batches)
    if not frames:
        return
    whole = pl.concat(frames)
    if not whole["time_ns"].is_sorted():
        facts.notes.append("rows were not in order of arrival and were sorted")
        whole = whole.sort("time_ns", maintain_order=True)
    yield from whole.iter_slices(_SORTED_BATCH)


def _spread(batches: Iterator[pl.DataFrame], facts: TraceFacts) -> Iterator[pl.DataFrame]:
    ahead: list[pl.DataFrame] = []
    height = 0
    for batch in batches:
        ahead.append(batch)
        height += batch.height
        if height >= DETECTION_ROWS:
            break
    if not ahead:
        return
    start = pl.concat([frame.select("time_ns") for frame in ahead])["time_ns"][:DETECTION_ROWS]
    step_ns = detect_step_ns(start.to_numpy())

    def all_batches() -> Iterator[pl.DataFrame]:
        yield from ahead
        yield from batches

    if step_ns is None:
        yield from all_batches()
        return
    facts.spread_step_s = step_ns / SECOND
    facts.notes.append(
        f"timestamps come in steps of {facts.spread_step_s:g} s: arrivals were spread inside the step"
    )
    yield from Spreader(step_ns, facts.seed).spread(all_batches())


def _mapping(columns: ColumnMap | Mapping[str, Any] | None, path: Path) -> ColumnMap | None:
    if columns is None or isinstance(columns, ColumnMap):
        return columns
    try:
        return ColumnMap.model_validate(dict(columns))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'columns'}: {item['msg']}" for item in error.errors()
        )
        raise ConfigurationError(
            f"the mapping of columns is wrong: {problems}",
            where=str(path),
            remedy="use the keys arrival, input_tokens, output_tokens, client, session, turn, prefix_tokens,"
            " time_unit (s, ms, us, ns, iso)",
        ) from error
