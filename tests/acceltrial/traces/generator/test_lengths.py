from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from acceltrial.traces.generator.lengths import LengthSpec, draw_lengths, length_at


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 2000), st.floats(1, 20), st.floats(1, 5), st.integers(0, 100))
def test_quantiles_are_met_and_the_cap_holds(p50: int, a: float, b: float, seed: int) -> None:
    spec = LengthSpec(quantiles={0.5: p50, 0.95: p50 * a, 0.99: p50 * a * b})
    drawn = np.array(draw_lengths(spec, 20_000, np.random.default_rng(seed)))
    assert drawn.max() <= spec.cap()
    assert drawn.min() >= 1
    from scipy.special import ndtri

    exact = length_at(spec, ndtri(np.array([0.5, 0.95, 0.99])))
    assert exact == pytest.approx([p50, p50 * a, p50 * a * b], abs=0.51)


def test_one_quantile_is_enough_and_none_gives_empties() -> None:
    assert len(draw_lengths(LengthSpec(quantiles={0.5: 100}), 5, np.random.default_rng(0))) == 5
    assert draw_lengths(None, 2, np.random.default_rng(0)) == [None, None]


@pytest.mark.parametrize(
    "quantiles", [{}, {0.5: -1}, {1.5: 3}, {0.5: float("nan")}, {0.5: 10, 0.9: 5}, {0.5: float("inf")}]
)
def test_quantiles_that_cannot_be_are_refused(quantiles: dict[float, float]) -> None:
    with pytest.raises(ValidationError):
        LengthSpec(quantiles=quantiles)
