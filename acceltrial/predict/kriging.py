"""What the step-time model leaves unexplained, carried over from similar rows (Gaussian-process regression).

Residuals are logarithms of measured ÷ predicted *time*, so that a family that is slower than its peaks say is
positive in every metric. The covariance of two rows is

    k = F·S·E·s₁² + [same metric]·F·S·(E·s₂² + s₃² + w·w'·(1 + E)/2·s₄(metric)²) + [same row]·noise(metric)²

with E = exp(-½ Σ ((x - x')/ℓ)²) over log batch, log input, log output, log₂ devices, log parameters and log
bits; F = 1 for one accelerator, φ within its family, φ·ρ between families of one vendor line, 0.3·φ·ρ else,
and OTHER_SOURCES of that between a row beside and one of the fitted tables, of whose kind a prediction is;
S = 1 within a scenario, σ else; w the engines' weights: 1 for the engine that a row names, and where it names
none the shares of the engines among the rows of its scenario that resemble it. F is the partial pooling: a
family with few rows borrows from the rest, an unseen one gets little and a wide interval.
Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, ch. 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from acceltrial.predict.case import SCENARIOS, FloatArray, Kind, ServingCase, engine_weights
from acceltrial.predict.shape import BYTES_PER_PARAMETER

LogVector: TypeAlias = FloatArray
Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
FAR_FAMILIES = 0.3
OTHER_SOURCES = 0.85
"""How alike a device's rows in vendors' tables and in other sources are (declared): other software, other
hands. Without it many rows of the one kind would bend what the other kind says of the same device."""
BATCH, COUNT = 0, 3
"""Columns of the features: the logarithm of the batch, and log₂ of the devices."""
LARGEST_RESIDUAL = 1.2
"""Residuals are cut at a factor of 3.3, so that a row with another meaning does not bend its neighbours."""
OFFLINE_BATCH = 512.0
SINGLE_PASS_TOKENS = 384.0
_SCENARIO_GROUP = {name: min(index, 3) for index, name in enumerate(SCENARIOS)}
_METRIC: dict[Kind, int] = {"throughput": 0, "e2e": 0, "samples": 1, "tpot": 2, "ttft": 3}
START = np.array([np.log(1.5)] * 5 + [np.log(0.8), np.log(0.3), np.log(0.25), np.log(0.2), 1.0, 0.0]
                 + [np.log(0.08), np.log(0.12), np.log(0.06), np.log(0.25)]
                 + [2.5, np.log(0.1), np.log(0.5)])  # fmt: skip
PRIOR_SPREAD = 0.7
CHUNK = 1024
"""Rows asked at once: bounds the memory of a million cases."""
ENGINE_PRIOR, ENGINE_FAR = 0.3, 0.1
ENGINE_LENGTHS = np.array([1.5, 0.7, 1.5, 1.5, 0.3, 0.3])
"""How far features may differ for two rows to be of one source; declared, not fitted."""
TTFT = _METRIC["ttft"]


@dataclass(frozen=True)
class Points:
    """Rows as the covariance sees them."""

    features: FloatArray
    family: np.ndarray[Any, np.dtype[np.str_]]
    accelerator: np.ndarray[Any, np.dtype[np.str_]]
    engines: FloatArray
    metric: np.ndarray[Any, np.dtype[np.int64]]
    scenario: np.ndarray[Any, np.dtype[np.int64]]
    beside: Mask

    def __len__(self) -> int:
        return len(self.family)

    def take(self, index: Any) -> Points:
        """The rows at `index`."""
        return Points(
            self.features[index],
            self.family[index],
            self.accelerator[index],
            self.engines[index],
            self.metric[index],
            self.scenario[index],
            self.beside[index],
        )

    def at_batch(self, batch: FloatArray | float, kind: Kind) -> Points:
        """The same rows at another batch and of another metric."""
        features = self.features.copy()
        features[:, BATCH] = np.log(batch)
        metric = np.full(len(self), _METRIC[kind])
        return replace(self, features=features, metric=metric)

    @cached_property
    def line(self) -> np.ndarray[Any, np.dtype[np.str_]]:
        """The vendor line: the family's name up to its first dash."""
        return np.array([name.split("-")[0] for name in self.family.tolist()])


def points(cases: Sequence[ServingCase], kinds: Sequence[Kind], beside: Mask | None = None) -> Points:
    """The cases and metrics as points, in their order; none of them stands beside where that is not said."""
    figures = [
        (
            case.concurrency or OFFLINE_BATCH,
            case.input_tokens or SINGLE_PASS_TOKENS,
            max(case.output_tokens, 1.0),
            case.count,
            case.shape.active_params_b,
            BYTES_PER_PARAMETER[case.precision] * 8.0,
        )
        for case in cases
    ]
    features = np.log(np.array(figures, dtype=float).reshape(len(cases), 6))
    features[:, COUNT] /= np.log(2.0)
    return Points(
        features,
        np.array([case.device.family for case in cases], dtype=np.str_),
        np.array([case.device.accelerator for case in cases], dtype=np.str_),
        engine_weights(cases),
        np.array([_METRIC[kind] for kind in kinds], dtype=np.int64),
        np.array([_SCENARIO_GROUP[case.scenario] for case in cases], dtype=np.int64),
        np.zeros(len(cases), dtype=bool) if beside is None else beside,
    )


