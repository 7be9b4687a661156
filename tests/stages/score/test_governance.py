from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from acceltrial.errors import ConfigurationError
from stages.contract import Outputs
from stages.score.governance import blocking
from tests.stages.score.conftest import Rows

SUPPORT = "family,item,stage,ends,detail,source,as_of,confidence\n"
PROOF = (
    "evidence:\n  - {gate: secrets, environment: public_cloud, evidence: vault audit 7, by: Eve,"
    " checked: 2026-01-01, expires: EXPIRES}\n"
)


def states(out: Outputs, workload: str = "chat") -> dict[str, str]:
    rows = out["security_gates"].to_dicts()  # type: ignore[union-attr]
    return {row["gate"]: row["state"] for row in rows if row["workload"] == workload}


def declare(tmp_path: Path, proof: str, support: str = "") -> None:
    for folder, name, text in (
        ("portfolio", "governance.yaml", proof),
        ("catalogue", "support.csv", SUPPORT + support),
    ):
        (tmp_path / "data" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / folder / name).write_text(text)


def test_without_evidence_every_gate_is_open(score: Callable[..., Outputs], rows: Rows) -> None:
    out = score(rows)
    assert set(states(out).values()) == {"open"}
    assert len(states(out)) == 7


def test_evidence_meets_its_gate_until_it_expires_and_enters_securitys_digest_alone(
    score: Callable[..., Outputs], rows: Rows, tmp_path: Path
) -> None:
    supported = "*,drivers,long_term_support,2028-06,d,s,2026,v\n"
    declare(tmp_path, "evidence: []\n", supported)
    before = score(rows)
    declare(tmp_path, PROOF.replace("EXPIRES", "2030-01-01"), supported)
    after = score(rows)
    assert (states(after)["secrets"], states(after)["support_end"]) == ("met", "met")
    pairs = zip(before["sign_offs"].to_dicts(), after["sign_offs"].to_dicts(), strict=True)  # type: ignore[union-attr]
    changed = {b["role"] for b, a in pairs if b["digest"] != a["digest"]}
    assert changed == {"security"}
    expired = PROOF.replace("EXPIRES", "2026-02-01")
    declare(tmp_path, expired + expired.split("\n", 1)[1].replace("secrets", "support_end"), supported)
    out = score(rows)
    assert (states(out)["secrets"], states(out)["support_end"]) == ("expired", "expired")
    assert "expired gate" in out["score_findings"]["finding"].to_list()  # type: ignore[union-attr, index]
    gates = [r for r in out["security_gates"].to_dicts() if r["workload"] == "chat"]  # type: ignore[union-attr]
    assert len(blocking(gates, date(2026, 11, 22))) == 2


def test_a_chip_for_research_fails_and_its_own_entry_goes_before_a_pattern(
    score: Callable[..., Outputs], rows: Rows, tmp_path: Path
) -> None:
    declare(
        tmp_path,
        "evidence: []\n",
        "*,x,long_term_support,2099-01-01,d,s,2026,v\nc,chip,research,,d,s,2026,v\n",
    )
    out = score(rows)
    winners = dict(out["decisions"].select("workload", "option").rows())  # type: ignore[union-attr]
    expected = "failed" if winners["lab"].startswith("chip") else "met"
    assert states(out, "lab")["support_end"] == expected


def test_wrong_evidence_and_dates_are_refused(
    score: Callable[..., Outputs], rows: Rows, tmp_path: Path
) -> None:
    declare(tmp_path, PROOF.replace("EXPIRES", "2025-01-01"))
    with pytest.raises(ConfigurationError, match="expire after"):
        score(rows)
