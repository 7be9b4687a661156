"""Fits the predictor to published rows, and says honestly how far it is off on rows that it did not see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import least_squares, minimize

from acceltrial.errors import DataContractError
from acceltrial.predict.case import CaseArrays, FloatArray, Kind, ServingCase, as_arrays
from acceltrial.predict.kriging import START, Points, Surface, negative_log_likelihood, points
from acceltrial.predict.parameters import LEVEL, NORMAL_80, Parameters
from acceltrial.predict.physics import Physical, log_prediction

Names: TypeAlias = np.ndarray[Any, np.dtype[np.str_]]
FOLDS = 8
LEAST_ROWS = 5
LEAST_FOR_WIDENING = 8
FAMILY_PRIOR_ROWS = 5.0
CAUTIOUS_WIDENING = 2.5
"""Where too few rows were held out to tell, intervals are this much wider than the model believes."""
_PRIOR_SPREAD = {"queue": 1.0, "base_ms": 1.0, "vision": 1.0, "diffusion": 1.0, "encoder": 1.0,
                 "speech": 1.0, "beam": 1.0}  # fmt: skip
_COMMON_SPREAD = 0.35
_ROW_SPREAD: dict[Kind, float] = {"throughput": 0.2, "e2e": 0.2, "tpot": 0.2, "samples": 0.33, "ttft": 0.5}
_SIGN: dict[Kind, float] = {"throughput": -1.0, "samples": -1.0, "tpot": 1.0, "ttft": 1.0, "e2e": 1.0}
KINDS_REPORTED: tuple[Kind, ...] = ("tpot", "throughput", "samples", "ttft")


@dataclass(frozen=True)
class Training:
    """Rows to fit: cases, what is measured of them, and the logarithms of the values."""

    cases: tuple[ServingCase, ...]
    kinds: tuple[Kind, ...]
    log_values: FloatArray

    def __len__(self) -> int:
        return len(self.cases)

    def take(self, index: Iterable[Any]) -> Training:
        """The rows at `index`."""
        chosen = [int(position) for position in index]
        return Training(
            tuple(self.cases[position] for position in chosen),
            tuple(self.kinds[position] for position in chosen),
            self.log_values[chosen],
        )

    def families(self) -> Names:
        """The family of each row's device."""
        return np.array([case.device.family for case in self.cases])

    def configurations(self) -> Names:
        """A key for each row that is equal for rows of one configuration, whatever their metric."""
        return np.array(
            [
                f"{c.device.accelerator}|{c.count}|{c.shape.model}|{c.precision}|{c.scenario}|"
                f"{c.input_tokens}|{c.output_tokens}|{c.concurrency}"
                for c in self.cases
            ]
        )


def fit(training: Training, *, digest: str, date: str, seed: int = 0) -> Parameters:
    """The fitted parameters with their cross-validated errors and widened intervals.

    Raises:
        DataContractError: fewer rows than a fit can mean anything for.
    """
    if len(training) < LEAST_ROWS:
        raise DataContractError(
            f"{len(training)} usable rows: a fit needs at least {LEAST_ROWS}",
            where="fit",
            remedy="give more measured rows, or use the parameters that ship with the library",
        )
    physical = fit_physical(training)
    covariance = fit_covariance(training, physical)
    seen = hold_out(training, configuration_folds(training.configurations(), FOLDS, seed), covariance)
    families = training.families()
    unseen = hold_out(training, [families == name for name in np.unique(families)], covariance)
    kinds = np.array(training.kinds)
    common = _widening(kinds, seen, "seen") | _widening(kinds, unseen, "unseen")
    widening = common | _family_widening(kinds, families, seen, common)
    report = {
        "rows": len(training),
        "leave_configuration_out": _errors(kinds, families, seen),
        "leave_family_out": _errors(kinds, families, unseen) if len(np.unique(families)) > 1 else {},
    }
    return Parameters(
        physical=physical,
        surface=Surface(covariance, points(training.cases, training.kinds), residuals(training, physical)),
        widening=widening,
        digest=digest,
        date=date,
        report=report,
    )


def fit_physical(training: Training) -> Physical:
    """The shared figures: robust least squares on logarithms, each drawn to its prior median."""
    arrays, kinds = as_arrays(training.cases), np.array(training.kinds)
    start = Physical().logs()
    spread = np.array([_PRIOR_SPREAD.get(name, _COMMON_SPREAD) for name in Physical.names()])
    scale = np.array([_ROW_SPREAD[kind] for kind in training.kinds])

    def errors(logs: FloatArray) -> FloatArray:
        off = log_prediction(arrays, kinds, Physical.from_logs(logs)) - training.log_values
        return np.concatenate(
            [np.nan_to_num(off / scale, posinf=10.0, neginf=-10.0), (logs - start) / spread]
        )

    solution = least_squares(errors, start, loss="soft_l1", max_nfev=40)
    # Rounded, so that the order in which threads add does not reach the artifact's bytes.
    return Physical.from_logs(np.round(solution.x, 4))


