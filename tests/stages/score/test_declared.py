from __future__ import annotations

from pathlib import Path

from stages.score.declared import Governance, Override, load_declared


def test_an_absent_file_declares_nothing(tmp_path: Path) -> None:
    assert load_declared(Governance, tmp_path / "governance.yaml").evidence == []


def test_patterns_must_all_match() -> None:
    one = Override.model_validate(
        {"criterion": "lock_in_risk", "workload": "chat*", "accelerator": "h100*", "value": 1, "by": "Ada",
         "reason": "r", "expires": "2027-01-01"}
    )  # fmt: skip
    assert one.holds_for("chat-eu", "any", "h100-sxm")
    assert not one.holds_for("lab", "any", "h100-sxm")
    assert not one.holds_for("chat", "any", "")
