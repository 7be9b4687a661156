"""The parameters of collect."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from stages.contract import StageParams


class TraceOverride(BaseModel):
    """A recorded trace that takes the place of every token-generating workload's own.

    Attributes:
        path: absolute, or relative to the workspace.
        format: a reader's name, or `auto`.
        columns: for generic tables: which column of the file holds what.
        sort: sort rows that are not in order of arrival, in memory, rather than refuse them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(min_length=1, max_length=4096)]
    format: str = "auto"
    columns: dict[str, str] | None = None
    sort: bool = False


class CollectParams(StageParams):
    """The `collect` section of params.yaml.

    Attributes:
        trace_override: set by `make evaluate TRACE=…`.
        max_requests_per_trace: reading of each trace stops there; None reads all.
    """

    trace_override: TraceOverride | None = None
    max_requests_per_trace: Annotated[int, Field(gt=0)] | None = None
