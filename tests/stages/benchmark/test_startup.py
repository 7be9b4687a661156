"""Cold and warm starts, and a second replica."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets import RunningServer, Startup, TargetSpec
from schemas.base import check_table, table_of
from schemas.evidence import Measurements
from stages.benchmark import startup
from stages.benchmark.rows import Row, RowMaker
from stages.benchmark.startup import chill, scale_out, scale_out_row, startup_facts, startup_rows

MAKER = RowMaker("w", "o", "stack", "m", "bf16", "w@o.stack", "r", datetime(2026, 11, 22, tzinfo=UTC), "e")
SPEC = TargetSpec("t", "llamacpp", "T", "cpu", "m", "int4", "completions")


def by_metric(rows: list[Row]) -> dict[str, Row]:
    check_table(Measurements, table_of(Measurements, rows), "test")
    return {row["metric"]: row for row in rows}


def test_cold_and_warm_storage_stand_apart() -> None:
    starts = [
        startup_facts(Startup(0.5, 6.0, 0.2), storage="cold"),
        startup_facts(Startup(0.4, 1.0, 0.2), storage="warm"),
        startup_facts(Startup(0.4, 1.4, 0.2), storage="warm"),
    ]
    found = by_metric(startup_rows(starts, MAKER))
    assert found["model_load_cold_s"]["value"] == 6.0
    assert found["model_load_warm_s"]["value"] == pytest.approx(1.2)
    assert found["model_load_s"]["n"] == 3


def test_a_start_that_could_not_be_made_cold_says_why() -> None:
    facts = startup_facts(Startup(0.5, 6.0, 0.2), storage="warm", why_not_cold="97% stayed in memory")
    found = by_metric(startup_rows([facts], MAKER))
    assert found["model_load_cold_s"]["value"] is None
    assert found["model_load_cold_s"]["reason"] == "97% stayed in memory"


class Kind:
    """Weights in one file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def weight_files(self, spec: TargetSpec, cache: Path) -> list[Path]:
        return [self.file]


@pytest.mark.parametrize(("left", "said"), [(0.0, ""), (0.97, "97%"), (None, "does not tell")])
def test_what_is_left_in_memory_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: float | None, said: str
) -> None:
    (tmp_path / "weights").write_bytes(b"x" * 10_000)
    monkeypatch.setattr(startup, "adapter", lambda _kind: Kind(tmp_path / "weights"))
    monkeypatch.setattr(startup, "resident_share", lambda _files: left)
    why = chill(SPEC, tmp_path)
    assert said in why
    assert bool(why) == bool(said)


def test_a_kind_without_weight_files_cannot_be_cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "adapter", lambda _kind: object())
    assert "does not say" in chill(SPEC, tmp_path)


def server(pid: int | None) -> RunningServer:
    return RunningServer("http://127.0.0.1:9/v1", "m", "completions", pid, Startup(0.1, 0.2, 0.3))


def test_a_second_replica_is_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def serve(spec: TargetSpec, **_: Any) -> Iterator[RunningServer]:
        yield server(1)

    monkeypatch.setattr(startup, "serve", serve)
    found = scale_out(SPEC, server(1), workdir=tmp_path / "replica", cache=tmp_path)
    assert found["scale_out_s"] >= 0
    assert found["storage"] == "warm"
    row = by_metric([scale_out_row(MAKER, [found])])["scale_out_s"]
    assert row["n"] == 1


def test_no_second_replica_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def serve(spec: TargetSpec, **_: Any) -> Iterator[RunningServer]:
        raise TargetUnavailableError("out of memory")
        yield server(1)

    monkeypatch.setattr(startup, "serve", serve)
    failed = scale_out(SPEC, server(1), workdir=tmp_path / "replica", cache=tmp_path)
    remote = scale_out(SPEC, server(None), workdir=tmp_path / "replica", cache=tmp_path)
    for facts, reason in ((failed, "out of memory"), (remote, "runs elsewhere")):
        row = by_metric([scale_out_row(MAKER, [facts])])["scale_out_s"]
        assert row["value"] is None
        assert reason in row["reason"]
    assert scale_out_row(MAKER, [])["value"] is None
