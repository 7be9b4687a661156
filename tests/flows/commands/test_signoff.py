from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson
import pytest

from acceltrial.errors import AwaitingSignOffError, ConfigurationError, DataContractError
from flows.commands.signoff import list_sheets, sign, verify
from schemas.decision import ROLES

ON = date(2026, 11, 22)


def test_the_gate_opens_when_every_role_has_approved(
    decided: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AwaitingSignOffError, match="8 of 8"):
        list_sheets(gate=True, workspace=decided)
    for workload in ("chat", "lab"):
        for role in ROLES:
            sign(workload, role=role, by="Ada", on=ON, workspace=decided)
    capsys.readouterr()
    assert list_sheets(gate=True, json=True, workspace=decided) == 0
    rows = orjson.loads(capsys.readouterr().out)
    assert {row["verdict"] for row in rows} == {"approved"}
    assert rows[0]["signed_on"] == "2026-11-22"
    assert rows[0]["option"] == "gpu-x1"
    sign("lab", role="security", by="Eve", verdict="rejected", on=ON, workspace=decided)
    with pytest.raises(AwaitingSignOffError, match="1 of 8"):
        list_sheets(gate=True, workspace=decided)


def test_wrong_names_and_stale_sheets_are_refused(decided: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean chat"):
        sign("chta", role="security", by="Ada", workspace=decided)
    with pytest.raises(ConfigurationError, match="no reviewing role"):
        sign("chat", role="chef", by="Ada", workspace=decided)
    with pytest.raises(ConfigurationError, match="another one by now"):
        sign("chat", role="security", by="Ada", digest="b" * 12, workspace=decided)
    with pytest.raises(DataContractError):
        sign("chat", role="security", by="", workspace=decided)
    assert not (decided / "data/portfolio/sign_offs.jsonl").exists()


def test_verify_counts_and_finds_tampering(decided: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sign("chat", role="security", by="Ada", digest="a" * 8, on=ON, workspace=decided)
    sign("lab", role="security", by="Ada", on=ON, workspace=decided)
    capsys.readouterr()
    verify(json=True, workspace=decided)
    assert orjson.loads(capsys.readouterr().out)["entries"] == 2
    ledger = decided / "data/portfolio/sign_offs.jsonl"
    ledger.write_bytes(ledger.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(DataContractError, match=r"line 2 .*cut off"):
        verify(workspace=decided)
    with pytest.raises(DataContractError):
        list_sheets(workspace=decided)