def covariance(log_parameters: LogVector, one: Points, other: Points) -> FloatArray:
    """Covariances of every row of `one` with every row of `other`, without noise."""
    lengths = np.exp(log_parameters[:6])
    scaled, against = one.features / lengths, other.features / lengths
    near = _near(scaled, against)
    with_distance, anyhow, served, group = _by_group(log_parameters, one, other)
    found = with_distance[group]
    if one.engines.any() and other.engines.any():
        alike = one.engines @ other.engines.T
        alike *= served[group]
        found += alike
        found *= near
        found += alike
    else:
        found *= near
    found += anyhow[group]
    return np.asarray(found)


def _near(scaled: FloatArray, against: FloatArray) -> FloatArray:
    """exp(-½ × squared distance) of every row to every other; in place, since the matrices are large."""
    found = scaled @ against.T
    found -= 0.5 * (scaled**2).sum(1)[:, None]
    found -= 0.5 * (against**2).sum(1)[None, :]
    np.minimum(found, 0.0, out=found)
    return np.asarray(np.exp(found, out=found))


def _by_group(
    log_parameters: LogVector, one: Points, other: Points
) -> tuple[FloatArray, FloatArray, FloatArray, np.ndarray[Any, np.dtype[np.intp]]]:
    """The covariance's factors that hang on names alone, by group of equal names, and each row's group."""
    known = (_codes(one.family), _codes(one.accelerator), one.metric, one.scenario, one.beside)
    names = np.column_stack(known)
    first, group = _groups(names)
    few = one.take(first)
    s1, s2, s3 = np.exp(2.0 * log_parameters[6:9])
    kin, across, sibling = 1.0 / (1.0 + np.exp(-log_parameters[[9, 10, 15]]))
    pooled = np.where(_alike(few.line, other.line), sibling * kin, sibling * FAR_FAMILIES * kin)
    pooled = np.where(_alike(few.family, other.family), sibling, pooled)
    pooled = np.where(_alike(few.accelerator, other.accelerator), 1.0, pooled)
    pooled = pooled * np.where(few.scenario[:, None] == other.scenario[None, :], 1.0, across)
    pooled = pooled * np.where(few.beside[:, None] == other.beside[None, :], 1.0, OTHER_SOURCES)
    same_metric = few.metric[:, None] == other.metric[None, :]
    served = 0.5 * _engine_variance(log_parameters, few)[:, None] * pooled * same_metric
    return pooled * (s1 + same_metric * s2), pooled * same_metric * s3, served, group


def _codes(names: Any) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Each name's place in their order; by a dictionary, since sorting arrays of text is ten times slower."""
    listed = names.tolist()
    place = {name: number for number, name in enumerate(sorted(set(listed)))}
    return np.array([place[name] for name in listed], dtype=np.intp)


def _groups(rows: Any) -> tuple[np.ndarray[Any, np.dtype[np.intp]], np.ndarray[Any, np.dtype[np.intp]]]:
    """The first of each group of equal rows, in their order, and each row's group."""
    place: dict[bytes, int] = {}
    first: list[int] = []
    group = np.empty(len(rows), dtype=np.intp)
    for number, row in enumerate(np.ascontiguousarray(rows)):
        found = place.setdefault(row.tobytes(), len(first))
        if found == len(first):
            first.append(number)
        group[number] = found
    return np.array(first, dtype=np.intp), group


