from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from acceltrial.errors import DataContractError, StorageError
from acceltrial.simulate import StepTimes
from acceltrial.simulate.calibrated import CalibratedServer, read_calibrated, write_calibrated
from acceltrial.simulate.calibration import Calibration
from acceltrial.simulate.subject import calibrated_subject

ERRORS = {"ttft": {"p50": 0.1, "p95": 0.1}, "e2e": {"p50": 0.1, "p95": 0.1}}
STEPS = StepTimes(shared=0.02, cache=0.0, token=1e-3, decode_factors=(1.0, 0.9))
SERVER = CalibratedServer(
    Calibration(STEPS, 4, 2048, 4, 1.2, ERRORS, 60), "m", "2026-11-22T00:00:00+00:00", "ab" * 32
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "server.json"
    write_calibrated(path, SERVER)
    found = read_calibrated(path)
    assert found.calibration.steps.shared == 0.02
    assert tuple(found.calibration.steps.decode_factors) == (1.0, 0.9)
    assert found.source == SERVER.source
    subject = calibrated_subject(found)
    assert subject.server().max_sequences == 4
    assert subject.server(max_sequences=9, router=None).max_sequences == 9


@pytest.mark.parametrize(
    "change",
    [
        {"format": 9},
        {"measured_on": "yesterday"},
        {"calibration": {}},
        {"unknown": 1},
        {"calibration": {"steps": {"shared": -1.0}}},
        {"calibration": {"step_factor": 0.5}},
        {"calibration": {"max_sequences": 0}},
    ],
)
def test_what_is_no_calibration_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "server.json"
    write_calibrated(path, SERVER)
    document = orjson.loads(path.read_bytes())
    for key, value in change.items():
        if isinstance(value, dict) and value:
            for name, own in value.items():
                part = document[key]
                part[name] = part[name] | own if isinstance(own, dict) else own
        else:
            document[key] = value
    path.write_bytes(orjson.dumps(document))
    with pytest.raises(DataContractError, match="not a calibration"):
        read_calibrated(path)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        read_calibrated(tmp_path / "absent.json")
    for raw in (b"", b"[1]", b"\xff", b"null"):
        (tmp_path / "bad.json").write_bytes(raw)
        with pytest.raises(DataContractError, match="not a calibration"):
            read_calibrated(tmp_path / "bad.json")
