from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson
import polars as pl
import pytest

from acceltrial.errors import AwaitingSignOffError, ConfigurationError, DataContractError, GateError
from acceltrial.storage.tables import read_table, write_table
from flows.commands.signoff import list_gates, list_sheets, sign, verify
from schemas.decision import ROLES
from stages.artifacts import SECURITY_GATES

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


def rewrite_gates(root: Path, **over: object) -> None:
    gates = read_table(root / SECURITY_GATES.path)
    write_table(root / SECURITY_GATES.path, gates.with_columns(**{k: pl.lit(v) for k, v in over.items()}))


def test_an_expired_gate_blocks_securitys_approval_and_nobody_elses(decided: Path) -> None:
    rewrite_gates(decided, expires="2026-11-21")
    with pytest.raises(GateError, match="evidence expired on 2026-11-21"):
        sign("chat", role="security", by="Ada", on=ON, workspace=decided)
    sign("chat", role="security", by="Ada", verdict="rejected", on=ON, workspace=decided)
    sign("chat", role="procurement", by="Ada", on=ON, workspace=decided)


def test_an_open_gate_is_approved_with_a_reason_only(decided: Path) -> None:
    rewrite_gates(decided, state="open")
    with pytest.raises(ConfigurationError, match="nothing shows secrets, support end"):
        sign("chat", role="security", by="Ada", on=ON, workspace=decided)
    sign("chat", role="security", by="Ada", comment="pilot only", on=ON, workspace=decided)


def test_evidence_that_expires_after_the_signatures_closes_the_gate_again(
    decided: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for workload in ("chat", "lab"):
        for role in ROLES:
            sign(workload, role=role, by="Ada", on=ON, workspace=decided)
    rewrite_gates(decided, expires="2000-01-01")
    with pytest.raises(AwaitingSignOffError, match="gates of chat block"):
        list_sheets(gate=True, workspace=decided)
    assert list_gates("chat", workspace=decided) == 0
    assert "secrets" in capsys.readouterr().out
    with pytest.raises(ConfigurationError):
        list_gates("nobody", workspace=decided)
