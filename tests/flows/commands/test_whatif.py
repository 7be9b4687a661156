from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from acceltrial.errors import DataContractError, StorageError
from acceltrial.storage.tables import write_table
from flows.commands import whatif as command
from schemas.base import empty
from stages.artifacts import DECISIONS
from stages.contract import TableFile
from stages.running.workspace import Workspace
from stages.score.stage import STAGE


def test_before_any_evaluation_it_says_which_table_is_missing(decided: Path) -> None:
    with pytest.raises(StorageError, match="run the stage"):
        command.last_evaluation(Workspace(decided))


def write_all(root: Path, provenance: dict[str, Any]) -> None:
    for artifact in (*STAGE.inputs, *STAGE.outputs):
        if isinstance(artifact, TableFile):
            write_table(root / artifact.path, empty(artifact.schema), provenance)


def test_parameters_are_those_that_the_tables_were_computed_with(decided: Path) -> None:
    facts = {"params": {"seed": 7}, "written": "2025-03-01T00:00:00+00:00"}
    write_all(decided, facts)
    tables, params, today = command.last_evaluation(Workspace(decided))
    assert (params.seed, today) == (7, date(2025, 3, 1))
    assert {"ranking", "costs", "prices", "workloads"} <= set(tables)


def test_tables_of_unknown_origin_are_refused(decided: Path) -> None:
    write_all(decided, {})
    with pytest.raises(DataContractError, match=DECISIONS.path):
        command.last_evaluation(Workspace(decided))


def test_changed_winners_go_to_stdout_and_names_are_not_markup(
    decided: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    side = {"option": "a", "usd_per_month": None, "margin": None}
    found = {
        "workloads": [
            {"workload": "chat", "winner_changed": True, "before": side, "after": {**side, "option": "b"},
             "why": "[red]b overtakes a"},
        ],
        "winners_changed": ["chat"],
        "portfolio_usd_per_month": {"before": 1.0, "after": None, "change": None},
    }  # fmt: skip
    monkeypatch.setattr("stages.score.whatif.decide_again", lambda *_: dict(found))
    write_all(decided, {"params": {}, "written": "2025-03-01T00:00:00+00:00"})
    assert command.whatif(suppose=["power.pue=2"], workspace=decided) == 0
    shown = capsys.readouterr()
    assert shown.out == "chat\n"
    assert "[red]b overtakes a" in shown.err
    assert "unknown" in shown.err
    assert command.whatif(keys=True, workspace=decided) == 0
    assert "power.usd_per_kwh" in capsys.readouterr().out
