"""The soak: all traffic is the canary's, so it is held to the past and to bounds of its own."""

from __future__ import annotations

import numpy as np
import pytest

from acceltrial.canary.absolute import worse_than_before
from acceltrial.canary.guardrails import JudgeSettings, MemoryGuardrail
from acceltrial.canary.records import Records

SOAK_S = 300.0


def soaking(memory_of, rate=5.0, seed=0):
    """Ten minutes, the last five the canary's alone; its memory as `memory_of` the time in the soak."""
    rng = np.random.default_rng(seed)
    t = np.sort(rng.random(int(600 * rate)) * 600)
    canary = (t >= SOAK_S) | (rng.random(len(t)) < 0.5)
    memory = 1e9 * np.where(t >= SOAK_S, memory_of(t - SOAK_S), 1.0)
    values = {"latency_ms": rng.lognormal(4, 0.3, len(t)), "memory_bytes": memory}
    return Records(t, canary, np.ones(len(t), dtype=bool), values, np.zeros(len(t), np.int64))


def breach(records, **rule):
    settings = JudgeSettings(guardrails=(MemoryGuardrail(**rule),), interval_s=20.0)
    return worse_than_before(records, SOAK_S, settings, 0.01)


def test_a_leak_that_begins_in_the_soak_is_seen():
    found = breach(soaking(lambda s: 1 + s / 300))
    assert found is not None
    assert found[1] == "memory"
    assert "looks of the soak" in found[2]


@pytest.mark.parametrize(
    "memory_of",
    [np.ones_like, lambda s: 1 + np.minimum(s, 60) / 100, lambda s: 1 + 0.01 * np.sin(s)],
    ids=["steady", "grows into its traffic", "breathes"],
)
def test_memory_that_settles_is_left_alone(memory_of):
    assert breach(soaking(memory_of)) is None


def test_headroom_is_kept_in_the_soak_too():
    found = breach(soaking(lambda s: np.where(s > 200, 1.5, 1.0)), limit_bytes=1.5e9)
    assert found is not None
    assert "of the limit free" in found[2]


def test_without_a_guardrail_of_memory_nobody_looks_at_it():
    records = soaking(lambda s: 1 + s / 100)
    without = {"latency_ms": records.values["latency_ms"]}
    blind = Records(records.t_s, records.canary, records.ok, without, records.group)
    assert worse_than_before(blind, SOAK_S, JudgeSettings(interval_s=20.0), 0.01) is None
