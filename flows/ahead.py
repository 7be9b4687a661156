"""What stages make ready ahead of their turn, beside the start of Prefect and the stages that only compute.

It fills caches and nothing else: a stage that finds them empty fills them itself. All of it has ended before
the first measurement begins, since nothing may compute beside one.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from acceltrial.cli.progress import done
from acceltrial.errors import AcceltrialError
from stages.contract import Stage
from stages.running.runner import stage_params
from stages.running.workspace import Workspace

PREPARATIONS = {"benchmark": "stages.benchmark.preparation"}
"""By stage, the module with its `make_ready(root, params, cache)`. Stages do not import theirs: what they put
out does not depend on it."""


class Ahead:
    """Everything that the stages of a workspace can make ready, in the background from now on."""

    def __init__(self, workspace: Workspace, stages: Iterable[Stage[Any]]) -> None:
        self._threads = [
            # The child processes of a daemon thread end with it, and it ends with this process.
            Thread(target=_make_ready, args=(workspace, stage), name=f"ahead-{stage.name}", daemon=True)
            for stage in stages
            if stage.name in PREPARATIONS
        ]
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Returns once nothing is in the making any more."""
        for thread in self._threads:
            thread.join()


def begin(workspace: Workspace, stages: Iterable[Stage[Any]]) -> None:
    """Begins now what the next evaluation of the workspace in this process will find begun."""
    _BEGUN[workspace.root] = Ahead(workspace, stages)


def begun(workspace: Workspace, stages: Iterable[Stage[Any]]) -> Ahead:
    """What `begin` began for this evaluation, or else begins now."""
    return _BEGUN.pop(workspace.root, None) or Ahead(workspace, stages)


def _make_ready(workspace: Workspace, stage: Stage[Any]) -> None:
    make_ready = import_module(PREPARATIONS[stage.name]).make_ready
    try:
        make_ready(workspace.root, stage_params(stage, workspace), workspace.cache)
    except AcceltrialError as error:
        done(f"{stage.name}: not made ready ahead ({error}); it is tried again where it is needed")


_BEGUN: dict[Path, Ahead] = {}
