"""Fits the predictor to published rows, and says honestly how far it is off on rows that it did not see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import least_squares, minimize
from scipy.special import stdtrit

from acceltrial.errors import DataContractError
from acceltrial.predict.case import CaseArrays, FloatArray, Kind, ServingCase, as_arrays, with_engines
from acceltrial.predict.kriging import START, Mask, Points, Surface, negative_log_likelihood, points
from acceltrial.predict.parameters import NORMAL_80, Parameters
from acceltrial.predict.physics import Physical, log_prediction

Names: TypeAlias = np.ndarray[Any, np.dtype[np.str_]]
FOLDS = 8
LEAST_ROWS = 5
LEAST_FOR_WIDENING = 8
FAMILY_PRIOR_ROWS = 5.0
LEAST_TO_NARROW, NARROWEST = 15, 0.6
"""A family's intervals may be narrower than the common ones with that many rows, by that factor."""
FEW_ROWS, ENOUGH_ROWS = 10.0, 100
"""Fits to fewer rows than the latter are wider by 1 + the former ÷ rows: few held-out rows flatter."""
AIM = 0.81
"""Share of held-out rows to cover: the middle of what is allowed for a stated 80 % (75 to 88 %)."""
CAUTIOUS_WIDENING = 2.5
"""Where too few rows were held out to tell, intervals are this much wider than the model believes."""
_PRIOR_SPREAD = {"four_bits": 0.12, "mixed_trtllm": 0.7, "mixed_vllm": 0.7, "mixed_sglang": 0.7,
                 "queue_trtllm": 0.7, "queue_vllm": 0.7, "queue_sglang": 0.7, "queue": 1.0, "base_ms": 1.0,
                 "vision": 1.0, "diffusion": 1.0, "encoder": 1.0, "speech": 1.0, "beam": 1.0}  # fmt: skip
_COMMON_SPREAD = 0.35
FAMILY_SPREAD = 0.35
"""How far, on the log scale, a family's software lies from the others' (declared): the fit of what all share
sets it aside, so that a family of many rows does not bend the rest."""
_ROW_SPREAD: dict[Kind, float] = {"throughput": 0.2, "e2e": 0.2, "tpot": 0.2, "samples": 0.33, "ttft": 0.5}
_SIGN: dict[Kind, float] = {"throughput": -1.0, "samples": -1.0, "tpot": 1.0, "ttft": 1.0, "e2e": 1.0}
KINDS_REPORTED: tuple[Kind, ...] = ("tpot", "throughput", "samples", "ttft")


@dataclass(frozen=True)
class Training:
    """Rows to fit: cases, what is measured of them, and the logarithms of the values.

    Attributes:
        beside: marks rows of which only the residuals are learnt. What all accelerators share is fitted to
            the others: tables of one kind, in which a difference is the hardware's or the engine's.
    """

    cases: tuple[ServingCase, ...]
    kinds: tuple[Kind, ...]
    log_values: FloatArray
    beside: Mask

    def __len__(self) -> int:
        return len(self.cases)

    def with_beside(self, other: Training) -> Training:
        """These rows, and those of `other` beside them."""
        return Training(
            self.cases + other.cases,
            self.kinds + other.kinds,
            np.concatenate([self.log_values, other.log_values]),
            np.concatenate([self.beside, np.ones(len(other), dtype=bool)]),
        )

    def shared(self) -> Training:
        """The rows that what all accelerators share is fitted to; all, where every row stands beside."""
        return self if self.beside.all() else self.take(np.flatnonzero(~self.beside))

    def take(self, index: Iterable[Any]) -> Training:
        """The rows at `index`."""
        chosen = [int(position) for position in index]
        return Training(
            tuple(self.cases[position] for position in chosen),
            tuple(self.kinds[position] for position in chosen),
            self.log_values[chosen],
            self.beside[chosen],
        )

    def points(self) -> Points:
        """The rows as the residuals' covariance sees them."""
        return points(self.cases, self.kinds, self.beside)

    def unnamed(self) -> Training:
        """The same rows without the engines' names."""
        return replace(self, cases=tuple(replace(case, engine="") for case in self.cases))

    def accelerators(self) -> Names:
        """The device of each row."""
        return np.array([case.device.accelerator for case in self.cases])

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
    rows = len(training.shared())
    if rows < LEAST_ROWS:
        raise DataContractError(
            f"{rows} usable rows: a fit needs at least {LEAST_ROWS}",
            where="fit",
            remedy="give more measured rows, or use the parameters that ship with the library",
        )
    physical = fit_physical(training)
    covariance = fit_covariance(training, physical)
    held = held_out(training, covariance, seed)
    few = 1.0 + FEW_ROWS / rows if rows < ENOUGH_ROWS else 1.0
    report = {
        "rows": rows,
        **_report(training, held, _without_beside(np.ones(len(training), dtype=bool), training)),
    }
    if len(training) > rows:
        report["beside"] = {"rows": len(training) - rows, **_report(training, held, training.beside)}
    return Parameters(
        physical=physical,
        surface=Surface(covariance, training.points(), residuals(training, physical)),
        widening={name: round(few * factor, 3) for name, factor in widening(training, held).items()},
        digest=digest,
        date=date,
        report=report,
    )


