"""How far the predictor is off on rows that it was not fitted to, against the goals.

    python -m benchmarks.predict --data published_measurements.csv [--beside data/catalogue/measurements.csv]
        [--chart docs/predicted-measured.svg]

Configurations are held out whole, in eight folds; then each accelerator; then each family of accelerators. No
engine is named to the predictor. An interval's coverage on a fold is judged with the widening that the other
folds give. The covariance is that of the shipped artifact. Rows beside are held out in the same way and
shown apart.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from acceltrial.catalog import load_catalogue
from acceltrial.catalog.location import find_catalogue
from acceltrial.predict.fitting import (
    FOLDS,
    HeldOut,
    Training,
    configuration_folds,
    hold_out,
    widening,
)
from acceltrial.predict.parameters import NORMAL_80, load_parameters
from acceltrial.predict.rows import RowReader
from acceltrial.predict.table import read_training
from acceltrial.storage.atomic import write_bytes
from benchmarks.predict.chart import svg
from benchmarks.predict.queue import hold_out_simulated

GOALS = {
    ("tpot", "configurations"): "≤ 10 %, 90 % ≤ 30 %",
    ("throughput", "configurations"): "≤ 10 %, 90 % ≤ 35 %",
    ("throughput", "accelerators"): "≤ 20 %",
    ("throughput", "families"): "≤ 20 %",
    ("ttft", "configurations"): "≤ 30 %",
}
RATES = ("throughput", "samples")
FEWEST = 5
"""Families with fewer rows of a metric are not judged on their own."""
KINDS = ("tpot", "throughput", "samples", "ttft")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--beside", type=Path, help="rows of which only the residuals are learnt")
    parser.add_argument("--seed", type=int, default=0, help="deals the configurations out to folds")
    parser.add_argument("--chart", type=Path, help="where to draw predicted against measured, as SVG")
    options = parser.parse_args()
    reader = RowReader(load_catalogue(find_catalogue()))
    training, left_out = read_training(options.data, reader)
    if options.beside:
        more, unused = read_training(options.beside, reader)
        training, left_out = training.with_beside(more), left_out + unused
    covariance = load_parameters().surface.log_parameters
    accelerators, families = training.accelerators(), training.families()
    masks = {
        "configurations": configuration_folds(training.configurations(), FOLDS, options.seed),
        "accelerators": [accelerators == name for name in np.unique(accelerators)],
        "families": [families == name for name in np.unique(families)],
    }
    held = {what: hold_out(training, parts, covariance) for what, parts in masks.items()}
    named = hold_out(training, masks["configurations"], covariance, named=True)
    if options.chart:
        seen, fitted = held["configurations"], np.flatnonzero(~training.beside)
        drawn = HeldOut(seen.error[fitted], seen.deviation[fitted])
        write_bytes(options.chart, svg(training.shared(), drawn).encode())
    print(f"{len(training)} rows, {training.beside.sum()} of them beside, {len(left_out)} left out")
    inside = {what: covered(training, what, held, parts) for what, parts in masks.items()}
    for title, rows in (("fitted rows", ~training.beside), ("rows beside", training.beside)):
        if not rows.any():
            continue
        print(f"\n{title}\n\n| metric | held out | rows | median | 90 % below | 80 % interval covers "
              "| least by family | goal |")  # fmt: skip
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for kind in KINDS:
            for what in masks:
                _line(training, kind, what, held[what], inside[what], rows)
            _line(training, kind, "configurations, engine named", named, None, rows)
        for what, errors in (*held.items(), ("configurations, engine named", named)):
            right, pairs = order(training, errors, rows)
            print(
                f"\norder of two options more than 20 % apart ({what} held out): right in "
                f"{right / max(pairs, 1):.1%} of {pairs} pairs (goal: 97 %)"
            )
    _simulated(training.shared(), covariance, options.seed)
    sys.stdout.flush()


def _simulated(training: Training, covariance: np.ndarray, seed: int) -> None:
    """First tokens from a simulated queue, beside the closed form's of the same rows."""
    print("\nfirst tokens of closed loops, fitted rows\n")
    masks = configuration_folds(training.configurations(), FOLDS, seed)
    rows = np.ones(len(training), dtype=bool)
    for told in (False, True):
        how = ", engine named" if told else ""
        simulated = hold_out_simulated(training, masks, covariance, named=told)
        _line(training, "ttft", f"configurations, queue simulated{how}", simulated, None, rows)
        form = hold_out(training, masks, covariance, named=told)
        same = replace(form, error=np.where(np.isfinite(simulated.error), form.error, np.nan))
        _line(training, "ttft", f"the same rows, closed form{how}", same, None, rows)


def covered(training: Training, what: str, held: dict[str, HeldOut], masks: list[np.ndarray]) -> np.ndarray:
    """Whether each row lies in its interval, widened by what was held out of the other folds: 1, 0 or NaN."""
    kinds, families = np.array(training.kinds), training.families()
    errors = {"seen": held["configurations"], "sibling": held["accelerators"], "unseen": held["families"]}
    shown = held[what]
    inside = np.full(len(training), np.nan)
    for mask in masks:
        factors = widening(training, errors, ~mask)
        for row in np.flatnonzero(mask & np.isfinite(shown.error) & np.isin(kinds, KINDS)):
            names = [f"{kinds[row]}|{families[row]}", f"{kinds[row]}|seen"]
            if what != "configurations":
                related = (families[row] == families[~mask]).any()
                names = [f"{kinds[row]}|{'sibling' if related else 'unseen'}"]
            factor = next(factors[name] for name in names if name in factors)
            inside[row] = abs(shown.error[row]) <= NORMAL_80 * shown.deviation[row] * factor
    return inside


def _line(
    training: Training, kind: str, what: str, held: HeldOut, inside: np.ndarray | None, rows: np.ndarray
) -> None:
    own = rows & (np.array(training.kinds) == kind) & np.isfinite(held.error)
    if not own.any():
        return
    error = np.abs(np.expm1(held.error[own]))
    whole, least = "–", "–"
    if inside is not None:
        families = training.families()
        groups = [own & (families == name) for name in np.unique(families[own])]
        shares = [np.mean(inside[group]) for group in groups if group.sum() >= FEWEST]
        whole, least = f"{np.mean(inside[own]):.0%}", f"{min(shares):.0%}" if shares else "–"
    print(
        f"| {kind} | {what} | {own.sum()} | {np.median(error):.1%} | {np.quantile(error, 0.9):.0%} "
        f"| {whole} | {least} | {GOALS.get((kind, what), '–')} |"
    )


def order(training: Training, held: HeldOut, rows: np.ndarray) -> tuple[int, int]:
    """Of pairs among `rows` of one metric, model and load, more than 20 % apart: those in order, and all."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, (case, kind) in enumerate(zip(training.cases, training.kinds, strict=True)):
        key = (kind, case.shape.model, case.scenario, case.input_tokens, case.output_tokens, case.concurrency)
        if rows[index]:
            groups.setdefault(key, []).append(index)
    sign = np.array([-1.0 if kind in RATES else 1.0 for kind in training.kinds])
    predicted = training.log_values - sign * held.error
    right = total = 0
    for one, other in itertools.chain.from_iterable(
        itertools.combinations(group, 2) for group in groups.values()
    ):
        gap = training.log_values[one] - training.log_values[other]
        if abs(gap) > np.log(1.2) and np.isfinite(predicted[one] + predicted[other]):
            total += 1
            right += bool((predicted[one] - predicted[other]) * gap > 0)
    return right, total


if __name__ == "__main__":
    main()
