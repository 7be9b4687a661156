"""How the commands of `acceltrial trace` open a file: format, mapping of columns, order, spreading."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from acceltrial.traces.reading import Trace


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a trace is read."""

    format: Annotated[
        str, Parameter(help="azure, mooncake, burstgpt, servegen, otel, acceltrial, named, generic or auto.")
    ] = "auto"
    columns: Annotated[
        str,
        Parameter(
            help="Mapping of a generic table: arrival=COL,input_tokens=COL,output_tokens=COL,time_unit=iso …"
        ),
    ] = ""
    sort: Annotated[
        bool, Parameter(help="Sort rows that are not in order of arrival (in memory).", negative="")
    ] = False
    spread: Annotated[
        Literal["auto", "never"], Parameter(help="Spread arrivals inside coarse timestamp steps.")
    ] = "auto"


def open_file(path: Path, reading: Reading | None, seed: int) -> Trace:
    """The trace as the options say. Raises ConfigurationError, DataContractError, StorageError."""
    from acceltrial.traces.reading import open_trace

    how = reading or Reading()
    return open_trace(
        path, format=how.format, columns=_columns(how.columns), sort=how.sort, spread=how.spread, seed=seed
    )


def open_either(path: Path, reading: Reading, seed: int) -> Trace:
    """The trace, told by content where it has our own columns: a mapping is of the other file then."""
    from acceltrial.traces.formats import FORMATS
    from acceltrial.traces.source import read_head

    if FORMATS["acceltrial"].recognises(read_head(path)):
        reading = replace(reading, format="auto", columns="")
    return open_file(path, reading, seed)


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
