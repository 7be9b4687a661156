from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from acceltrial.catalog import load_catalogue
from acceltrial.errors import ConfigurationError
from acceltrial.predict import Device, ModelShape, ServingCase, load_parameters
from acceltrial.simulate.fitted import cache_tokens, slower, spread, step_times


@pytest.fixture(scope="module")
def case(checkout: Path) -> ServingCase:
    known = load_catalogue(checkout / "data" / "catalogue")
    device = Device.from_row(known.accelerator("h100-sxm"))
    shape = ModelShape.from_row(known.model("llama-3.1-8b"))
    return ServingCase(device, shape, 1, "bf16", "bf16", "closed_loop", 1024.0, 256.0, 16.0)


def test_figures_are_those_of_the_step_time_model(case: ServingCase) -> None:
    fitted = load_parameters()
    steps = step_times(case, fitted)
    bandwidth = case.device.memory_bw_gb_s
    assert bandwidth is not None
    assert steps.shared == pytest.approx(16.06 / bandwidth / fitted.physical.memory, rel=0.01)
    assert steps.experts == 0
    assert len(steps.decode_factors) == 9
    assert 200_000 < cache_tokens(case) < 600_000
    assert spread(case, fitted) > 1
    assert slower(steps, 2.0).decode_factors[3] == pytest.approx(2 * steps.decode_factors[3])


def test_what_does_not_fit_or_generate_is_refused(case: ServingCase) -> None:
    fitted = load_parameters()
    large = replace(case.shape, params_b=400.0, active_params_b=400.0)
    with pytest.raises(ConfigurationError, match="does not fit"):
        step_times(replace(case, shape=large), fitted)
    with pytest.raises(ConfigurationError, match="token by token"):
        step_times(replace(case, shape=replace(case.shape, family="embedding")), fitted)
    tight = replace(case.shape, params_b=39.0, active_params_b=39.0)
    with pytest.raises(ConfigurationError, match="tokens of cache"):
        cache_tokens(replace(case, shape=tight))
