"""The runtime socket's client and what is told when HAProxy cannot run."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import AcceltrialError, TargetUnavailableError
from acceltrial.placement import proxy
from acceltrial.placement.model import Placement


def test_one_command_at_a_time(tmp_path: Path) -> None:
    with pytest.raises(AcceltrialError, match="one command"):
        proxy.Proxy(tmp_path / "x.sock").command("show stat\nset server a/b state maint")


def test_absent_haproxy_is_told(single: Placement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(TargetUnavailableError, match="not installed"), proxy.running([single], tmp_path):
        pass
