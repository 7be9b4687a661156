"""The requests of a trace as the simulator's arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from acceltrial.errors import ConfigurationError, DataContractError

if TYPE_CHECKING:
    import polars as pl

Array = np.ndarray[Any, Any]
FASTEST, SLOWEST = 1e6, 1e-6


@dataclass(frozen=True)
class Load:
    """Requests in order of arrival: seconds, tokens, and what their prefix is cached under (-1: nothing).

    `priority` 0 goes before 1. `keys` is how many different prefixes there are.
    """

    arrival: Array
    inputs: Array
    outputs: Array
    key: Array
    prefix: Array
    priority: Array
    keys: int

    def __len__(self) -> int:
        return len(self.arrival)

    @classmethod
    def of(
        cls,
        arrival: Array,
        inputs: Array,
        outputs: Array,
        *,
        key: Array | None = None,
        prefix: Array | None = None,
        priority: Array | None = None,
    ) -> Load:
        """A load from bare arrays; empty prompts and answers count as one token.

        Raises:
            DataContractError: arrivals that are not finite, negative or out of order; more than 2^30 tokens.
        """
        count = len(arrival)
        at = np.ascontiguousarray(arrival, dtype=np.float64)
        if not np.isfinite(at).all() or (count and (at[0] < 0 or (np.diff(at) < 0).any())):
            raise _bad("arrivals must be finite, not negative and in order", "sort the trace")
        for name, tokens in (("input", inputs), ("output", outputs)):
            if len(tokens) != count or (count and not (tokens.min() >= 0 and tokens.max() < 1 << 30)):
                raise _bad(f"{name} tokens must be from 0 to 2^30, one a request", "correct the trace")
        own = np.full(count, -1) if key is None else key
        return cls(
            at,
            np.maximum(inputs, 1).astype(np.int32),
            np.maximum(outputs, 1).astype(np.int32),
            own.astype(np.int32),
            (np.zeros(count) if prefix is None else prefix).astype(np.int32),
            (np.ones(count) if priority is None else priority).astype(np.int8),
            int(own.max(initial=-1)) + 1,
        )


def load_of(
    batches: Iterable[pl.DataFrame], *, rate_scale: float = 1.0, first_clients: Sequence[str] = ()
) -> Load:
    """The load in a trace's canonical batches, arriving `rate_scale` times as fast.

    A prefix is cached under the request's session; without one under its client, and without either all
    share one. Later turns of a session whose prefix is not stated may reuse their whole prompt.

    Args:
        batches: from `acceltrial.traces.open_trace`.
        rate_scale: 2 halves the time between arrivals.
        first_clients: whose requests go before all others.

    Raises:
        ConfigurationError: a scale out of range, or clients that the trace lacks.
        DataContractError: no requests, or a request whose tokens are not known.
    """
    import polars as pl

    if not (np.isfinite(rate_scale) and SLOWEST <= rate_scale <= FASTEST):
        raise ConfigurationError(
            f"the rate scale must be from {SLOWEST:g} to {FASTEST:g}, not {rate_scale}",
            where="--rate-scale",
            remedy="1 keeps the trace's own rate",
        )
    frames = list(batches)
    trace = pl.concat(frames) if frames else None
    if trace is None or trace.is_empty():
        raise _bad("the trace holds no request", "give a trace with at least one")
    for column in ("input_tokens", "output_tokens"):
        unknown = trace[column].is_null()
        if unknown.any():
            row = int(unknown.arg_max() or 0) + 1
            raise _bad(
                f"{column} of request {row} is not known", "simulate a trace with lengths, or generate one"
            )
    key = pl.coalesce("session", "client", pl.lit("")).rank("dense").cast(pl.Int64) - 1
    turns = pl.col("session").is_not_null() & (pl.col("turn").fill_null(1) > 0)
    reused = pl.coalesce("prefix_tokens", pl.when(turns).then("input_tokens").otherwise(0))
    arrays = trace.select(key=key, prefix=pl.min_horizontal(reused, "input_tokens"))
    return Load.of(
        trace["arrival_s"].to_numpy() / rate_scale,
        trace["input_tokens"].to_numpy(),
        trace["output_tokens"].to_numpy(),
        key=arrays["key"].to_numpy(),
        prefix=arrays["prefix"].to_numpy(),
        priority=_priorities(trace, first_clients),
    )


def _priorities(trace: pl.DataFrame, first_clients: Sequence[str]) -> Array:
    missing = sorted(set(first_clients) - set(trace["client"].drop_nulls().unique()))
    if missing:
        raise ConfigurationError(
            f"no request is of client {missing[0][:60]!r}",
            where="--first-clients",
            remedy="name clients of the trace",
        )
    first = trace["client"].is_in(list(first_clients)).fill_null(value=False)
    return np.asarray(1 - first.to_numpy().astype(np.int8))


def _bad(what: str, remedy: str) -> DataContractError:
    return DataContractError(what, where="trace", remedy=remedy)
