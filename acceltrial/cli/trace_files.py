"""How the commands of `acceltrial trace` open a file: format, mapping of columns, order, spreading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from acceltrial.traces.reading import Trace


def open_file(
    path: Path, format_: str, columns: str, sort: bool, spread: Literal["auto", "never"], seed: int
) -> Trace:
    """The trace as the options say. Raises ConfigurationError, DataContractError, StorageError."""
    from acceltrial.traces.reading import open_trace

    return open_trace(path, format=format_, columns=_columns(columns), sort=sort, spread=spread, seed=seed)


def open_either(
    path: Path, format_: str, columns: str, sort: bool, spread: Literal["auto", "never"], seed: int
) -> Trace:
    """The trace, told by content where it has our own columns: a mapping is of the other file then."""
    from acceltrial.traces.formats import FORMATS
    from acceltrial.traces.source import read_head

    if FORMATS["acceltrial"].recognises(read_head(path)):
        format_, columns = "auto", ""
    return open_file(path, format_, columns, sort, spread, seed)


def _columns(text: str) -> dict[str, str] | None:
    from acceltrial.errors import ConfigurationError

    if not text:
        return None
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not sign for _, sign, _ in pairs):
        raise ConfigurationError(
            f"the mapping {text!r} is not a list of name=column",
            where="--columns",
            remedy="write for example arrival=when,input_tokens=prompt,time_unit=iso",
        )
    return {name.strip(): column.strip() for name, _, column in pairs}