def fit_physical(training: Training) -> Physical:
    """The shared figures: robust least squares on logarithms, each drawn to its prior median.

    Rows beside are left out. Each family has an offset of its own (a mixed model), drawn to zero and then
    dropped: what is left over is the business of the residuals' covariance.
    """
    training = training.shared()
    arrays, kinds = as_arrays(training.cases), np.array(training.kinds)
    start = Physical().logs()
    spread = np.array([_PRIOR_SPREAD.get(name, _COMMON_SPREAD) for name in Physical.names()])
    scale = np.array([_ROW_SPREAD[kind] for kind in training.kinds])
    sign = np.array([_SIGN[kind] for kind in training.kinds])
    names, family = np.unique(training.families(), return_inverse=True)

    def errors(unknowns: FloatArray) -> FloatArray:
        logs, offsets = unknowns[: len(start)], unknowns[len(start) :]
        predicted = log_prediction(arrays, kinds, Physical.from_logs(logs)) + sign * offsets[family]
        off = np.nan_to_num((predicted - training.log_values) / scale, posinf=10.0, neginf=-10.0)
        return np.concatenate([off, (logs - start) / spread, offsets / FAMILY_SPREAD])

    first = np.concatenate([start, np.zeros(len(names))])
    solution = least_squares(errors, first, loss="soft_l1", max_nfev=40)
    # Rounded, so that the order in which threads add does not reach the artifact's bytes.
    return Physical.from_logs(np.round(solution.x[: len(start)], 4))


def fit_covariance(training: Training, physical: Physical) -> FloatArray:
    """The covariance's logarithmic parameters by marginal likelihood, without the rows beside.

    The start where rows are few.
    """
    training = training.shared()
    if len(training) < 30:
        return START
    at, off = training.points(), residuals(training, physical)
    found = minimize(
        negative_log_likelihood, START, args=(at, off), method="L-BFGS-B", options={"maxiter": 15}
    )
    return np.asarray(np.round(found.x, 3))


def residuals(training: Training, physical: Physical, engines: FloatArray | None = None) -> FloatArray:
    """Logarithms of measured ÷ predicted time of each row."""
    arrays: CaseArrays = as_arrays(training.cases)
    if engines is not None:
        arrays = with_engines(arrays, engines)
    predicted = log_prediction(arrays, np.array(training.kinds), physical)
    sign = np.array([_SIGN[kind] for kind in training.kinds])
    return np.asarray(np.nan_to_num(sign * (training.log_values - predicted)))


@dataclass(frozen=True)
class HeldOut:
    """Errors on rows that were not fitted: log of measured ÷ predicted time, its stated deviation."""

    error: FloatArray
    deviation: FloatArray


def hold_out(
    training: Training, masks: Sequence[Any], covariance: FloatArray, *, named: bool = False
) -> HeldOut:
    """Errors on the rows of each mask, predicted by a fit to all others.

    The engine of held-out rows is told only if `named`: cases need not name one. That a row stands beside is
    never told: predictions are of the fitted tables' kind.

    The covariance is given: it is too dear to choose anew for each mask.
    """
    error, deviation = np.full(len(training), np.nan), np.full(len(training), np.nan)
    at = training.points()
    for mask in masks:
        inside = np.flatnonzero(~mask)
        if len(inside) < LEAST_ROWS or not mask.any():
            continue
        part = training.take(inside)
        physical = fit_physical(part)
        surface = Surface(covariance, at.take(inside), residuals(part, physical))
        asked = training.take(np.flatnonzero(mask))
        asked = asked if named else asked.unnamed()
        where = surface.with_engines(points(asked.cases, asked.kinds))
        mean, spread = surface.ask(where)
        error[mask] = residuals(asked, physical, where.engines) - mean
        deviation[mask] = spread
    return HeldOut(error, deviation)


def configuration_folds(keys: Names, count: int, seed: int) -> list[Any]:
    """Masks that hold out each key once, `count` at most, keys dealt out by `seed`."""
    unique = np.unique(keys)
    np.random.default_rng(seed).shuffle(unique)
    return [np.isin(keys, unique[fold::count]) for fold in range(min(count, len(unique)))]


