"""What a stage is: one declaration, from which dvc.yaml, the flow and the runner all follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import polars as pl
from pydantic import BaseModel, ConfigDict

from acceltrial.errors import AcceltrialError
from acceltrial.storage.tables import read_table
from schemas.base import Table, check_table

P = TypeVar("P", bound="StageParams")
P_contra = TypeVar("P_contra", bound="StageParams", contravariant=True)


class StageParams(BaseModel):
    """A stage's section of params.yaml. An unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class TableFile:
    """A Parquet table of a workspace.

    `streamed` tables are too large to hold: they are given and taken as paths, and checked by row group.
    """

    path: str
    schema: type[Table]
    streamed: bool = False

    @property
    def name(self) -> str:
        """The file's stem, by which a stage addresses it in its inputs and outputs."""
        return Path(self.path).stem


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file or folder that is no table: YAML, HTML, JSON, a folder of catalogue tables."""

    path: str

    @property
    def name(self) -> str:
        """The stem, by which a stage addresses it."""
        return Path(self.path).stem


Artifact = TableFile | PlainFile


class Inputs:
    """A stage's inputs by name: tables read and checked once, other files as paths."""

    def __init__(self, root: Path, artifacts: tuple[Artifact, ...]) -> None:
        self._root = root
        self._artifacts = {artifact.name: artifact for artifact in artifacts}
        self._frames: dict[str, pl.DataFrame] = {}

    def table(self, name: str) -> pl.DataFrame:
        """The checked table. Raises DataContractError or StorageError."""
        artifact = self._artifacts[name]
        if not isinstance(artifact, TableFile) or artifact.streamed:
            raise TypeError(f"{name} is not held in memory: ask for its path")
        if name not in self._frames:
            path = self.path(name)
            self._frames[name] = check_table(artifact.schema, read_table(path), str(path))
        return self._frames[name]

    def path(self, name: str) -> Path:
        """Where the input lies; it may be absent for optional files."""
        return self._root / self._artifacts[name].path

    def __iter__(self) -> Any:
        return iter(self._artifacts.values())


Outputs = Mapping[str, "pl.DataFrame | bytes | str | Path"]
"""By artifact name: a frame for a table, text or bytes for a file, or the path of a finished file or
folder inside `Context.scratch` that the runner moves into place."""


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a run: of it only `now` may change what is computed, and it is recorded.

    Attributes:
        root: the workspace.
        scratch: an empty folder of this run on the same file system as the outputs.
        cache: a folder for things that can be made again (assembled models), shared by runs.
        now: the instant of the run; stages never ask the clock for a date.
        run: the run's identifier in the tracking server.
        progress: called with a short line whenever there is something to say.
    """

    root: Path
    scratch: Path
    cache: Path
    now: datetime
    run: str
    machine: str = ""
    progress: Callable[[str], None] = field(default=lambda _line: None)


@dataclass(frozen=True, slots=True)
class Cell:
    """One piece of a stage's grid.

    Attributes:
        key: short, unique in the stage, fit for a file name and a task name.
        spec: JSON-able; with the stage's `cell_version` it decides whether a finished result still holds.
        device: cells of one device never run at the same time; "" for cells that only compute.
        max_age_h: a measured result older than this is measured again; None never expires.
    """

    key: str
    spec: Mapping[str, Any]
    device: str = ""
    max_age_h: float | None = None


class Grid(Protocol[P_contra]):
    """How a stage splits itself into cells, runs one, and joins the results."""

    cell_version: str

    def split(self, inputs: Inputs, params: P_contra) -> list[Cell]:
        """The cells, in the order in which they run on one machine."""
        ...

    def run_cell(self, cell: Cell, inputs: Inputs, params: P_contra, context: Context) -> None:
        """Writes the cell's result files into `context.scratch`, which the runner moves into place whole.

        A target that cannot be reached is a result (status `unavailable` in the files), not an error.
        """
        ...

    def join(
        self,
        cells: list[Cell],
        results: Mapping[str, Path],
        inputs: Inputs,
        params: P_contra,
        context: Context,
    ) -> Outputs:
        """The stage's outputs from the folder of each finished cell, by cell key."""
        ...


@dataclass(frozen=True)
class Stage(Generic[P]):
    """One versioned step.

    Attributes:
        version: raised whenever the meaning of the outputs changes.
        params: the model of the stage's section in params.yaml.
        run: computes the outputs; None for a stage with a grid.
    """

    name: str
    version: str
    params: type[P]
    inputs: tuple[Artifact, ...]
    outputs: tuple[Artifact, ...]
    run: Callable[[Inputs, P, Context], Outputs] | None = None
    grid: Grid[P] | None = None
    about: str = ""

    def __post_init__(self) -> None:
        if (self.run is None) == (self.grid is None):
            raise AcceltrialError(f"stage {self.name} must have either `run` or `grid`", where="registry")
