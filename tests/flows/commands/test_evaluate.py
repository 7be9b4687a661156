from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from acceltrial.cli import run
from acceltrial.errors import AwaitingSignOffError, ConfigurationError, GateError
from acceltrial.storage.tables import write_table
from flows.commands.evaluate import _check_gates, _instant, _shown_uri
from schemas.base import empty, table_of
from schemas.canary import CanaryVerdicts
from schemas.decision import SignOffs
from stages.artifacts import CANARY_VERDICTS, SIGN_OFFS
from stages.running.workspace import Workspace, held
from tests.stages.running.toy import toy_workspace

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_a_workspace_in_use_is_refused_before_prefect_is_even_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = toy_workspace(tmp_path)
    monkeypatch.chdir(tmp_path)
    with held(workspace):
        assert run(["evaluate"]) == 1
    assert "another evaluation works here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--trace", "/nowhere.csv"], 3, "no such trace"),
        (["--workspace", "/"], 2, "no workspace here"),
        (["--now", "yesterday"], 2, "no instant"),
        (["--bogus"], 2, "bogus"),
    ],
)
def test_wrong_requests_are_told_at_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    toy_workspace(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(["evaluate", *arguments]) == code
    assert message in capsys.readouterr().err


def test_an_instant_without_zone_is_utc() -> None:
    assert _instant("2026-11-22T09:00:00") == _instant("2026-11-22T10:00:00+01:00") == NOW
    assert _instant(None) is None
    with pytest.raises(ConfigurationError):
        _instant("soon")


def test_passwords_in_the_servers_address_are_not_shown() -> None:
    assert _shown_uri("https://user:secret@host:5000/x") == "https://host:5000/x"
    assert _shown_uri("sqlite:///a/b.db") == "sqlite:///a/b.db"


def test_gates(tmp_path: Path) -> None:
    verdict = {
        "canary": "c", "workload": "w", "baseline": "a", "candidate": "b", "purpose": "trial",
        "verdict": "rollback",
        "guardrail": "errors", "at_s": 1.0, "final_share": 0.0, "reason": "r", "started": NOW,
    }  # fmt: skip
    sheet = {"workload": "w", "role": "security", "digest": "d", "verdict": "awaiting", "comment": ""}
    workspace = Workspace(tmp_path)

    def check(verdicts: list[dict[str, object]], sheets: list[dict[str, object]]) -> None:
        write_table(tmp_path / CANARY_VERDICTS.path, table_of(CanaryVerdicts, verdicts))
        write_table(tmp_path / SIGN_OFFS.path, table_of(SignOffs, sheets))
        _check_gates(workspace)

    check([verdict | {"purpose": "demonstration"}], [sheet | {"verdict": "approved"}])
    with pytest.raises(GateError, match="c"):
        check([verdict], [])
    with pytest.raises(AwaitingSignOffError, match="1 of 1"):
        check([], [sheet])
    assert empty(SignOffs).height == 0