def held_out(training: Training, covariance: FloatArray, seed: int = 0) -> dict[str, HeldOut]:
    """Errors on rows that were held out, by what was held out with them.

    "seen": their configuration; "sibling": their accelerator, of a family that keeps others; "unseen": their
    family.
    """
    families, accelerators = training.families(), training.accelerators()
    alone = {
        name: len(np.unique(accelerators[families == name])) < 2 for name in np.unique(families).tolist()
    }
    siblings = [
        accelerators == name
        for name in np.unique(accelerators)
        if not alone[families[accelerators == name][0]]
    ]
    return {
        "seen": hold_out(training, configuration_folds(training.configurations(), FOLDS, seed), covariance),
        "sibling": hold_out(training, siblings, covariance),
        "unseen": hold_out(training, [families == name for name in np.unique(families)], covariance),
    }


def widening(training: Training, held: Mapping[str, HeldOut], used: Any = True) -> dict[str, float]:
    """Factors that make intervals cover `AIM` of the held-out rows (split conformal), by metric and group.

    Names are "metric|seen", "metric|sibling", "metric|unseen" and "metric|family". A family's own factor
    counts as much as its rows against `FAMILY_PRIOR_ROWS` of the common one. Only rows in `used` count; for
    what was seen, rows beside count where a family has no other.
    """
    kinds, families = np.array(training.kinds), training.families()
    factors: dict[str, float] = {}
    for kind in KINDS_REPORTED:
        own = {label: np.isfinite(errors.error) & (kinds == kind) & used for label, errors in held.items()}
        everywhere = own["seen"]
        own["seen"] = _without_beside(everywhere, training)
        for label, rows in own.items():
            enough = rows.sum() >= LEAST_FOR_WIDENING
            factors[f"{kind}|{label}"] = _factor(held[label], rows) if enough else CAUTIOUS_WIDENING
        # Few accelerators have siblings: what was found on them must not narrow what holds for families.
        factors[f"{kind}|sibling"] = max(factors[f"{kind}|sibling"], factors[f"{kind}|unseen"])
        for name in np.unique(families[everywhere]).tolist():
            rows = _without_beside(everywhere & (families == name), training)
            factors[f"{kind}|{name}"] = _of_family(held["seen"], rows, factors[f"{kind}|seen"])
    return factors


def _without_beside(rows: Mask, training: Training) -> Mask:
    """The rows but those beside; all, where nothing else is there."""
    fitted = rows & ~training.beside
    return fitted if fitted.any() else rows


def _of_family(held: HeldOut, rows: Mask, common: float) -> float:
    """A family's own factor, drawn to the common one."""
    weight = rows.sum() / (rows.sum() + FAMILY_PRIOR_ROWS)
    blended = weight * _factor(held, rows) + (1.0 - weight) * common
    # Known from few rows: Student's quantile in place of the normal one.
    freedom = rows.sum() + FAMILY_PRIOR_ROWS - 1.0
    blended *= float(stdtrit(freedom, 0.9)) / NORMAL_80
    narrow = NARROWEST if rows.sum() >= LEAST_TO_NARROW else 1.0
    return round(float(max(narrow * common, blended)), 3)


def _factor(held: HeldOut, rows: Any) -> float:
    ratio = np.abs(held.error[rows]) / (NORMAL_80 * held.deviation[rows])
    level = min(1.0, AIM * (1.0 + 1.0 / rows.sum()))
    return round(float(np.quantile(ratio, level, method="higher")), 3)


def _report(training: Training, held: Mapping[str, HeldOut], among: Mask) -> dict[str, Any]:
    """Errors on held-out rows `among` all, by what was held out, metric and group."""
    families, accelerators = training.families(), training.accelerators()
    groups = {"configuration": families, "accelerator": accelerators, "family": families}
    return {
        f"leave_{what}_out": _errors(np.array(training.kinds), groups[what], held[label], among)
        for what, label in (("configuration", "seen"), ("accelerator", "sibling"), ("family", "unseen"))
    }


def _errors(kinds: Names, groups: Names, held: HeldOut, among: Mask) -> dict[str, Any]:
    known = among & np.isfinite(held.error)
    report: dict[str, Any] = {}
    for kind in KINDS_REPORTED:
        of_kind = known & (kinds == kind)
        if of_kind.any():
            report[kind] = _summary(held, of_kind) | {
                "by_family": {
                    str(name): _summary(held, of_kind & (groups == name))
                    for name in np.unique(groups[of_kind])
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
        np.zeros(len(rows), dtype=bool),
    )
