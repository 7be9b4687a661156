from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.storage.tables import write_table
from flows.commands import cost
from schemas.base import table_of
from schemas.decision import Costs
from stages.artifacts import COSTS
from tests.acceltrial.cost.test_focus import charge, write


@pytest.fixture
def priced(decided: Path) -> Path:
    row = {
        "workload": "chat", "option": "gpu-x1", "phase": "inference", "metric": "usd_per_month_compute",
        "value": 100.0, "low": 90.0, "high": 110.0, "grade": "predicted", "source": "s",
        "date": datetime(2026, 11, 1, tzinfo=UTC), "reason": "",
    }  # fmt: skip
    write_table(decided / COSTS.path, table_of(Costs, [row]))
    return decided


def test_an_export_is_compared_with_the_last_evaluation(
    priced: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "map.yaml").write_text("tag_keys: {workload: workload}\n")
    export = write(tmp_path / "b.csv", [charge(EffectiveCost="100"), charge(ResourceId="x", Tags="")])
    given = {"mapping": tmp_path / "map.yaml", "workspace": priced}
    assert cost.billed(export, **given, json=True) == 0  # type: ignore[arg-type]
    found = orjson.loads(capsys.readouterr().out)
    assert found["unmatched_share"] == pytest.approx(10 / 110)
    assert found["rows"][0]["option"] == "gpu-x1"
    assert found["rows"][0]["verdict"] == "within"
    assert cost.billed(export, **given) == 0  # type: ignore[arg-type]
    assert "9.1% of the cost of use belongs to no workload" in capsys.readouterr().err


def test_without_a_bill_it_says_what_to_write(priced: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"billing\.yaml"):
        cost.billed(workspace=priced)
