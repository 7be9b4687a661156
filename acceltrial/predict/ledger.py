"""The ledger of predictions: what was predicted, what was measured later, and the error of each pair.

A folder with one immutable Parquet file for each set of predictions (named by its digest, so that the same
set is stored once) and `errors.jsonl`, to which pairs are only ever added. Every line carries a digest of
itself. A line that a crash cut short is dropped at the next addition; any other damage is refused.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from acceltrial.errors import DataContractError
from acceltrial.storage.atomic import replacing, storage_error

if TYPE_CHECKING:
    import polars as pl

THING = ("workload", "option", "model", "precision", "metric", "statistic", "conditions")
"""What makes two figures figures of the same thing; `conditions` says what was done to the input."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A prediction and a later measurement of the same thing.

    Attributes:
        family: of accelerators, whose track record it belongs to.
        low, high: of the 80 % interval as told; `widened` is the factor that the track record had put on it.
        predictor: where the prediction comes from, with the digest of what was fitted.
        predicted_on, measured_on: ISO instants. run: that measured.
    """

    workload: str
    option: str
    model: str
    precision: str
    metric: str
    statistic: str
    conditions: str
    family: str
    predicted: float
    low: float
    high: float
    widened: float
    measured: float
    predictor: str
    predicted_on: str
    measured_on: str
    run: str

    def __post_init__(self) -> None:
        for name in ("predicted", "low", "high", "measured", "widened"):
            value = getattr(self, name)
            if not (isinstance(value, int | float) and math.isfinite(value)):
                raise ValueError(f"{name} is {value!r}")
        if not self.low <= self.high or self.widened <= 0 or self.measured == 0:
            raise ValueError("the interval is not ordered, is widened by nothing, or zero was measured")
        for name in ("predicted_on", "measured_on"):
            if datetime.fromisoformat(getattr(self, name)).tzinfo is None:
                raise ValueError(f"{name} has no time zone")

    @property
    def thing(self) -> tuple[str, ...]:
        """What both figures are of."""
        return tuple(getattr(self, name) for name in THING)

    @property
    def identity(self) -> tuple[str, ...]:
        """The measurement and the predictor that met: the same pair is stored once."""
        return (*self.thing, self.predictor, self.measured_on, self.run)

    @property
    def error_share(self) -> float:
        """(predicted - measured) ÷ measured."""
        return (self.predicted - self.measured) / self.measured

    @property
    def covered(self) -> bool:
        """Whether the measurement lies in the interval."""
        return self.low <= self.measured <= self.high


_FIELDS = tuple(field.name for field in fields(Pair))


def errors_of(folder: Path) -> Path:
    """The file of pairs in a ledger's folder."""
    return folder / "errors.jsonl"


def read_pairs(folder: Path, *, before: datetime | None = None) -> list[Pair]:
    """The pairs in order, those measured before an instant; a last line that a crash cut short is left out.

    Raises:
        StorageError: the file cannot be read.
        DataContractError: names the line that is damaged, stored twice, or contradicts another one.
    """
    return [pair for pair in _checked(folder) if before is None or _measured(pair) < before]


def add_pairs(folder: Path, pairs: Iterable[Pair]) -> int:
    """Adds pairs that are not there yet; how many these were. The file is replaced whole or not at all.

    Raises:
        StorageError: it cannot be written.
        DataContractError: the ledger is damaged, or knows another value of the same measurement.
    """
    known = {pair.identity: pair for pair in _checked(folder)}
    fresh: dict[tuple[str, ...], Pair] = {}
    for pair in pairs:
        other = known.get(pair.identity) or fresh.get(pair.identity)
        if other is None:
            fresh[pair.identity] = pair
        elif other.measured != pair.measured:
            raise _damaged(
                f"{pair.metric} {pair.statistic} of {pair.option} on {pair.workload} was measured as"
                f" {other.measured:g} and as {pair.measured:g} in the same run",
                errors_of(folder),
                "find out which source is right; a new measurement needs its own run or date",
            )
    if fresh:
        _write(errors_of(folder), [*known.values(), *fresh.values()])
    return len(fresh)


def store_predictions(folder: Path, predictions: pl.DataFrame, *, now: datetime) -> Path:
    """Stores a set of predictions; where the same set is there already, nothing is written.

    Raises:
        StorageError: it cannot be written.
    """
    told = predictions.drop("date", "run", strict=False)
    stem = hashlib.sha256(told.sort(told.columns).write_csv().encode()).hexdigest()[:16]
    inside = folder / "predictions"
    there = sorted(inside.glob(f"*-{stem}.parquet"))
    if there:
        return there[0]
    path = inside / f"{now:%Y%m%dT%H%M%S}-{stem}.parquet"
    with replacing(path) as temporary:
        predictions.write_parquet(temporary, compression="zstd")
    return path


def stored_predictions(folder: Path, options: Sequence[str], *, before: datetime) -> pl.DataFrame:
    """Stored predictions of some options, of each thing the latest; empty where there is none.

    Raises:
        DataContractError: a stored set is damaged.
    """
    import polars as pl

    frames = []
    for path in sorted((folder / "predictions").glob("*.parquet")):
        try:
            frame = pl.read_parquet(path).filter(pl.col("option").is_in(list(options)))
            frames.append(frame.filter(pl.col("date") < before))
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _damaged(
                f"not a set of predictions ({' '.join(str(error).split())[:120]})",
                path,
                "restore the file from a copy, or remove it: its predictions are then forgotten",
            ) from error
    if not frames:
        return pl.DataFrame()
    return pl.concat(frames, how="diagonal").sort("date").unique(THING, keep="last", maintain_order=True)


def _checked(folder: Path) -> list[Pair]:
    path = errors_of(folder)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise storage_error(error, path) from error
    lines = raw.split(b"\n")
    # What follows the last line end is what a crash left of an addition.
    seen: dict[tuple[str, ...], tuple[int, Pair]] = {}
    pairs = []
    for number, line in enumerate(lines[:-1], start=1):
        pair = _pair(line, f"{path}: line {number}")
        if pair.identity in seen:
            first, other = seen[pair.identity]
            what = "repeats" if other == pair else "contradicts"
            raise _damaged(
                f"line {number} {what} line {first}", path, f"remove one of the two lines of {path}"
            )
        seen[pair.identity] = (number, pair)
        pairs.append(pair)
    return pairs


def _pair(line: bytes, where: str) -> Pair:
    try:
        document = orjson.loads(line)
        digest = document.pop("digest")
        if digest != _digest(document):
            raise ValueError("its digest does not match")
        return Pair(**document)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(
            f"not a pair of the ledger ({' '.join(str(error).split())[:120]})",
            where,
            "restore the file from a copy, or remove the line: its pair is then forgotten",
        ) from error


def _write(path: Path, pairs: Sequence[Pair]) -> None:
    lines = []
    for pair in pairs:
        document = asdict(pair)
        lines.append(orjson.dumps(document | {"digest": _digest(document)}, option=orjson.OPT_SORT_KEYS))
    with replacing(path) as temporary:
        temporary.write_bytes(b"\n".join(lines) + b"\n")


def _digest(document: dict[str, Any]) -> str:
    raw = orjson.dumps({name: document[name] for name in _FIELDS}, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(raw).hexdigest()[:16]


def _measured(pair: Pair) -> datetime:
    return datetime.fromisoformat(pair.measured_on)


def _damaged(what: str, where: Path | str, remedy: str) -> DataContractError:
    return DataContractError(what, where=str(where), remedy=remedy)
