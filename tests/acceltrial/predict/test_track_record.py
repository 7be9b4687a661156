from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.predict.ledger import Pair
from acceltrial.predict.track_record import conformal, nonconformity, stretched, track_record

DAY = "2026-11-22T00:00:00+00:00"


def pair(measured: float, *, number: int = 0, metric: str = "ttft_ms", widened: float = 1.0) -> Pair:
    reach = math.exp(0.5 * widened)
    return Pair(
        f"w{number}", "here", "m", "int4", metric, "p50", "", "cpu", 100.0, 100.0 / reach, 100.0 * reach,
        widened, measured, "model", DAY, DAY, "r",
    )  # fmt: skip


def test_the_score_is_the_error_in_half_widths_whatever_was_put_on_them() -> None:
    assert nonconformity(pair(100.0 * math.exp(1.0))) == pytest.approx(2.0)
    assert nonconformity(pair(100.0 * math.exp(-0.25))) == pytest.approx(0.5)
    assert nonconformity(pair(100.0 * math.exp(1.0), widened=4.0)) == pytest.approx(2.0)
    assert nonconformity(replace(pair(120.0), low=-1.0)) is None
    assert nonconformity(replace(pair(120.0), high=100.0)) is None


def test_a_family_that_misses_is_widened_and_one_that_hits_is_narrowed() -> None:
    missing = [pair(100.0 * math.exp(1.5), number=n) for n in range(10)]
    hitting = [pair(100.0 * math.exp(0.35), number=n, metric="e2e_ms") for n in range(10)]
    record = track_record([*missing, *hitting])
    assert record.factor("cpu", "ttft_ms") == pytest.approx(3.0)
    assert record.factor("cpu", "e2e_ms") == pytest.approx(0.7)
    assert record.factor("cpu", "tpot_ms") == pytest.approx(3.0)
    assert record.factor("zen", "ttft_ms") == 1.0


def test_few_pairs_or_the_same_thing_again_change_nothing() -> None:
    assert track_record([pair(900.0, number=n) for n in range(9)]).factor("cpu", "ttft_ms") == 1.0
    again = [replace(pair(900.0), run=f"r{n}") for n in range(50)]
    assert track_record(again).factor("cpu", "ttft_ms") == 1.0


def test_stretching() -> None:
    assert stretched(100.0, 50.0, 200.0, 2.0) == pytest.approx((25.0, 400.0))
    assert stretched(100.0, 0.0, 200.0, 2.0) == (0.0, 200.0)


def test_stretched_intervals_hold_four_of_five_of_the_next() -> None:
    generator = np.random.default_rng(3)
    held = []
    for _ in range(400):
        scores = np.abs(generator.normal(0, 2.0, 21))
        held.append(scores[-1] <= conformal(scores[:-1].tolist()))
    assert 0.75 < np.mean(held) < 0.9


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_the_factor_stays_within_bounds(scores: list[float]) -> None:
    assert 0.5 <= conformal(scores) <= 20.0
