from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from flows.scheduled import keep_pack
from stages.artifacts import REPORT, REPORT_TABLES, ROADMAP
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
