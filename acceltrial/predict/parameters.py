"""The predictor's artifact: what was fitted, on which bytes, with which errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.predict.case import UNSWITCHED, UNSWITCHED_FAMILIES, Kind
from acceltrial.predict.engines import ENGINES
from acceltrial.predict.kriging import START, Points, Surface
from acceltrial.predict.physics import Physical
from acceltrial.storage.atomic import write_bytes

DEFAULT_PATH = Path(__file__).with_name("fitted.json")
FORMAT = 4
MODEL_VERSION = "4"
LEVEL = 0.8
WITHOUT_EVIDENCE = 2.5
"""Widening where no row was held out to tell."""
NORMAL_80 = 1.2815515655446004
"""The standard normal's 90th percentile: an interval of ±this many deviations covers 80 %."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How far a device's peaks are used, and what a step costs beside them (see `Physical`)."""

    memory: float
    compute: float
    us_per_sequence: float
    us_per_layer: float
    us_per_layer_link: float


@dataclass(frozen=True)
class Parameters:
    """Everything that a prediction needs.

    Attributes:
        physical: figures shared by all families.
        surface: residuals by family and configuration.
        widening: by "metric|family", "metric|seen", "metric|sibling" and "metric|unseen", what the deviation
            is multiplied with so that held-out rows are covered as often as stated.
        digest: SHA-256 of the data. date: of the fit.
        report: errors on held-out rows.
    """

    physical: Physical
    surface: Surface
    widening: Mapping[str, float]
    digest: str
    date: str
    version: str = MODEL_VERSION
    report: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def families(self) -> frozenset[str]:
        """Families with fitted rows."""
        return frozenset(self.surface.at.family.tolist())

    def seen(self, family: str) -> bool:
        """Whether rows of the family were fitted."""
        return family in self.families

    def rates(self, family: str) -> Rates:
        """The shared rates of the step-time model, slowed or sped by the family's mean residual.

        The mean is drawn to zero as if ten neutral rows stood beside the family's own.
        """
        own = self.surface.residuals[self.surface.at.family == family]
        slower = float(np.exp(np.clip(own, -1.2, 1.2).sum() / (len(own) + 10.0)))
        dearer = UNSWITCHED if family.startswith(UNSWITCHED_FAMILIES) else 1.0
        return Rates(
            memory=self.physical.memory / slower,
            compute=self.physical.compute / slower,
            us_per_sequence=self.physical.us_sequence * slower,
            us_per_layer=self.physical.us_layer * slower,
            us_per_layer_link=self.physical.us_link * dearer * slower,
        )

    @cached_property
    def accelerators(self) -> frozenset[str]:
        """Devices with fitted rows."""
        return frozenset(self.surface.at.accelerator.tolist())

    def widen(self, kind: Kind, family: str, accelerator: str = "") -> float:
        """Factor on the deviation for a metric kind and device; without a name, one of the family's own."""
        like = "throughput" if kind == "e2e" else kind
        names: tuple[str, ...] = (f"{like}|{family}", f"{like}|seen")
        if not self.seen(family):
            names = (f"{like}|unseen",)
        elif accelerator and accelerator not in self.accelerators:
            names = (f"{like}|sibling",)
        found = (self.widening[name] for name in names if name in self.widening)
        return float(next(found, WITHOUT_EVIDENCE))

    @property
    def source(self) -> str:
        """How a figure names the predictor."""
        return f"acceltrial step-time model {self.version}, fitted {self.date} on data {self.digest[:12]}"

    def save(self, path: Path) -> None:
        """Writes the artifact atomically. Raises StorageError."""
        write_bytes(path, self.to_json())

    def to_json(self) -> bytes:
        """The artifact's bytes: sorted keys, so that equal fits have equal digests."""
        at = self.surface.at
        body = {
            "format": FORMAT,
            "version": self.version,
            "digest": self.digest,
            "date": self.date,
            "physical": {name: getattr(self.physical, name) for name in Physical.names()},
            "covariance": self.surface.log_parameters.tolist(),
            "points": [
                [
                    *np.round(features, 6).tolist(),
                    family,
                    device,
                    engine,
                    metric,
                    scenario,
                    int(beside),
                    round(residual, 6),
                ]
                for features, family, device, engine, metric, scenario, beside, residual in zip(
                    at.features,
                    at.family.tolist(),
                    at.accelerator.tolist(),
                    _engine_names(at),
                    at.metric.tolist(),
                    at.scenario.tolist(),
                    at.beside.tolist(),
                    self.surface.residuals.tolist(),
                    strict=True,
                )
            ],
            "widening": dict(self.widening),
            "report": dict(self.report),
        }
        return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


@lru_cache(maxsize=8)
def _shipped() -> Parameters:
    return _read(DEFAULT_PATH)


def load_parameters(path: Path | None = None) -> Parameters:
    """The parameters at `path`, or those that ship with the library.

    Raises:
        ConfigurationError: no such file.
        DataContractError: not a parameters file, or of another format.
    """
    return _shipped() if path is None else _read(path)


def _read(path: Path) -> Parameters:
    try:
        body = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            "the predictor's parameters cannot be read", where=str(path), remedy="run acceltrial fit"
        ) from error
    except orjson.JSONDecodeError as error:
        raise DataContractError(
            f"not JSON ({error})", where=str(path), remedy="run acceltrial fit again"
        ) from error
    try:
        return _parse(body)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DataContractError(
            f"not a parameters file of format {FORMAT} ({error})",
            where=str(path),
            remedy="run acceltrial fit again",
        ) from error


def _engine_names(at: Points) -> list[str]:
    return [ENGINES[int(row.argmax())] if row.any() else "" for row in at.engines]


def _parse(body: dict[str, Any]) -> Parameters:
    if body["format"] != FORMAT:
        raise ValueError(f"its format is {body['format']}")
    rows = body["points"]
    figures = np.array([row[:6] for row in rows], dtype=float).reshape(len(rows), 6)
    residuals = np.array([row[12] for row in rows], dtype=float)
    covariance = np.array(body["covariance"], dtype=float)
    physical = Physical(**body["physical"])
    if covariance.shape != START.shape or not all(
        np.isfinite(values).all() for values in (figures, residuals, covariance, physical.logs())
    ):
        raise ValueError("its figures are not all finite")
    at = Points(
        figures,
        np.array([str(row[6]) for row in rows], dtype=np.str_),
        np.array([str(row[7]) for row in rows], dtype=np.str_),
        np.array([[float(row[8] == name) for name in ENGINES] for row in rows]).reshape(
            len(rows), len(ENGINES)
        ),
        np.array([int(row[9]) for row in rows], dtype=np.int64),
        np.array([int(row[10]) for row in rows], dtype=np.int64),
        np.array([bool(row[11]) for row in rows], dtype=bool),
    )
    return Parameters(
        physical=physical,
        surface=Surface(covariance, at, residuals),
        widening={str(name): float(value) for name, value in body["widening"].items()},
        digest=str(body["digest"]),
        date=str(body["date"]),
        version=str(body["version"]),
        report=body["report"],
    )
