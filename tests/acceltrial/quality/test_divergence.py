from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.quality.divergence import Agreement, Position, kl_lower_bound

LOGITS = st.lists(st.floats(-8, 8), min_size=3, max_size=40)


def logs(logits: list[float]) -> dict[int, float]:
    values = np.asarray(logits)
    return dict(enumerate((values - np.log(np.exp(values).sum())).tolist()))


def likeliest(of: dict[int, float], count: int) -> dict[int, float]:
    return dict(sorted(of.items(), key=lambda one: -one[1])[:count])


@settings(max_examples=200, deadline=None)
@given(logits=LOGITS, data=st.data(), few=st.integers(1, 40), fewer=st.integers(1, 40))
def test_it_never_exceeds_the_true_divergence_and_grows_with_what_is_known(
    logits: list[float], data: st.DataObject, few: int, fewer: int
) -> None:
    other = data.draw(st.lists(st.floats(-8, 8), min_size=len(logits), max_size=len(logits)))
    p, q = logs(logits), logs(other)
    true = sum(math.exp(p[t]) * (p[t] - q[t]) for t in p)
    found = kl_lower_bound(likeliest(p, few), likeliest(q, fewer))
    assert 0 <= found <= true + 1e-4
    assert kl_lower_bound(p, q) == pytest.approx(true, abs=1e-4)
    assert found <= kl_lower_bound(p, q) + 1e-4


def test_equal_sides_do_not_diverge_and_nothing_known_tells_nothing() -> None:
    p = logs([1.0, 2.0, 0.5])
    assert kl_lower_bound(p, p) == pytest.approx(0, abs=1e-9)
    assert kl_lower_bound({1: -0.1}, {2: -0.1}) == 0
    assert kl_lower_bound({}, {}) == 0
    assert kl_lower_bound({1: 1e-7}, {1: 1e-7}) == 0, "a probability a hair above one is one"


def test_the_interval_is_over_texts_and_nothing_asked_is_unknown_with_its_reason() -> None:
    found = Agreement([Position(0, 0.1, True), Position(0, 0.3, True), Position(1, 0.4, False)])
    assert (found.kl_nats.value, found.kl_nats.n) == (pytest.approx(0.3), 2)
    assert (found.top1.value, found.top1.n) == (pytest.approx(2 / 3), 3)
    silent = Agreement([Position(0, None, True)], "the server gives no log-probabilities")
    assert silent.kl_nats.value is None
    assert "no log-probabilities" in silent.kl_nats.reason
    assert silent.top1.value == 1.0
    assert Agreement([]).top1.value is None
