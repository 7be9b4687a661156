"""Interruptions and checkpoints of training runs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.predict.interruption import (
    Interruptions,
    best_interval_s,
    checkpoint_seconds,
    clock_per_work,
    cost_per_step,
)

HOUR = 3600.0


def test_the_best_interval_is_near_youngs_where_checkpoints_are_short() -> None:
    run = Interruptions(24 * HOUR, 10.0, 60.0)
    assert best_interval_s(run) == pytest.approx(math.sqrt(2 * 10.0 * 24 * HOUR), rel=0.02)
    assert best_interval_s(Interruptions(100.0, 300.0, 1.0)) == 100.0


@given(st.floats(600.0, 1e6), st.floats(0.1, 300.0), st.floats(0.0, 600.0), st.floats(0.3, 3.0))
def test_no_other_interval_is_much_better(mean: float, write: float, restart: float, factor: float) -> None:
    run = Interruptions(mean, write, restart)
    best = clock_per_work(run)
    assert best >= 1.0
    assert clock_per_work(run, best_interval_s(run) * factor) >= best * 0.995


def test_a_run_without_interruptions_loses_nothing_and_one_with_too_many_never_ends() -> None:
    assert clock_per_work(Interruptions(math.inf, 30.0, 60.0)) == 1.0
    assert clock_per_work(Interruptions(math.inf, 30.0, 60.0), 300.0) == pytest.approx(1.1)
    assert clock_per_work(Interruptions(1.0, 10.0, 3600.0)) == math.inf


def test_spot_is_cheaper_only_while_interruptions_are_rare() -> None:
    write = checkpoint_seconds(8.0, 2.0)
    assert write == pytest.approx(56.0)
    owned = cost_per_step(2.0, 8, 4.0, Interruptions(math.inf, write, 300.0))
    assert owned == pytest.approx(2.0 * 8 * 4.0 / HOUR)
    assert cost_per_step(2.0, 8, 2.0, Interruptions(12 * HOUR, write, 300.0)) < owned
    assert cost_per_step(2.0, 8, 2.0, Interruptions(300.0, write, 300.0)) > owned


@pytest.mark.parametrize(
    "figures", [(0.0, 1.0, 1.0), (-1.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, math.nan)]
)
def test_impossible_figures_are_refused(figures: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Interruptions(*figures)
    with pytest.raises(ValueError, match="above zero"):
        checkpoint_seconds(0.0, 1.0)
