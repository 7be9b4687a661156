"""Loads and servers that the tests of the simulator share."""

from __future__ import annotations

import numpy as np

from acceltrial.simulate import Load, Simulation, StepTimes

STEPS = StepTimes(
    shared=6e-3, cache=5e-8, token=3.5e-5, attention=1e-9, sequence=1.1e-5, layers=5e-4, blend=1.65, base=0.04
)


def random_load(count: int, rate: float, seed: int, *, most: int = 2000) -> Load:
    """Poisson arrivals, lognormal lengths, sessions that repeat half of their prompt, two priorities."""
    rng = np.random.default_rng(seed)
    inputs = np.clip(rng.lognormal(5.5, 1.0, count), 1, most).astype(int)
    outputs = np.clip(rng.lognormal(4.0, 0.8, count), 1, most).astype(int)
    return Load.of(
        np.cumsum(rng.exponential(1.0 / rate, count)),
        inputs,
        outputs,
        key=rng.integers(0, count // 4 + 1, count),
        prefix=inputs // 2,
        priority=rng.integers(0, 2, count),
    )


def check_conservation(load: Load, simulation: Simulation) -> None:
    """Raises where tokens, blocks, places or time got lost."""
    from acceltrial.simulate.state import (
        DONE,
        FREE_HISTORIES,
        GENERATED,
        HIT,
        MOVED,
        PREFILLED,
        RECOMPUTED,
        WAITING,
        WASTED,
    )

    rep, counts = simulation.replicas.rep, simulation.replicas.counts
    done = simulation.requests["status"] == DONE
    assert (simulation.requests["status"] != WAITING).all()
    read = load.inputs[done].sum() + counts[RECOMPUTED] + counts[MOVED]
    assert counts[PREFILLED] + counts[HIT] == read
    assert counts[GENERATED] - counts[WASTED] == load.outputs[done].sum()
    assert (rep["free"] + rep["cached"] == simulation.settings.blocks).all()
    assert not rep["own"].any()
    assert not rep["pinned"].any()
    assert not rep["load"].any()
    assert counts[FREE_HISTORIES] == len(simulation.replicas.histories)
    np.testing.assert_allclose(rep["busy"] + rep["idle"] + rep["down"], rep["now"], rtol=1e-9)
    gaps = load.outputs[done].sum() - done.sum()
    if counts[WASTED] == 0:
        assert simulation.replicas.pooled.sum() == gaps
