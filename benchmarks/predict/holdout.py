"""How far the predictor is off on rows that it was not fitted to, against the goals.

    python -m benchmarks.predict --data published_measurements.csv

Configurations are held out whole, in eight folds; then each accelerator family. An interval's coverage on a
fold is judged with the widening that the other folds give. The covariance is that of the shipped artifact.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np

from acceltrial.catalog import load_catalogue
from acceltrial.catalog.location import find_catalogue
from acceltrial.predict.fitting import FOLDS, HeldOut, Training, configuration_folds, hold_out
from acceltrial.predict.parameters import LEVEL, NORMAL_80, load_parameters
from acceltrial.predict.rows import RowReader
from acceltrial.predict.table import read_training

GOALS = {
    ("tpot", "configurations"): "≤ 10 %, 90 % ≤ 30 %",
    ("throughput", "configurations"): "≤ 10 %, 90 % ≤ 35 %",
    ("throughput", "families"): "≤ 20 %",
    ("ttft", "configurations"): "≤ 30 %",
}
RATES = ("throughput", "samples")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    reader = RowReader(load_catalogue(find_catalogue()))
    training, left_out = read_training(parser.parse_args().data, reader)
    covariance = load_parameters().surface.log_parameters
    folds = configuration_folds(training.configurations(), FOLDS, 0)
    families = training.families()
    names = np.unique(families)
    by_fold = hold_out(training, folds, covariance)
    by_family = hold_out(training, [families == name for name in names], covariance)
    print(f"{len(training)} rows, {len(left_out)} left out\n")
    print("| metric | held out | rows | median | 90 % below | 80 % interval covers | goal |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind in ("tpot", "throughput", "samples", "ttft"):
        _line(training, kind, "configurations", by_fold, folds)
        _line(training, kind, "families", by_family, [families == name for name in names])
    right, pairs = order(training, by_fold)
    print(
        f"\norder of two options more than 20 % apart: right in {right / max(pairs, 1):.1%} of {pairs} pairs"
    )
    sys.stdout.flush()


def _line(training: Training, kind: str, what: str, held: HeldOut, masks: list[np.ndarray]) -> None:
    own = (np.array(training.kinds) == kind) & np.isfinite(held.error)
    error = np.abs(np.expm1(held.error[own]))
    ratio = np.abs(held.error) / (NORMAL_80 * held.deviation)
    covered: list[bool] = []
    for mask in masks:
        others = ratio[own & ~mask]
        if len(others):
            covered += (ratio[own & mask] <= np.quantile(others, LEVEL)).tolist()
    goal = GOALS.get((kind, what), "–")
    print(
        f"| {kind} | {what} | {own.sum()} | {np.median(error):.1%} | {np.quantile(error, 0.9):.0%} "
        f"| {np.mean(covered):.0%} | {goal} |"
    )


def order(training: Training, held: HeldOut) -> tuple[int, int]:
    """Pairs of one metric, model and load, more than 20 % apart: how many are in order, and how many are."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, (case, kind) in enumerate(zip(training.cases, training.kinds, strict=True)):
        key = (kind, case.shape.model, case.scenario, case.input_tokens, case.output_tokens, case.concurrency)
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
