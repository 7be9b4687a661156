"""Any table whose columns have usual names: the mapping is read off them, and the time unit off the cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from acceltrial.errors import ConfigurationError
from acceltrial.traces.columns import ColumnMap, TimeUnit
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.formats.generic import column_names, mapped_batches
from acceltrial.traces.formats.time_units import told_unit, unit_or_refusal
from acceltrial.traces.source import Head

_NAMES: Final = {
    "arrival": "timestamp time ts arrival arrival_time arrival_timestamp arrived_at start_time request_time"
    " created_at datetime date_time start when",
    "input_tokens": "input_tokens prompt_tokens input_length prompt_length input_len prompt_len"
    " context_tokens num_prefill_tokens num_prompt_tokens num_input_tokens request_tokens tokens_in"
    " input_toks",
    "output_tokens": "output_tokens completion_tokens output_length output_len generated_tokens"
    " num_decode_tokens num_output_tokens response_tokens response_length tokens_out output_toks",
    "session": "session session_id conversation conversation_id chat_id",
    "client": "client client_id user user_id tenant tenant_id customer customer_id",
    "turn": "turn turn_index",
}
_SUFFIXES: Final[dict[str, TimeUnit]] = {
    "s": "s", "sec": "s", "seconds": "s", "ms": "ms", "millis": "ms", "us": "us", "micros": "us",
    "ns": "ns", "nanos": "ns",
}  # fmt: skip


class NamedFormat:
    """`timestamp,prompt_tokens,…`: what is taken for what is noted, and an unclear time unit is refused."""

    name = "named"
    about = "CSV, JSON lines or Parquet with usual column names"
    ordered = True

    def recognises(self, head: Head) -> bool:
        """By columns for the arrival and for the prompt's length."""
        return {"arrival", "input_tokens"} <= set(guessed(column_names(head)))

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises ConfigurationError where the time unit is unclear, else as `parse_batch`."""
        found = guessed(column_names(head))
        if "arrival" not in found:
            raise ConfigurationError(
                "no column has a usual name for the arrival",
                where=str(head.path),
                remedy=f"map it with --columns; the columns there are: {', '.join(column_names(head)[:40])}",
            )
        unit = _unit(head, found)
        reading.notes.append(
            "columns by their names: "
            + ", ".join(f"{key} from {column!r}" for key, column in found.items())
            + f"; times in {unit}"
        )
        yield from mapped_batches(head, ColumnMap(**found, time_unit=unit), reading.block_bytes)


def guessed(names: list[str]) -> dict[str, str]:
    """The column for each canonical name that one is usual for; the first of several."""
    plain = {_plain(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    for key, usual in _NAMES.items():
        wanted = usual.split()
        if key == "arrival":
            wanted += [f"{name}_{suffix}" for name in wanted for suffix in _SUFFIXES]
        column = next((plain[name] for name in wanted if name in plain), None)
        if column is not None:
            found[key] = column
    return found


def _plain(name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", snake.lower()).strip("_")


def _unit(head: Head, found: dict[str, str]) -> TimeUnit:
    """The unit that the name's end or the first cells tell. Raises ConfigurationError where neither does."""
    suffix = _plain(found["arrival"]).rpartition("_")[2]
    if suffix in _SUFFIXES and told_unit(head, found["arrival"]) != "iso":
        return _SUFFIXES[suffix]
    return unit_or_refusal(head, found)