def _alike(one: Any, other: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where names are equal; compared as numbers, since text is fifty times slower."""
    codes = _codes(np.concatenate([one, other]))
    return np.asarray(codes[: len(one), None] == codes[None, len(one) :])


def _among(names: Any, known: frozenset[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.array([name in known for name in names.tolist()], dtype=bool)


def _engine_variance(log_parameters: LogVector, at: Points) -> FloatArray:
    return np.asarray(np.exp(2.0 * log_parameters[16:18])[(at.metric == TTFT).astype(int)])


def _resemblance(one: Points, other: Points) -> FloatArray:
    """How alike rows are for the question which engine ran them: 1 for the same load on the same device."""
    scaled, against = one.features / ENGINE_LENGTHS, other.features / ENGINE_LENGTHS
    device = np.where(_alike(one.accelerator, other.accelerator), 1.0, ENGINE_FAR)
    return np.asarray(_near(scaled, against) * device)


def _likely_engines(asked: Points, rows: Points) -> FloatArray:
    """Shares of the engines, by rows of the scenario that resemble what is asked."""
    same = asked.scenario[:, None] == rows.scenario[None, :]
    usual = ENGINE_PRIOR * same / np.maximum(same.sum(axis=1, keepdims=True), 1)
    weight = (same * _resemblance(asked, rows) + usual) @ rows.engines
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300))


def noise(log_parameters: LogVector, at: Points) -> FloatArray:
    """Variance of each row that no neighbour explains."""
    return np.asarray(np.exp(2.0 * log_parameters[11:15])[at.metric])


def negative_log_likelihood(log_parameters: LogVector, at: Points, residuals: FloatArray) -> float:
    """What is minimised to choose the covariance: minus the log marginal likelihood and a weak prior's."""
    full = covariance(log_parameters, at, at) + np.diag(noise(log_parameters, at) + 1e-9)
    try:
        lower = np.linalg.cholesky(full)
    except np.linalg.LinAlgError:
        return 1e6
    whitened = np.linalg.solve(lower, cut(residuals))
    prior = 0.5 * (((log_parameters - START) / PRIOR_SPREAD) ** 2).sum()
    return float(0.5 * whitened @ whitened + np.log(np.diag(lower)).sum() + prior)


def cut(residuals: FloatArray) -> FloatArray:
    """Residuals within the limits."""
    return np.clip(residuals, -LARGEST_RESIDUAL, LARGEST_RESIDUAL)


@dataclass(frozen=True)
class Surface:
    """Residuals learnt at `at`, ready to be asked elsewhere."""

    log_parameters: LogVector
    at: Points
    residuals: FloatArray

    @cached_property
    def _inverse(self) -> FloatArray:
        full = covariance(self.log_parameters, self.at, self.at)
        factor = cho_factor(full + np.diag(noise(self.log_parameters, self.at) + 1e-9))
        return np.asarray(cho_solve(factor, np.eye(len(self.at))))

    @cached_property
    def _weights(self) -> FloatArray:
        return np.asarray(self._inverse @ cut(self.residuals))

    def mean(self, where: Points) -> FloatArray:
        """Mean of the log residual of time at `where`: cheaper than `ask`."""
        kept, inverse = self._distinct(where)
        kept = self.with_engines(kept)
        found = np.zeros(len(kept))
        for start in range(0, len(kept) if len(self.at) else 0, CHUNK):
            part = kept.take(slice(start, start + CHUNK))
            found[start : start + CHUNK] = covariance(self.log_parameters, part, self.at) @ self._weights
        return np.asarray(found[inverse])

    def _own(self, where: Points) -> FloatArray:
        served = _engine_variance(self.log_parameters, where) * (where.engines.sum(axis=1) > 0)
        return np.asarray(np.exp(2.0 * self.log_parameters[6:9]).sum() + served)

    def with_engines(self, where: Points) -> Points:
        """The same rows with the engines that are likely where none is named, by rows that resemble them."""
        known = self.at.engines.sum(axis=1) > 0
        silent = (where.engines.sum(axis=1) == 0) & np.isin(where.scenario, self.at.scenario[known])
        if not silent.any():
            return where
        rows, engines = self.at.take(known), where.engines.copy()
        for start in range(0, len(where), CHUNK):
            part = start + np.flatnonzero(silent[start : start + CHUNK])
            engines[part] = _likely_engines(where.take(part), rows)
        return replace(where, engines=engines)

    @cached_property
    def _names(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """The lines, families and devices that rows were learnt of."""
        at = self.at
        return frozenset(at.line.tolist()), frozenset(at.family.tolist()), frozenset(at.accelerator.tolist())

    def _distinct(self, where: Points) -> tuple[Points, np.ndarray[Any, np.dtype[np.intp]]]:
        """Rows that the covariance tells apart, and each row's place among them.

        Unseen devices of one family are alike, and so are unseen families of one vendor line.
        """
        lines, families, accelerators = self._names
        names = np.where(_among(where.line, lines), where.line, "")
        names = np.where(_among(where.family, families), where.family, names)
        names = np.where(_among(where.accelerator, accelerators), where.accelerator, names)
        told = (where.features, where.engines, _codes(names), where.metric, where.scenario, where.beside)
        keys = np.column_stack(told)
        first, inverse = _groups(keys)
        return where.take(first), inverse

    def ask(self, where: Points) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of the log residual of time at `where`."""
        if not len(self.at):
            own = self._own(where)
            return np.zeros(len(where)), np.sqrt(own + noise(self.log_parameters, where))
        kept, inverse = self._distinct(where)
        kept = self.with_engines(kept)
        mean, deviation = np.zeros(len(kept)), np.zeros(len(kept))
        for start in range(0, len(kept), CHUNK):
            part = kept.take(slice(start, start + CHUNK))
            cross = covariance(self.log_parameters, part, self.at)
            mean[start : start + len(part)] = cross @ self._weights
            explained = np.einsum("ij,ij->i", cross @ self._inverse, cross)
            own = self._own(part)
            variance = own - explained + noise(self.log_parameters, part)
            deviation[start : start + len(part)] = np.sqrt(np.maximum(variance, 1e-6))
        return mean[inverse], deviation[inverse]