def fit_covariance(training: Training, physical: Physical) -> FloatArray:
    """The covariance's logarithmic parameters by marginal likelihood; the start where rows are few."""
    if len(training) < 30:
        return START
    at, off = points(training.cases, training.kinds), residuals(training, physical)
    found = minimize(
        negative_log_likelihood, START, args=(at, off), method="L-BFGS-B", options={"maxiter": 15}
    )
    return np.asarray(np.round(found.x, 3))


def residuals(training: Training, physical: Physical) -> FloatArray:
    """Logarithms of measured ÷ predicted time of each row."""
    arrays: CaseArrays = as_arrays(training.cases)
    predicted = log_prediction(arrays, np.array(training.kinds), physical)
    sign = np.array([_SIGN[kind] for kind in training.kinds])
    return np.asarray(np.nan_to_num(sign * (training.log_values - predicted)))


@dataclass(frozen=True)
class HeldOut:
    """Errors on rows that were not fitted: log of measured ÷ predicted time, its stated deviation."""

    error: FloatArray
    deviation: FloatArray


def hold_out(training: Training, masks: Sequence[Any], covariance: FloatArray) -> HeldOut:
    """Errors on the rows of each mask, predicted by a fit to all others.

    The covariance is given: it is too dear to choose anew for each mask.
    """
    error, deviation = np.full(len(training), np.nan), np.full(len(training), np.nan)
    at: Points = points(training.cases, training.kinds)
    for mask in masks:
        inside = np.flatnonzero(~mask)
        if len(inside) < LEAST_ROWS or not mask.any():
            continue
        part = training.take(inside)
        physical = fit_physical(part)
        surface = Surface(covariance, at.take(inside), residuals(part, physical))
        mean, spread = surface.ask(at.take(np.flatnonzero(mask)))
        error[mask] = residuals(training.take(np.flatnonzero(mask)), physical) - mean
        deviation[mask] = spread
    return HeldOut(error, deviation)


def configuration_folds(keys: Names, count: int, seed: int) -> list[Any]:
    """Masks that hold out each key once, `count` at most, keys dealt out by `seed`."""
    unique = np.unique(keys)
    np.random.default_rng(seed).shuffle(unique)
    return [np.isin(keys, unique[fold::count]) for fold in range(min(count, len(unique)))]


def _widening(kinds: Names, held: HeldOut, label: str) -> dict[str, float]:
    """Factors that make the stated intervals cover `LEVEL` of the held-out rows (split conformal)."""
    factors = {}
    for kind in [*KINDS_REPORTED, "e2e"]:
        like = "throughput" if kind == "e2e" else kind
        own = np.isfinite(held.error) & (kinds == like)
        enough = own.sum() >= LEAST_FOR_WIDENING
        factors[f"{kind}|{label}"] = _factor(held, own) if enough else CAUTIOUS_WIDENING
    return factors


def _family_widening(
    kinds: Names, families: Names, held: HeldOut, common: dict[str, float]
) -> dict[str, float]:
    """Wider factors for families whose own held-out rows miss more often than others do.

    A family's own factor counts as much as its rows against `FAMILY_PRIOR_ROWS` rows of the common one, and
    never narrows: few rows that happened to be hit say nothing.
    """
    factors = {}
    for kind in KINDS_REPORTED:
        shared = common[f"{kind}|seen"]
        for name in np.unique(families).tolist():
            own = np.isfinite(held.error) & (kinds == kind) & (families == name)
            if own.any():
                weight = own.sum() / (own.sum() + FAMILY_PRIOR_ROWS)
                blended = weight * _factor(held, own) + (1.0 - weight) * shared
                factors[f"{kind}|{name}"] = round(float(max(shared, blended)), 3)
    return factors


def _factor(held: HeldOut, rows: Any) -> float:
    ratio = np.abs(held.error[rows]) / (NORMAL_80 * held.deviation[rows])
    level = min(1.0, LEVEL * (1.0 + 1.0 / rows.sum()))
    return round(float(np.quantile(ratio, level, method="higher")), 3)


def _errors(kinds: Names, families: Names, held: HeldOut) -> dict[str, Any]:
    known = np.isfinite(held.error)
    report: dict[str, Any] = {}
    for kind in KINDS_REPORTED:
        of_kind = known & (kinds == kind)
        if of_kind.any():
            report[kind] = _summary(held, of_kind) | {
                "by_family": {
                    str(name): _summary(held, of_kind & (families == name))
                    for name in np.unique(families[of_kind])
                }
            }
    return report


def _summary(held: HeldOut, mask: Any) -> dict[str, Any]:
    absolute = np.abs(np.expm1(held.error[mask]))
    return {
        "rows": int(mask.sum()),
        "median_error": round(float(np.median(absolute)), 4),
        "p90_error": round(float(np.quantile(absolute, 0.9)), 4),
        "coverage_before_widening": round(
            float((np.abs(held.error[mask]) <= NORMAL_80 * held.deviation[mask]).mean()), 4
        ),
    }


def training_rows(rows: Sequence[tuple[ServingCase, Kind, float]]) -> Training:
    """Training rows from (case, kind, value in our unit)."""
    return Training(
        tuple(case for case, _, _ in rows),
        tuple(kind for _, kind, _ in rows),
        np.log(np.array([value for _, _, value in rows], dtype=float)),
    )
