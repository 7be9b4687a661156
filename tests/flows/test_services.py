from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from acceltrial.errors import TargetUnavailableError
from flows import services
from stages.running import records
from stages.running.records import RunRecord
from stages.running.tracking import send
from stages.running.workspace import Workspace


def test_a_server_that_ends_at_once_is_told_with_its_code() -> None:
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"])
    with pytest.raises(TargetUnavailableError, match="code 7"):
        services.wait_for("http://127.0.0.1:9/health", process, seconds=30)


def test_a_server_that_never_answers_is_not_waited_for_without_end() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        with pytest.raises(TargetUnavailableError, match="no answer"):
            services.wait_for("http://127.0.0.1:9/health", process, seconds=1)
        process.kill()


def test_a_child_ends_with_its_block() -> None:
    with services.running("python", "-c", "import time; time.sleep(60)") as process:
        assert process.poll() is None
    assert process.poll() is not None


@pytest.mark.slow
@pytest.mark.live
def test_records_reach_a_real_mlflow_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(services, "MLFLOW_PORT", 5793)
    workspace = Workspace(tmp_path)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    (tmp_path / "report.html").write_text("<p>")
    send(workspace)  # the store is made before a server opens it
    records.post(workspace.outbox, RunRecord("r0", "first", None, now, now, "FINISHED"))
    send(workspace)
    with services.mlflow_server(workspace) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        record = RunRecord("r1", "x", None, now, now, "FINISHED", metrics={"a_ms": 1.0})
        records.post(workspace.outbox, record, {"report.html": tmp_path / "report.html"})
        sent = send(workspace)
    assert (sent.taken, sent.waiting, sent.problem) == (1, 0, "")
