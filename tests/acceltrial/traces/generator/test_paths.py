from __future__ import annotations

import numpy as np
import pytest

from acceltrial.traces.generator.paths import Noise, PathShape, dispersion_per_variance
from acceltrial.traces.generator.spec import ActiveSpec, DaySpec, GeneratorSpec


def test_dispersion_formula_has_its_limits() -> None:
    assert dispersion_per_variance(1e-3, 10.0, 4.0) == pytest.approx(4.0 * 1e-3, rel=0.01)
    assert dispersion_per_variance(1e6, 10.0, 4.0) == pytest.approx(2 * 4.0 * 10.0, rel=0.01)


def test_the_rate_has_mean_one_and_is_never_negative() -> None:
    spec = GeneratorSpec(rate_rps=3, duration_s=7200, day=DaySpec(peak_to_mean=1.8))
    noise = Noise(spec, 7200, 1)
    path = noise.shared(PathShape(variances=(1.0, 0.5, 2.0, 0.0), silence=40.0))
    assert path.mean() == pytest.approx(1)
    assert path.min() >= 0
    assert (path == 0).any()


def test_outside_the_batch_window_nothing_comes() -> None:
    spec = GeneratorSpec(
        rate_rps=1, duration_s=7200, active=ActiveSpec(start_s=600, length_s=600, period_s=3600)
    )
    noise = Noise(spec, 7200, 0)
    middles = (noise.edges[1:] + noise.edges[:-1]) / 2
    inside = (middles % 3600 >= 600) & (middles % 3600 < 1200)
    path = noise.shared(PathShape())
    assert path[~inside].max() == 0
    assert path[inside].min() > 0
    assert np.isclose(path.mean(), 1)
