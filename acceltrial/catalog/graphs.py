"""Operator graphs of models, as `torch.export` gave them: one JSON file a model or architecture."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from acceltrial.catalog.columns import NAME
from acceltrial.errors import ConfigurationError, DataContractError, TargetUnavailableError
from acceltrial.storage.atomic import storage_error, write_text

FOLDER = "graphs"
OWN_WEIGHTS = "the model's own weights"
TIMEOUT_S = 900
STRUCTURAL = frozenset(
    {"aten::_assert_tensor_metadata", "aten::alias", "aten::detach", "aten::sym_size", "aten::sym_numel"}
)
"""Nodes that compute nothing: checks, other names and sizes."""


class Graph(BaseModel):
    """What one forward pass of a model is made of.

    Attributes:
        models: the catalogue's models with this graph.
        basis: whose graph it is: the model's own weights, or an architecture with random ones.
        operators: core ATen operators after decomposition, with their number in the graph.
        dynamic_shapes: whether one graph serves every batch and length; dynamic_problem says why not.
        graph_breaks: places where a tracing compiler falls back to Python; None when it could not be told.
        problem: why nothing could be exported.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[str, ...]
    architecture: str
    basis: str
    operators: dict[str, int]
    dynamic_shapes: bool
    dynamic_problem: str
    graph_breaks: int | None
    break_reasons: tuple[str, ...]
    torch: str
    transformers: str
    as_of: date
    problem: str = ""

    @cached_property
    def computing(self) -> frozenset[str]:
        """The operators that compute something."""
        return frozenset(self.operators) - STRUCTURAL


def read_graphs(catalogue: Path) -> dict[str, Graph]:
    """The graphs by file name.

    Raises:
        DataContractError: a file is no such graph.
        StorageError: a file cannot be read.
    """
    return {path.stem: _read(path) for path in sorted((catalogue / FOLDER).glob("*.json"))}


def graph_of(model: str, graphs: dict[str, Graph]) -> Graph | None:
    """The graph of the model's own weights, else of its architecture, else None."""
    found = [graph for graph in graphs.values() if model in graph.models]
    return min(found, key=lambda graph: graph.basis != OWN_WEIGHTS, default=None)


def export_graph(source: str, models: tuple[str, ...], today: date, root: Path) -> Graph:
    """Exports the graph in a process of its own, so that torch stays out of this one.

    Args:
        source: a folder with weights, or a JSON object with `model_type` and a small configuration.
        models: the catalogue's models with this graph.
        today: the day to write down.
        root: where `python -m acceltrial…` finds this copy of the package.

    Raises:
        TargetUnavailableError: torch or transformers is missing, the source is no model, or it took too long.
    """
    command = [sys.executable, "-m", "acceltrial.targets.local.operator_graph", source]
    environment = {**os.environ, "PYTHONPATH": str(root), "HF_HUB_OFFLINE": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TargetUnavailableError(
            f"the export took more than {TIMEOUT_S} s",
            where=source[:200],
            remedy="give a smaller configuration",
        ) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise TargetUnavailableError(
            f"the model cannot be exported: {lines[-1][:200] if lines else 'no message'}",
            where=source[:200],
            remedy="give a folder with config.json and weights; needs pip install 'acceltrial[local]'",
        )
    basis = "its architecture, with random weights" if source.startswith("{") else OWN_WEIGHTS
    return Graph(models=models, basis=basis, as_of=today, **json.loads(done.stdout))


def write_graph(catalogue: Path, name: str, graph: Graph) -> Path:
    """Writes graphs/NAME.json. Raises StorageError, or ConfigurationError when `name` is no file name."""
    if not re.match(NAME, name):
        raise ConfigurationError(
            f"{name!r} cannot be a file name", where="--name", remedy="use letters, digits, dots and dashes"
        )
    path = catalogue / FOLDER / f"{name}.json"
    write_text(path, json.dumps(graph.model_dump(mode="json"), indent=1) + "\n")
    return path


def _read(path: Path) -> Graph:
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        return Graph.model_validate(found)
    except (ValidationError, ValueError) as error:
        raise DataContractError(
            f"no operator graph: {str(error).splitlines()[0][:160]}",
            where=str(path),
            remedy="make it again: acceltrial catalogue graph",
        ) from error
    except OSError as error:
        raise storage_error(error, path) from error
