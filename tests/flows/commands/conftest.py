"""A workspace whose decision side is finished: the commands that read it need nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.storage.tables import write_table
from schemas.base import table_of
from schemas.decision import ROLES, Decisions, SecurityGates, SignOffs
from stages.artifacts import DECISIONS, SECURITY_GATES, SIGN_OFFS


@pytest.fixture
def decided(tmp_path: Path) -> Path:
    (tmp_path / "data/portfolio").mkdir(parents=True)
    (tmp_path / "params.yaml").write_text("score: {}\n")
    shares = {f"share_{grade}": 0.25 for grade in ("measured", "published", "predicted", "declared")}
    decisions = [
        {"workload": name, "status": "recommended", "option": "gpu-x1", "disagreement": "", "flips_when": "",
         "next_step": "", **shares}
        for name in ("chat", "lab")
    ]  # fmt: skip
    sheets = [
        {"workload": name, "role": role, "digest": letter * 64, "verdict": "awaiting", "comment": ""}
        for name, letter in (("chat", "a"), ("lab", "b"))
        for role in ROLES
    ]
    gates = [
        {"workload": "chat", "option": "gpu-x1", "gate": gate, "state": "met", "evidence": "e",
         "expires": "2999-01-01", "reason": ""}
        for gate in ("secrets", "support_end")
    ]  # fmt: skip
    write_table(tmp_path / SECURITY_GATES.path, table_of(SecurityGates, gates))
    write_table(tmp_path / DECISIONS.path, table_of(Decisions, decisions))
    write_table(tmp_path / SIGN_OFFS.path, table_of(SignOffs, sheets))
    return tmp_path
