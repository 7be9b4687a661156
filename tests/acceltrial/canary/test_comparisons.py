from __future__ import annotations

import numpy as np
import pytest

from acceltrial.canary.comparisons import compared_by
from acceltrial.canary.guardrails import ErrorGuardrail, JudgeSettings
from acceltrial.canary.records import Records


def failing(rate_canary, *, seed=0, n=12_000, span_s=1200.0):
    rng = np.random.default_rng(seed)
    canary = rng.random(n) < 0.1
    ok = rng.random(n) >= np.where(canary, rate_canary, 0.01)
    return Records(np.sort(rng.random(n) * span_s), canary, ok, {}, np.zeros(n, np.int64))


@pytest.mark.parametrize("rate", [0.01, 0.04])
def test_evidence_that_rises_within_a_look_counts_at_its_end(rate):
    records, rule = failing(rate), ErrorGuardrail()
    coarse, fine = (
        compared_by(rule, records, JudgeSettings(interval_s=interval, restart_looks=restart), looks)[0]
        for interval, restart, looks in ((60.0, 5, 20), (15.0, 20, 80))
    )
    assert coarse.harm == pytest.approx(fine.harm.reshape(20, 4).max(axis=1))
    assert coarse.safe[-1] == pytest.approx(fine.safe[-1])
    assert (coarse.n_canary, coarse.share_canary) == (fine.n_canary, fine.share_canary)
