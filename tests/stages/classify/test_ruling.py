from __future__ import annotations

import pytest

from stages.classify.ruling import Ruling


@pytest.mark.parametrize(
    ("declared", "observed", "agreement"),
    [("a", "a", "agree"), ("a", "b", "disagree"), ("a", None, "declared_only"), (None, "b", "observed_only"),
     (None, None, "default")],
)  # fmt: skip
def test_agreement(declared: str | None, observed: str | None, agreement: str) -> None:
    ruling = Ruling("shape", declared, observed, "x", "rule", "evidence")
    assert ruling.agreement == agreement
    assert ruling.row("w")["workload"] == "w"


def test_kin_agree() -> None:
    assert Ruling("shape", "a", "b", "x", "r", "e", kin=True).agreement == "agree"
