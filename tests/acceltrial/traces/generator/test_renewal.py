from __future__ import annotations

import numpy as np
import pytest

from acceltrial.traces.generator.renewal import unit_gaps, weibull_shape


@pytest.mark.parametrize("family", ["gamma", "weibull"])
@pytest.mark.parametrize("cv", [0.1, 0.7, 1.0, 2.0])
def test_gaps_have_mean_one_and_the_cv_asked_for(family: str, cv: float) -> None:
    gaps = unit_gaps(family, cv, 400_000, np.random.default_rng(0))  # type: ignore[arg-type]
    assert gaps.mean() == pytest.approx(1, abs=0.02)
    assert gaps.std() == pytest.approx(cv, rel=0.03)


def test_a_weibull_of_cv_one_is_exponential_and_the_ends_hold() -> None:
    assert weibull_shape(1.0)[0] == pytest.approx(1.0)
    assert weibull_shape(1e-9)[0] == 200.0
    assert weibull_shape(1e12)[0] == 0.05
