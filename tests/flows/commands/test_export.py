"""The placements of a finished evaluation leave as files."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from acceltrial.cli import run
from acceltrial.storage.tables import write_table
from flows.commands.export import sources
from schemas.base import empty
from tests.acceltrial.placement.test_assembly import ROWS


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The tables that the export reads, with one workload placed and one not."""
    (tmp_path / "data/portfolio").mkdir(parents=True)
    (tmp_path / "params.yaml").write_text("{}\n")
    for name, artifact in sources().items():
        rows = ROWS[name]
        schema = empty(artifact.schema).schema
        frame = pl.DataFrame([{c: r.get(c) for c in schema} for r in rows], schema=schema) if rows else None
        path = tmp_path / artifact.path
        write_table(path, empty(artifact.schema) if frame is None else frame)
    return tmp_path


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows hold what the export reads and leave the rest of each table empty."""
    monkeypatch.setattr("stages.contract.check_table", lambda _schema, frame, _where: frame)


def test_all_formats_are_written(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = workspace / "export"
    assert run(["export", "--out", str(out), "--workspace", str(workspace), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["placements"] == ["chat"]
    assert {Path(path).relative_to(out).parts[0] for path in report["files"]} == {
        "haproxy", "litellm", "kserve", "httproute", "sagemaker", "skypilot",
    }  # fmt: skip
    assert all(Path(path).is_file() for path in report["files"])
    assert {gap["workload"] for gap in report["gaps"]} == {"chat", "fraud", "tune"}


def test_given_addresses_are_used(workspace: Path) -> None:
    addresses = workspace / "endpoints.yaml"
    addresses.write_text(
        "chat: {inferentia2-x2-bf16: [{url: 'http://10.0.0.1:8000/v1', max_connections: 7}]}\n"
    )
    arguments = ["--out", str(workspace / "o"), "--workspace", str(workspace), "--endpoints", str(addresses)]
    assert run(["export", "--format", "haproxy", *arguments]) == 0
    assert "10.0.0.1:8000 weight 100 maxconn 7" in (workspace / "o/haproxy/haproxy.cfg").read_text()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--format", "envoy"], 2), (["--workload", "nobody"], 2), (["--domain", "a b"], 2), (["--strict"], 4),
     (["--first-port", "99999"], 2), (["--endpoints", "absent.yaml"], 1)],
)  # fmt: skip
def test_wrong_requests_end_with_their_code(workspace: Path, arguments: list[str], code: int) -> None:
    base = ["export", "--out", str(workspace / "o"), "--workspace", str(workspace)]
    assert run([*base, *arguments]) == code
    assert (workspace / "o").exists() == (code == 4)


def test_an_unfinished_evaluation_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data/portfolio").mkdir(parents=True)
    (tmp_path / "params.yaml").write_text("{}\n")
    assert run(["export", "--out", str(tmp_path / "o"), "--workspace", str(tmp_path)]) == 1
    assert "run the stage" in capsys.readouterr().err
