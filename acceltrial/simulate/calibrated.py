"""The file of a calibrated server, as JSON that `simulate --calibration` reads."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from acceltrial.errors import AcceltrialError, DataContractError
from acceltrial.simulate.calibration import Calibration
from acceltrial.simulate.configuration import StepTimes
from acceltrial.storage.atomic import storage_error, write_bytes

FORMAT = 1


@dataclass(frozen=True)
class CalibratedServer:
    """A calibration and where it comes from."""

    calibration: Calibration
    model: str
    measured_on: str
    records_digest: str
    machine: str = ""

    @property
    def source(self) -> str:
        """What a report says of a figure from it."""
        fitted = self.calibration
        return (
            f"simulator calibrated on {fitted.requests} requests of {self.measured_on[:10]}"
            f" ({self.records_digest[:12]}), at most {fitted.most_streams} together"
        )


def write_calibrated(path: Path, server: CalibratedServer) -> None:
    """Writes the file atomically. Raises StorageError."""
    document = {"format": FORMAT, **asdict(server)}
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    write_bytes(path, orjson.dumps(document, option=options) + b"\n")


def read_calibrated(path: Path) -> CalibratedServer:
    """The server in a file of `acceltrial calibrate`.

    Raises:
        StorageError: it cannot be read.
        DataContractError: it is not such a file, of another format, or a figure is impossible.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise storage_error(error, path) from error
    try:
        return _server(orjson.loads(raw))
    except (ValueError, TypeError, KeyError, AttributeError, AcceltrialError) as error:
        what = f"{error.what}" if isinstance(error, AcceltrialError) else " ".join(str(error).split())
        raise DataContractError(
            f"not a calibration of format {FORMAT} ({what})",
            where=str(path),
            remedy="make one with `acceltrial calibrate`",
        ) from error


def _server(document: dict[str, Any]) -> CalibratedServer:
    if document.pop("format", None) != FORMAT:
        raise ValueError("the format is not named")
    fitted = dict(document.pop("calibration"))
    fitted["steps"] = StepTimes(**fitted["steps"])
    calibration = Calibration(**fitted)
    if not (math.isfinite(calibration.step_factor) and calibration.step_factor >= 1):
        raise ValueError(f"step_factor {calibration.step_factor}")
    calibration.server()
    datetime.fromisoformat(document["measured_on"])
    return CalibratedServer(calibration, **document)
