"""Where a workload's requests come from: a recorded file, or the generator."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from acceltrial.portfolio.section import Name, Section, Text


class Trace(Section):
    """One trace: either `file` or `generate`.

    Attributes:
        file: path relative to the portfolio folder.
        format: a reader's name, or `auto`.
        columns: for generic tables: which column of the file holds what.
        sort: sort rows that are not in order of arrival, in memory, rather than refuse them.
        generate: settings of the generator.
        seed: of the generator, and of the spreading of coarse timestamps in a file.
    """

    id: Name
    file: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    format: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = "auto"
    columns: dict[str, str] | None = None
    sort: bool = False
    generate: dict[str, Any] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    licence: Text
    note: Text | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Trace:
        if (self.file is None) == (self.generate is None):
            raise ValueError("a trace needs exactly one of `file` (a recording) and `generate` (settings)")
        if self.file is None and (self.columns is not None or self.format != "auto" or self.sort):
            raise ValueError("`format`, `columns` and `sort` belong to a trace with `file`")
        return self
