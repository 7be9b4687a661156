"""A server whose step times are known is found again from what a short run saw of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from acceltrial.errors import DataContractError
from acceltrial.simulate import Load, Server, StepTimes, simulate
from acceltrial.simulate.calibration import calibrate, paced
from acceltrial.simulate.observation import Pace, Phase, most_together, percentile_errors

TRUE = StepTimes(shared=0.02, cache=1e-6, token=2e-3, sequence=4e-3, prompt=0.01, base=0.002)
SERVER = Server(cache_tokens=1 << 20, max_sequences=4, prefix_cache=False)


def load_at(rate: float, count: int, seed: int, *, most: int = 256) -> Load:
    rng = np.random.default_rng(seed)
    inputs, outputs = rng.integers(8, most, count), rng.integers(2, 40, count)
    return Load.of(np.cumsum(rng.exponential(1 / rate, count)), inputs, outputs)


def seen(load: Load, noise: float, seed: int, server: Server = SERVER) -> Phase:
    found = simulate(load, TRUE, server).requests
    factor = np.exp(np.random.default_rng(seed).normal(0, noise, len(load)))
    ttft, e2e = found["ttft"] * factor, found["e2e"] * factor
    first, last = load.arrival + ttft, load.arrival + e2e
    many = load.outputs > 1
    gap = np.where(many, (e2e - ttft) / np.maximum(load.outputs - 1, 1), np.nan)
    return Phase(
        load.arrival, ttft, e2e, gap, load.inputs, load.outputs, most_together(first[many], last[many])
    )


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_an_unseen_load_is_foretold_after_a_short_run(noise: float) -> None:
    rates = (0.2, 1.0, 2.0, 8.0)
    phases = [seen(load_at(rate, 20, seed), noise, seed) for seed, rate in enumerate(rates)]
    fitted = calibrate(phases)
    assert fitted.max_sequences == 4
    other = load_at(1.2, 400, 99, most=400)
    told = simulate(other, fitted.steps, fitted.server()).requests
    real = simulate(other, TRUE, SERVER).requests
    for metric in ("ttft", "e2e"):
        errors = percentile_errors(told[metric], real[metric])
        assert abs(errors["p50"]) < 0.1
        assert abs(errors["p95"]) < 0.15
    assert fitted.step_factor < 1.6


@pytest.mark.slow
def test_a_server_that_reads_the_last_tokens_of_prompts_apart_is_found_out() -> None:
    server = replace(SERVER, prompt_tail=4)
    phases = [seen(load_at(rate, 20, seed), 0.02, seed, server) for seed, rate in enumerate((0.2, 2.0, 8.0))]
    assert calibrate(phases).prompt_tail == 4


def test_decode_steps_take_what_they_were_seen_to_take() -> None:
    steps = paced(TRUE, {1: Pace(0.05, 100.0, 9), 3: Pace(0.2, 500.0, 9)})
    assert steps.decode_batches == (1, 3)
    plain = 0.02 + 3 * 6e-3 + 500 * 1e-6
    assert steps.decode_factors[1] * plain == pytest.approx(0.2)


def test_too_little_is_refused() -> None:
    phase = seen(load_at(1.0, 5, 0), 0.0, 0)
    with pytest.raises(DataContractError, match="5 answered requests"):
        calibrate([phase])
    silent = replace(phase, gap_s=np.full(5, np.nan))
    with pytest.raises(DataContractError, match="cannot tell"):
        calibrate([silent] * 4)
