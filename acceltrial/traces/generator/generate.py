"""A spec and a seed to a trace."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from acceltrial.traces.columns import CANONICAL
from acceltrial.traces.generator.arrivals import Arrivals, draw_arrivals
from acceltrial.traces.generator.fitting import Fit, fit
from acceltrial.traces.generator.lengths import length_at
from acceltrial.traces.generator.paths import Noise
from acceltrial.traces.generator.sessions import assign_sessions
from acceltrial.traces.generator.spec import GeneratorSpec


def generate(
    spec: GeneratorSpec, seed: int, duration_s: float | None = None, fitted: Fit | None = None
) -> pl.DataFrame:
    """A trace with the canonical columns, in order of arrival from the start of the clock at 0.

    The same spec, seed and duration give the same rows. A trace of at most some 40,000 requests meets the
    spec's figures itself; a longer one meets them in its first part and on average beyond.

    Args:
        spec: what is asked for.
        seed: of everything that is drawn.
        duration_s: in place of the spec's.
        fitted: a fit to use again, so that it is not repeated.
    """
    if duration_s is not None:
        spec = spec.model_copy(update={"duration_s": duration_s})
    found = fitted or fit(spec, seed)
    arrivals = draw_arrivals(Noise(spec, spec.duration_s, seed), found.shape)
    return _with_contents(spec, arrivals, seed)


def _with_contents(spec: GeneratorSpec, arrivals: Arrivals, seed: int) -> pl.DataFrame:
    random = np.random.default_rng([seed, 6])
    n = arrivals.times_s.size
    inputs, outputs = _lengths(spec, arrivals, random)
    columns: dict[str, pl.Series | NDArray[np.float64] | None] = {"arrival_s": arrivals.times_s}
    columns["input_tokens"] = None if inputs is None else pl.Series(inputs)
    columns["output_tokens"] = None if outputs is None else pl.Series(outputs)
    columns["client"] = _labels("c", arrivals.client)
    if inputs is not None:
        prefix = np.minimum(inputs, spec.shared_prefix_tokens)
        if spec.sessions is not None and n:
            sessions = assign_sessions(
                arrivals.times_s, arrivals.client, inputs, outputs, spec.sessions, random
            )
            prefix = np.maximum(prefix, sessions.context_tokens)
            columns["session"] = _labels("s", sessions.number)
            columns["turn"] = pl.Series(sessions.turn)
        columns["prefix_tokens"] = pl.Series(prefix)
    empty = pl.Series([None]).new_from_index(0, n) if n else pl.Series([])
    return pl.DataFrame(
        [
            pl.Series(name, empty if columns.get(name) is None else columns[name]).cast(dtype)
            for name, dtype in CANONICAL.items()
        ]
    )


def _lengths(
    spec: GeneratorSpec, arrivals: Arrivals, random: np.random.Generator
) -> tuple[NDArray[np.int32] | None, NDArray[np.int32] | None]:
    """Lengths whose quantiles are the spec's, correlated, with clients that differ from one another."""
    n = arrivals.times_s.size
    own = random.standard_normal((2, spec.clients))
    first, second = random.standard_normal(n), random.standard_normal(n)
    rho, share = spec.length_correlation, spec.client_length_share if spec.clients > 1 else 0.0
    within = (first, rho * first + np.sqrt(1 - rho * rho) * second)
    found: list[NDArray[np.int32] | None] = []
    for index, lengths in enumerate((spec.input_tokens, spec.output_tokens)):
        if lengths is None:
            found.append(None)
            continue
        score = np.sqrt(1 - share) * within[index] + np.sqrt(share) * own[index][arrivals.client]
        found.append(length_at(lengths, _normal_ranks(score)))
    return found[0], found[1]


def _normal_ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores replaced by evenly spread normal scores in the same order: quantiles are met exactly."""
    from scipy.special import ndtri

    ranks = np.empty(scores.size)
    ranks[np.argsort(scores, kind="stable")] = np.arange(scores.size)
    normal: NDArray[np.float64] = ndtri((ranks + 0.5) / max(scores.size, 1))
    return normal


def _labels(prefix: str, numbers: NDArray[np.int32] | NDArray[np.int64]) -> pl.Series:
    text = pl.Series(numbers).cast(pl.String)
    return pl.select(pl.concat_str(pl.lit(prefix), text)).to_series()
