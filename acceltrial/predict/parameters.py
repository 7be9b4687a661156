"""What was fitted: achievable shares of the peaks, and the overheads that no roofline knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from acceltrial.errors import ConfigurationError, DataContractError

DEFAULT_PATH = Path(__file__).with_name("fitted.json")
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Rates:
    """How a family uses its peaks, and what a step costs beside them.

    Attributes:
        memory: share of the peak memory bandwidth that a decode step reaches.
        compute: share of the peak matrix rate that a prefill reaches.
        us_per_sequence: microseconds a decode step spends on each sequence (sampling, scheduling).
        us_per_layer: microseconds a step spends on each layer beside reading and computing.
        us_per_layer_link: further microseconds a layer for each doubling of the devices.
    """

    memory: float
    compute: float
    us_per_sequence: float
    us_per_layer: float
    us_per_layer_link: float


@dataclass(frozen=True, slots=True)
class Band:
    """Quantiles of log(measured ÷ predicted) on rows that were held out: they make the interval."""

    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """Fitted rates by family, the pooled ones for families never seen, and the error bands.

    Attributes:
        bands: by metric kind and by whether the family was seen, e.g. ("tpot", True).
        version, digest, date: which predictor, fitted on which bytes, when.
    """

    pooled: Rates
    families: Mapping[str, Rates]
    shared: Mapping[str, float]
    bands: Mapping[str, Band]
    version: str
    digest: str
    date: str
    report: Mapping[str, Any] = field(default_factory=dict)

    def rates(self, family: str) -> Rates:
        """The family's own rates, or the pooled ones."""
        return self.families.get(family, self.pooled)

    def seen(self, family: str) -> bool:
        """Whether rows of the family were fitted."""
        return family in self.families

    def band(self, kind: str, family: str) -> Band:
        """The error band of a metric kind for the family: its own, that of seen families, or of unseen ones."""
        if not self.seen(family):
            return self.bands[f"{kind}|unseen"]
        return self.bands.get(f"{kind}|{family}", self.bands[f"{kind}|seen"])

    @property
    def source(self) -> str:
        """How a figure names the predictor."""
        return f"acceltrial step-time model {self.version}, fitted {self.date} on data {self.digest[:12]}"

    def to_json(self) -> bytes:
        """The artifact's bytes: sorted keys, so that equal fits have equal digests."""
        body = {
            "format": FORMAT,
            "version": self.version,
            "digest": self.digest,
            "date": self.date,
            "pooled": _plain(self.pooled),
            "families": {name: _plain(rates) for name, rates in self.families.items()},
            "shared": dict(self.shared),
            "bands": {name: _plain(band) for name, band in self.bands.items()},
            "report": dict(self.report),
        }
        return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def load_parameters(path: Path | None = None) -> Parameters:
    """The parameters at `path`, or those that ship with the library.

    Raises:
        ConfigurationError: no such file.
        DataContractError: not a parameters file, or of another format.
    """
    source = path or DEFAULT_PATH
    try:
        body = orjson.loads(source.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            "the predictor's parameters cannot be read", where=str(source), remedy="run acceltrial fit"
        ) from error
    except orjson.JSONDecodeError as error:
        raise DataContractError(
            f"not JSON ({error})", where=str(source), remedy="run acceltrial fit again"
        ) from error
    try:
        if body["format"] != FORMAT:
            raise ValueError(f"format {body['format']}, not {FORMAT}")
        return Parameters(
            pooled=Rates(**body["pooled"]),
            families={name: Rates(**rates) for name, rates in body["families"].items()},
            shared=body["shared"],
            bands={name: Band(**band) for name, band in body["bands"].items()},
            version=body["version"],
            digest=body["digest"],
            date=body["date"],
            report=body["report"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataContractError(
            f"not a parameters file ({error})", where=str(source), remedy="run acceltrial fit again"
        ) from error


def _plain(value: Rates | Band) -> dict[str, float]:
    return {name: getattr(value, name) for name in value.__slots__}
