from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acceltrial.errors import ConfigurationError, DataContractError
from schemas.decision import ROLES
from stages.score.signoff import LEDGER, decision_digest, input_digests, sheets, sign


def by_role(digest: str) -> dict[tuple[str, str], str]:
    return {("chat", role): digest for role in ROLES}


def test_the_digest_is_the_sha256_of_the_canonical_json() -> None:
    decision = {"workload": "chat", "option": "gpu-x1", "score": 0.625, "runner_up": None}
    digest = decision_digest(decision, {"prices": "ab"})
    assert digest == "886c8a384e0ff18dc38ec5dece976a5b8418cb53426fdc4635f90620ea42cc0e"
    assert digest == decision_digest(dict(reversed(decision.items())), {"prices": "ab"})
    assert digest != decision_digest(decision, {"prices": "ac"})


def test_input_digests_ignore_order_and_tracking_runs_and_other_workloads() -> None:
    table = pl.DataFrame({"workload": ["a", "a", "b"], "value": [1.0, 2.0, 3.0], "run": ["x", "y", "z"]})
    digest = input_digests({"t": table}, "a")
    assert digest == input_digests({"t": table.reverse().with_columns(run=pl.lit("other"))}, "a")
    assert digest == input_digests({"t": table.filter(pl.col("workload") == "a")}, "a")
    assert digest != input_digests({"t": table.with_columns(pl.col("value") + 1)}, "a")


def test_a_signature_counts_for_exactly_what_was_signed(tmp_path: Path) -> None:
    digest = "c" * 64
    who = {"signed_by": "Ada", "signed_on": "2026-11-22", "comment": "fine"}
    sign(tmp_path, workload="chat", role="security", digest=digest, verdict="approved", **who)
    rows = {row["role"]: row for row in sheets(by_role(digest), tmp_path)}
    assert rows["security"]["verdict"] == "approved"
    assert rows["security"]["signed_by"] == "Ada"
    assert {rows[role]["verdict"] for role in ROLES if role != "security"} == {"awaiting"}
    changed = {row["role"]: row for row in sheets(by_role("d" * 64), tmp_path)}
    assert changed["security"]["verdict"] == "awaiting"
    assert "has changed since" in changed["security"]["comment"]


def test_an_unknown_role_cannot_sign(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no reviewing role"):
        sign(
            tmp_path, workload="chat", role="chef", digest="c" * 64, verdict="approved", signed_by="A",
            signed_on="2026-11-22", comment="",
        )  # fmt: skip


def test_the_stage_reads_the_ledger_and_a_changed_price_invalidates(
    rows: Any, score: Callable[..., Any], tmp_path: Path
) -> None:
    portfolio = tmp_path / "data" / "portfolio"
    sheet = score(rows)["sign_offs"].filter(role="procurement")  # security's covers its gates too
    digests = dict(sheet.select("workload", "digest").iter_rows())
    who = {"signed_by": "Ada", "signed_on": "2026-11-22", "comment": ""}
    sign(portfolio, workload="chat", role="procurement", digest=digests["chat"], verdict="rejected", **who)
    signed = score(rows)["sign_offs"].filter(verdict="rejected").to_dicts()
    assert [(row["workload"], row["role"]) for row in signed] == [("chat", "procurement")]
    changed = copy.deepcopy(rows)
    changed["prices"][0]["usd_per_accelerator_hour"] *= 1.01
    assert set(score(changed)["sign_offs"]["verdict"]) == {"awaiting"}


def test_a_tampered_ledger_stops_the_stage(rows: Any, score: Callable[..., Any], tmp_path: Path) -> None:
    portfolio = tmp_path / "data" / "portfolio"
    portfolio.mkdir(parents=True)
    (portfolio / LEDGER).write_text('{"subject": "chat"}\n')
    with pytest.raises(DataContractError, match="line 1"):
        score(rows)


def test_where_keys_are_listed_only_their_signatures_count(tmp_path: Path) -> None:
    who = {
        "workload": "chat",
        "digest": "c" * 64,
        "verdict": "approved",
        "signed_on": "2026-11-22",
        "comment": "",
    }
    sign(tmp_path, role="security", signed_by="Eve", **who)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "allowed_signers").write_text(f"ada {key.with_suffix('.pub').read_text()}")
    with pytest.raises(ConfigurationError, match="signed verdicts only"):
        sign(tmp_path, role="procurement", signed_by="ada", **who)
    with pytest.raises(DataContractError, match="does not hold for bob"):
        sign(tmp_path, role="procurement", signed_by="bob", key=key, **who)
    sign(tmp_path, role="procurement", signed_by="ada", key=key, **who)
    rows = {row["role"]: row for row in sheets(by_role("c" * 64), tmp_path)}
    assert rows["procurement"]["verdict"] == "approved"
    assert rows["security"]["verdict"] == "awaiting"
    assert "without a signature" in rows["security"]["comment"]
    (tmp_path / "allowed_signers").write_text("")
    with pytest.raises(DataContractError, match="line 2: the signature does not hold"):
        sheets(by_role("c" * 64), tmp_path)


def test_a_prediction_made_again_is_the_same_evidence_a_measurement_is_not() -> None:
    table = pl.DataFrame(
        {"workload": ["a", "a"], "grade": ["predicted", "measured"], "date": ["1", "1"], "value": [1.0, 2.0]}
    )
    digest = input_digests({"t": table}, "a")
    again = table.with_columns(
        date=pl.when(pl.col("grade") == "predicted").then(pl.lit("2")).otherwise("date")
    )
    assert digest == input_digests({"t": again}, "a")
    assert digest != input_digests({"t": table.with_columns(date=pl.lit("2"))}, "a")
