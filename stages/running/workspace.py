"""A workspace: a folder with parameters, inputs, outputs and state of one evaluation after another.

The checkout itself is one; `acceltrial init` and `evaluate --trace` make others. All have the same layout.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from acceltrial.errors import BusyError, ConfigurationError
from acceltrial.storage.atomic import storage_error

CHECKOUT = Path(__file__).resolve().parents[2]
"""The code that runs, wherever the workspace lies."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Paths of one workspace."""

    root: Path

    @property
    def state(self) -> Path:
        """Everything that can be made again, except finished cells: never under version control."""
        return self.root / ".acceltrial"

    @property
    def cells(self) -> Path:
        """Finished cells: dated evidence."""
        return self.state / "cells"

    @property
    def outbox(self) -> Path:
        """Run records that the tracking server has not taken yet."""
        return self.state / "outbox"

    @property
    def cache(self) -> Path:
        """Assembled models and the like, shared by the checkout's workspaces."""
        inside = self.root.is_relative_to(CHECKOUT)
        return (CHECKOUT if inside else self.root) / ".acceltrial" / "cache"

    @property
    def tracking_uri(self) -> str:
        """`MLFLOW_TRACKING_URI`, or one sqlite file for the checkout and the workspaces inside it."""
        inside = self.root.is_relative_to(CHECKOUT)
        home = (CHECKOUT if inside else self.root) / ".acceltrial"
        return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home / 'mlflow.db'}"

    def params(self, stage: str) -> dict[str, Any]:
        """The stage's section of params.yaml. Raises ConfigurationError."""
        path = self.root / "params.yaml"
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ConfigurationError(
                "this folder is not a workspace: it has no params.yaml",
                where=str(path),
                remedy="run in a checkout, or make a workspace with `acceltrial init DIR`",
            ) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"not readable as YAML ({' '.join(str(error).split())})",
                where=str(path),
                remedy="correct the line named above; indent with spaces, not tabs",
            ) from error
        if not isinstance(document, dict) or not isinstance(document.get(stage) or {}, dict):
            raise ConfigurationError(
                f"expected a section `{stage}:` of keys and values",
                where=str(path),
                remedy=f"write `{stage}: {{}}`",
            )
        return document.get(stage) or {}


def find_workspace(start: Path | None = None) -> Workspace:
    """The workspace that holds `start` (default: the current folder), searched upwards.

    Raises ConfigurationError where there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "params.yaml").is_file() and (folder / "data" / "portfolio").is_dir():
            return Workspace(folder)
    raise ConfigurationError(
        "no workspace here: no folder with params.yaml and data/portfolio, up to the root",
        where=str(here),
        remedy="change into a checkout or workspace, or make one with `acceltrial init DIR`",
    )


@contextmanager
def held(workspace: Workspace) -> Iterator[None]:
    """Holds the workspace: a second evaluation is refused while this one runs.

    The kernel frees the lock when the process dies, however it dies. Raises BusyError.
    """
    path = workspace.state / "lock"
    with _locked(path, blocking=False):
        path.write_text(str(os.getpid()))
        yield


@contextmanager
def device_held(device: str) -> Iterator[None]:
    """Waits for `device` of this machine, whichever workspace uses it, and holds it."""
    home = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / f"acceltrial-{os.getuid()}"  # noqa: S108
    with _locked(home / f"device-{device}.lock", blocking=True):
        yield


@contextmanager
def _locked(path: Path, *, blocking: bool) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+")
    except OSError as error:
        raise storage_error(error, path) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if blocking else fcntl.LOCK_NB))
        except BlockingIOError:
            holder = path.read_text().strip() or "unknown"
            raise BusyError(
                f"another evaluation works here (process {holder})",
                where=str(path.parent.parent),
                remedy="wait until it ends, or stop that process; then run again",
            ) from None
        yield
