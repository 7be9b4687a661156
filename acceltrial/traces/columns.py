"""The canonical columns of a trace, and how foreign columns map onto them."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

CANONICAL: Final = {
    "arrival_s": pl.Float64,
    "input_tokens": pl.Int32,
    "output_tokens": pl.Int32,
    "client": pl.String,
    "session": pl.String,
    "turn": pl.Int32,
    "prefix_tokens": pl.Int32,
}
"""Columns of every batch; `arrival_s` counts from the first request, the others may be empty."""

TimeUnit = Literal["s", "ms", "us", "ns", "iso"]
NANOSECONDS: Final[dict[str, int]] = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}

MAX_TOKENS: Final = 100_000_000
"""No context window comes near: a larger count is a damaged cell or another column."""
MAX_SPAN_S: Final = 20 * 366 * 86_400.0
"""A longer trace is a mixture of time units or a damaged cell."""


class ColumnMap(BaseModel):
    """Which column of a foreign table holds what. A column that is not named stays empty.

    In JSON lines a name may be a path such as `usage.input_tokens`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    arrival: str
    input_tokens: str | None = None
    output_tokens: str | None = None
    client: str | None = None
    session: str | None = None
    turn: str | None = None
    prefix_tokens: str | None = None
    time_unit: TimeUnit = "s"

    def wanted(self) -> dict[str, str]:
        """Foreign column name by canonical name, for the columns that are named."""
        named = self.model_dump(exclude={"time_unit"}, exclude_none=True)
        return {str(key): str(value) for key, value in named.items()}

    def usual_types(self) -> dict[str, pl.DataType]:
        """What the cells of each foreign column usually are, where that is not text."""
        found: dict[str, pl.DataType] = {}
        for name, column in self.wanted().items():
            if CANONICAL.get(name) == pl.Int32:
                found[column] = pl.Int64()
        if self.time_unit != "iso":
            found[self.arrival] = pl.Float64() if self.time_unit == "s" else pl.Int64()
        return found


OWN_COLUMNS: Final = ColumnMap(
    arrival="arrival_s",
    input_tokens="input_tokens",
    output_tokens="output_tokens",
    client="client",
    session="session",
    turn="turn",
    prefix_tokens="prefix_tokens",
)
"""The mapping of files that `acceltrial trace convert` writes."""
