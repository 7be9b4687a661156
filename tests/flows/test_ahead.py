"""Work ahead of a stage's turn: begun once, ended before a measurement, harmless when it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from acceltrial.errors import TargetUnavailableError
from flows import ahead as module
from flows.ahead import Ahead, begin, begun
from stages.running.workspace import Workspace
from tests.stages.running.toy import DOUBLE, SumGrid, sum_stage, toy_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return toy_workspace(tmp_path)


@pytest.fixture
def prepared_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Makes a function the preparation of the first toy stage."""

    def use(make_ready: Callable[..., Any]) -> None:
        monkeypatch.setitem(module.PREPARATIONS, DOUBLE.name, "toy")
        monkeypatch.setattr(module, "import_module", lambda _name: SimpleNamespace(make_ready=make_ready))

    return use


def test_it_runs_beside_the_caller_and_waiting_ends_when_it_has_ended(
    workspace: Workspace, prepared_by: Any
) -> None:
    go, seen = Event(), []

    def make_ready(root: Path, params: Any, cache: Path) -> None:
        go.wait(10)
        seen.append((root, params.factor, cache))

    prepared_by(make_ready)
    ahead = Ahead(workspace, [DOUBLE, sum_stage(SumGrid())])
    assert seen == []
    go.set()
    ahead.wait()
    assert seen == [(workspace.root, 2.0, workspace.cache)]


def test_what_was_begun_is_found_once(workspace: Workspace, prepared_by: Any) -> None:
    ran: list[Path] = []
    prepared_by(lambda root, _params, _cache: ran.append(root))
    begin(workspace, [DOUBLE])
    first = begun(workspace, [DOUBLE])
    first.wait()
    assert len(ran) == 1
    second = begun(workspace, [DOUBLE])
    second.wait()
    assert first is not second
    assert len(ran) == 2


def test_a_failure_is_told_and_stops_nothing(
    workspace: Workspace, prepared_by: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def make_ready(*_: Any) -> None:
        raise TargetUnavailableError("no weights", where="here", remedy="get some")

    prepared_by(make_ready)
    with caplog.at_level(logging.INFO, logger="acceltrial.progress"):
        Ahead(workspace, [DOUBLE]).wait()
        (workspace.root / "params.yaml").write_text("double: {factor: much}\n")
        Ahead(workspace, [DOUBLE]).wait()
    assert "no weights" in caplog.text
    assert "double.factor" in caplog.text


def test_every_preparation_is_there() -> None:
    for name in module.PREPARATIONS.values():
        assert callable(import_module(name).make_ready)
