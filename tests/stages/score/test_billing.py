from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from stages.contract import Outputs
from tests.acceltrial.cost.test_focus import charge, write
from tests.stages.score.conftest import Rows


def test_a_declared_bill_is_compared_and_what_nobody_owns_is_found(
    score: Callable[..., Outputs], rows: Rows, tmp_path: Path
) -> None:
    folder = tmp_path / "data/portfolio"
    folder.mkdir(parents=True)
    (folder / "billing.yaml").write_text("files: [oct.csv]\ntag_keys: {workload: app}\n")
    mine: dict[str, Any] = {"Tags": '{"app": "chat"}', "EffectiveCost": "99999"}
    write(folder / "oct.csv", [charge(**mine), charge(ResourceId="i-2", EffectiveCost="50000", Tags="")])
    out = score(rows)
    billed = {row["workload"]: row for row in out["billed"].to_dicts()}  # type: ignore[union-attr]
    assert billed["chat"]["verdict"] == "above"
    assert billed["chat"]["predicted_usd"] > 0
    assert billed[None]["verdict"] == "no_prediction"
    found = {(row["subject"], row["finding"]) for row in out["score_findings"].to_dicts()}  # type: ignore[union-attr]
    assert {("billing", "unmatched charges"), ("chat", "billed above prediction")} <= found


def test_without_a_bill_the_table_is_empty(score: Callable[..., Outputs], rows: Rows) -> None:
    assert score(rows)["billed"].is_empty()  # type: ignore[union-attr]
