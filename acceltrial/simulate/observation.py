"""What was seen of a real server under load, as arrays that a simulation can be held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from acceltrial.errors import DataContractError

if TYPE_CHECKING:
    import polars as pl

Array = np.ndarray[Any, Any]

LEAST_GAPS = 3
COLUMNS = ("sent_s", "first_token_s", "last_s", "input_tokens", "output_tokens", "error_class")


class Pace(NamedTuple):
    """Mean time between tokens, mean context of all sequences together in tokens, and how many were seen."""

    seconds: float
    context: float
    gaps: int


@dataclass(frozen=True)
class Phase:
    """Answered requests of one load run in order of sending: seconds and tokens.

    Attributes:
        gap_s: each request's mean time between tokens; NaN with fewer than two.
        streams: most requests that were decoded at one instant.
        paces: by the number of requests that were decoded together while nothing else was asked for.
    """

    sent_s: Array
    ttft_s: Array
    e2e_s: Array
    gap_s: Array
    inputs: Array
    outputs: Array
    streams: int
    paces: Mapping[int, Pace] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.sent_s)

    def as_json(self) -> dict[str, Any]:
        """The phase as plain JSON; `Phase.from_json` reads it."""
        columns = {name: getattr(self, name).tolist() for name in _ARRAYS}
        columns["gap_s"] = [None if np.isnan(gap) else gap for gap in columns["gap_s"]]
        return {**columns, "streams": self.streams, "paces": [[b, *pace] for b, pace in self.paces.items()]}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Phase:
        """The phase that `as_json` wrote."""
        columns = {name: np.array(found[name], dtype=float) for name in _ARRAYS}
        paces = {int(batch): Pace(*pace) for batch, *pace in found["paces"]}
        return cls(**columns, streams=found["streams"], paces=paces)


_ARRAYS = ("sent_s", "ttft_s", "e2e_s", "gap_s", "inputs", "outputs")


def phase_of(records: pl.DataFrame, name: str) -> Phase:
    """The answered requests of a run's records. Failed ones are left out.

    Raises:
        DataContractError: columns are missing, or no request was streamed to its end with known lengths.
    """
    import polars as pl

    missing = [column for column in COLUMNS if column not in records.columns]
    if missing:
        raise DataContractError(
            f"no column {', '.join(missing)}", where=name, remedy="give the records of a load run"
        )
    known = records.filter(
        pl.col("error_class").is_null()
        & pl.all_horizontal(pl.col(*COLUMNS[:5]).is_not_null())
        & (pl.col("input_tokens") > 0)
        & (pl.col("output_tokens") > 0)
    ).sort("sent_s")
    if known.is_empty():
        raise DataContractError(
            f"none of {len(records)} requests was answered token by token with known lengths",
            where=name,
            remedy="check the server's answers: streaming and usage are needed",
        )
    sent = known["sent_s"].to_numpy()
    first, last = known["first_token_s"].to_numpy(), known["last_s"].to_numpy()
    outputs = known["output_tokens"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.where(outputs > 1, (last - first) / (outputs - 1), np.nan)
    return Phase(
        sent,
        first - sent,
        last - sent,
        gap,
        known["input_tokens"].to_numpy(),
        outputs,
        most_together(first[outputs > 1], last[outputs > 1]),
        _paces(known) if "token_times_s" in known.columns else {},
    )


def most_together(starts: Array, ends: Array) -> int:
    """The most intervals that share an instant; one that begins as another ends does not meet it."""
    if not len(starts):
        return 1
    at = np.concatenate([ends, starts])
    change = np.concatenate([-np.ones(len(ends), dtype=int), np.ones(len(starts), dtype=int)])
    return max(int(np.cumsum(change[np.argsort(at, kind="stable")]).max()), 1)


def _paces(known: pl.DataFrame) -> dict[int, Pace]:
    """Gaps in whose middle every request that had been sent was being decoded: pure decode steps."""
    ends = np.sort(known["last_s"].to_numpy())
    arrays = {name: np.sort(known[name].to_numpy()) for name in ("sent_s", "first_token_s")}
    middles, gaps, contexts = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)]
    for times, inputs, outputs in known.select("token_times_s", "input_tokens", "output_tokens").iter_rows():
        if times is None or len(times) != outputs:
            continue  # chunks of several tokens: their gaps are not steps
        at = np.asarray(times)
        middles.append((at[1:] + at[:-1]) / 2)
        gaps.append(np.diff(at))
        contexts.append(inputs + 1.0 + np.arange(len(at) - 1))
    middle, gap, context = (np.concatenate(parts) for parts in (middles, gaps, contexts))
    ended = np.searchsorted(ends, middle)
    sent, decoded = (np.searchsorted(times, middle) - ended for times in arrays.values())
    found = {}
    for batch in np.unique(decoded[sent == decoded]):
        own = (sent == decoded) & (decoded == batch)
        typical = float(np.median(gap[own]))
        own &= (gap > typical / 2) & (gap < typical * 2)
        if own.sum() >= LEAST_GAPS:
            found[int(batch)] = Pace(
                float(gap[own].mean()), float(batch * context[own].mean()), int(own.sum())
            )
    return found


def joined_paces(phases: Iterable[Phase]) -> dict[int, Pace]:
    """The paces of several phases, each weighed by its gaps."""
    seen: dict[int, list[Pace]] = {}
    for phase in phases:
        for batch, pace in phase.paces.items():
            seen.setdefault(batch, []).append(pace)
    return {batch: _mean_pace(own) for batch, own in sorted(seen.items())}


def _mean_pace(paces: list[Pace]) -> Pace:
    weights = np.array([pace.gaps for pace in paces], dtype=float)
    seconds, context = (
        float(np.average([pace[place] for pace in paces], weights=weights)) for place in range(2)
    )
    return Pace(seconds, context, int(weights.sum()))


def percentile_errors(simulated: Array, measured: Array) -> dict[str, float]:
    """Relative errors (simulated ÷ measured - 1) of the 50th and 95th percentile."""
    return {
        name: float(np.quantile(simulated, share) / np.quantile(measured, share) - 1.0)
        for name, share in (("p50", 0.5), ("p95", 0.95))
    }
