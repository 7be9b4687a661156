from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
import polars as pl

from acceltrial.storage.tables import write_table
from flows.scheduled import decided, hand_on_last, keep_pack, tell_reopened
from schemas.base import table_of
from schemas.decision import Flips
from stages.artifacts import (
    DECISIONS,
    FLIPS,
    PRICES,
    REPORT,
    REPORT_TABLES,
    ROADMAP,
    TARGETS,
    WORKLOADS,
)
from stages.running.workspace import Workspace


def test_the_pack_of_a_quarter_is_whole_and_replaced_whole(tmp_path: Path) -> None:
    for artifact, text in ((REPORT, "<p>1"), (ROADMAP, "{}")):
        path = tmp_path / artifact.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / REPORT_TABLES.path).mkdir()
    (tmp_path / REPORT_TABLES.path / "old.parquet").touch()
    pack = keep_pack(Workspace(tmp_path), datetime(2026, 11, 22, tzinfo=UTC))
    assert pack == tmp_path / "data/packs/2026-Q4"
    assert sorted(p.name for p in pack.iterdir()) == ["report.html", "roadmap.json", "tables"]
    (tmp_path / REPORT_TABLES.path / "old.parquet").unlink()
    (tmp_path / REPORT.path).write_text("<p>2")
    keep_pack(Workspace(tmp_path), datetime(2026, 12, 31, tzinfo=UTC))
    assert (pack / "report.html").read_text() == "<p>2"
    assert list((pack / "tables").iterdir()) == []


def test_a_crossed_price_reopens_and_is_kept(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert decided(workspace) == {}
    assert tell_reopened(workspace, {}) == []
    flip = {
        "workload": "chat", "option": "gpu", "kind": "price", "key": "price.p", "rival": "chip", "today": 2.0,
        "flips_at": 3.0, "unit": "USD", "factor": 1.5, "distance": 0.405, "reason": "",
    }  # fmt: skip
    frames = {
        FLIPS: table_of(Flips, [flip]),
        DECISIONS: pl.DataFrame({"workload": ["chat"], "option": ["gpu"]}),
        PRICES: pl.DataFrame({"price": ["p"], "usd_per_accelerator_hour": [2.0]}),
        TARGETS: pl.DataFrame({"target": ["t"]}),
        WORKLOADS: pl.DataFrame({"workload": ["chat"], "actions_per_month": [5.0]}),
    }
    for artifact, frame in frames.items():
        write_table(tmp_path / artifact.path, frame)
    before = decided(workspace)
    assert tell_reopened(workspace, before) == []
    write_table(
        tmp_path / PRICES.path, frames[PRICES].with_columns(pl.lit(3.5).alias("usd_per_accelerator_hour"))
    )
    assert [entry["workload"] for entry in tell_reopened(workspace, before)] == ["chat"]
    assert orjson.loads((workspace.state / "reopened.json").read_bytes())[0]["now"] == 3.5


def test_the_quarter_before_is_handed_on_to_the_report(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    (tmp_path / "data/portfolio").mkdir(parents=True)
    assert hand_on_last(workspace, datetime(2026, 11, 22, tzinfo=UTC)) is None
    for quarter in ("2026-Q1", "2026-Q3", "2026-Q4"):
        (tmp_path / "data/packs" / quarter).mkdir(parents=True)
        (tmp_path / "data/packs" / quarter / "roadmap.json").write_text(quarter)
    kept = hand_on_last(workspace, datetime(2026, 11, 22, tzinfo=UTC))
    assert kept == tmp_path / "data/portfolio/last_quarter.json"
    assert kept.read_text() == "2026-Q3"
