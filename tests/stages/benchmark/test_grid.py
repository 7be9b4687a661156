"""The whole grid against real servers: one that works, and ones that do not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acceltrial.load.reference import serve_reference
from acceltrial.load.reference_server import Behaviour
from schemas.base import check_table
from stages.benchmark.params import QUICK, BenchmarkParams
from stages.benchmark.stage import STAGE
from stages.contract import Context
from tests.stages.benchmark.conftest import Workspace, profile, target, workload

PARAMS = BenchmarkParams(**{**QUICK, "replay_seconds": 2.0, "request_timeout_s": 3.0})
Build = Callable[[str], Context]


def run(workspace: Workspace, context: Build, params: BenchmarkParams = PARAMS) -> dict[str, pl.DataFrame]:
    inputs, grid = workspace.inputs(), STAGE.grid
    assert grid is not None
    cells = [cell for cell in grid.split(inputs, params) if cell.key != "predicted"]
    results: dict[str, Path] = {}
    for cell in cells:
        here = context(cell.key)
        grid.run_cell(cell, inputs, params, here)
        results[cell.key] = here.scratch
    outputs = grid.join(cells, results, inputs, params, context("join"))
    for artifact in STAGE.outputs:
        check_table(artifact.schema, outputs[artifact.name], artifact.name)  # type: ignore[union-attr, arg-type]
    return dict(outputs)  # type: ignore[arg-type]


def value(rows: pl.DataFrame, metric: str, statistic: str, phase: str = "replay") -> dict[str, Any]:
    found = rows.filter(
        (pl.col("metric") == metric) & (pl.col("statistic") == statistic) & (pl.col("phase") == phase)
    )
    assert found.height == 1, (metric, statistic, phase, found.height)
    return found.row(0, named=True)


def test_a_server_of_known_timing_is_measured_as_it_is(workspace: Workspace, context: Build) -> None:
    with serve_reference(Behaviour(ttft_ms=40, itl_ms=10)) as reference:
        workspace.tables["targets"] = [target("there", reference.base_url)]
        found = run(workspace, context)
    rows = found["measurements"]
    assert dict(found["benchmark_cells"].select("cell", "status").iter_rows()) == {
        "triage@there.replay": "measured",
        "triage@there.stack": "measured",
        "triage@there.synthetic": "measured",
    }
    # The reference tells what it did: the client cannot have seen less, and the instrument's bounds held.
    assert value(rows, "ttft_ms", "p50")["value"] >= 39
    assert value(rows, "itl_ms", "p50")["value"] >= 8
    assert value(rows, "failure_rate", "rate")["value"] == 0
    assert value(rows, "slo_attainment", "rate")["value"] == 1
    assert value(rows, "capacity_rps", "max", "synthetic")["value"] > 0
    assert value(rows, "success_rate", "rate")["value"] == 0
    assert value(rows, "peak_memory_mb", "max")["value"] is None
    assert value(rows, "process_start_s", "p50", "stack")["reason"]
    assert "runs elsewhere" in value(rows, "scale_out_s", "p50", "stack")["reason"]
    # The server states nothing, so the 40 ms that the client cannot divide stay unexplained.
    total = value(rows, "breakdown_total_ms", "mean", "stack")["value"]
    decode = value(rows, "breakdown_decode_ms", "mean", "stack")["value"]
    assert value(rows, "breakdown_prefill_ms", "mean", "stack")["value"] is None
    assert 39 <= value(rows, "breakdown_unexplained_ms", "mean", "stack")["value"] <= total - decode
    assert "runs elsewhere" in value(rows, "power_w", "mean")["reason"]
    assert found["benchmark_findings"].is_empty()
    assert found["request_records"].height == value(rows, "failure_rate", "rate")["n"]
    assert rows.filter(pl.col("phase") == "replay")["adjustments"].n_unique() == 1
    keys = ["workload", "option", "phase", "metric", "statistic"]
    assert rows.select(keys).is_duplicated().sum() == 0


@pytest.fixture
def bad() -> Iterator[Callable[[str], str]]:
    """URL of a server that lists its model and then misbehaves, or does not even that."""
    listeners: list[socket.socket] = []

    def start(name: str) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        if name == "refuses":
            listener.close()
            return url
        listeners.append(listener)
        threading.Thread(target=_accept, args=(listener, name, [0]), daemon=True).start()
        return url

    yield start
    for listener in listeners:
        listener.close()


def _accept(listener: socket.socket, name: str, served: list[int]) -> None:
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(peer, name, served), daemon=True).start()


def _serve(peer: socket.socket, name: str, served: list[int]) -> None:
    head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n"
    with peer:
        raw = peer.recv(65536)
        first = raw.startswith(b"GET") or not served[0]
        served[0] += not raw.startswith(b"GET")
        if name == "html":
            peer.sendall(head + b"content-type: text/html\r\n\r\n<html><b>login</b></html>")
        elif name == "hangs" and not raw.startswith(b"GET"):
            threading.Event().wait(20)
        elif first:
            peer.sendall(head + b'content-type: application/json\r\n\r\n{"data":[],"choices":[{"text":"x"}]}')
        else:
            event = b'data: {"choices":[{"text":"a"}]}\n\n'
            peer.sendall(head + b"content-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n" + event)


@pytest.mark.parametrize(
    ("name", "status"),
    [("refuses", "unavailable"), ("html", "unavailable"), ("hangs", "unavailable"), ("dies", "failed")],
)
def test_a_bad_target_is_a_result_with_its_reason_and_no_number(
    workspace: Workspace, context: Build, bad: Callable[[str], str], name: str, status: str
) -> None:
    row = target("there", bad(name))
    row["launch"] = row["launch"].replace("}", ', "timeout": 1.0}')
    workspace.tables["targets"] = [row]
    found = run(workspace, context)
    ended = found["benchmark_cells"]
    assert set(ended["status"]) == {status}
    assert ended["detail"].str.len_chars().min() > 0  # type: ignore[operator]
    rows = found["measurements"].filter(pl.col("phase") != "stack")
    failures = rows.filter(pl.col("value").is_not_null())
    assert set(failures["metric"]) == ({"failure_rate"} if status == "failed" else set())
    assert failures["value"].to_list() == [1.0] * failures.height
    rows = rows.filter(pl.col("value").is_null())
    assert rows["reason"].str.len_chars().min() > 0  # type: ignore[operator]
    assert found["prediction_ledger"].is_empty()


def test_one_bad_target_does_not_keep_another_from_being_measured(
    workspace: Workspace, context: Build
) -> None:
    with serve_reference() as reference:
        workspace.tables["targets"] = [
            target("absent", "http://127.0.0.1:9/v1"),
            target("there", reference.base_url),
            target("off", "http://127.0.0.1:9/v1", enabled=False),
        ]
        found = run(workspace, context)
    ended = found["benchmark_cells"]
    assert set(ended.filter(pl.col("option") == "absent")["status"]) == {"unavailable"}
    assert set(ended.filter(pl.col("option") == "there")["status"]) == {"measured"}
    assert "off" not in set(ended["option"])


def test_an_instrument_outside_its_bounds_makes_every_row_invalid(
    workspace: Workspace, context: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acceltrial.load import instrument

    real = instrument.judge

    def judge(*args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**real(*args, **kwargs), "valid": False, "reasons": ["send lag p99 of the run is 99 ms"]}

    monkeypatch.setattr("acceltrial.load.summary.judge", judge)
    with serve_reference() as reference:
        workspace.tables["targets"] = [target("there", reference.base_url)]
        found = run(workspace, context)
    rows = found["measurements"].filter(pl.col("phase").is_in(["replay", "synthetic"]))
    assert not rows["valid"].any()
    assert rows["reason"].str.contains("outside its bounds").all()
    assert "invalid" in set(found["benchmark_cells"]["status"])


def test_cells_follow_what_they_depend_on(workspace: Workspace) -> None:
    grid = STAGE.grid
    assert grid is not None
    workspace.tables["workloads"] += [
        workload("tuning", phase="training", kind="training", streaming=False),
        workload("other", model="another-model"),
    ]
    workspace.tables["profiles"] += [profile("tuning", kind="training", api="training")]
    workspace.tables["targets"] = [
        target("a-server", "http://127.0.0.1:9/v1"),
        target("trainer", kind="torch_training", api="training", precision="fp32", device="cpu"),
        target("vectors", kind="torch_embeddings", api="embeddings", device="cpu"),
    ]
    cells = grid.split(workspace.inputs(), PARAMS)
    assert [cell.key for cell in cells] == ["peak@cpu", "triage@a-server", "tuning@trainer", "predicted"]
    assert {cell.key: cell.device for cell in cells}["tuning@trainer"] == "cpu"
    assert cells[-1].max_age_h is None
    changed = grid.split(workspace.inputs(), PARAMS.model_copy(update={"training_steps": 9}))
    before, after = ({cell.key: cell.spec for cell in one} for one in (cells, changed))
    assert [key for key in before if before[key] != after[key]] == ["tuning@trainer"]
