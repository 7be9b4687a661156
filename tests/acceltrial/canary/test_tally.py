from __future__ import annotations

import numpy as np
import pytest

from acceltrial.canary import tally
from acceltrial.canary.guardrails import LatencyGuardrail, Warmup
from acceltrial.canary.records import Records
from acceltrial.canary.tally import tally_slow

RULE = LatencyGuardrail()
P99 = RULE.levels.index(0.99)


def counted(canary_latency, *, seed=0, minutes=40, rate=40, share=0.3):
    """Slow requests where the canary's latencies are what `canary_latency` makes of the baseline's."""
    rng = np.random.default_rng(seed)
    n = rate * 60 * minutes
    t, canary = np.sort(rng.random(n) * 60 * minutes), rng.random(n) < share
    latency = 100 * np.exp(0.4 * rng.standard_normal(n))
    values = np.where(canary, canary_latency(latency), latency)
    records = Records(t, canary, np.ones(n, bool), {"latency_ms": values}, np.zeros(n, np.int64))
    return tally_slow(records, values, RULE, minutes, 60.0, 600.0, Warmup()).tally


def beyond_p99(found):
    late = slice(10, None)
    k_c, n_c, k_b, n_b = (
        x[late, 0, P99].sum() for x in (found.k_canary, found.n_canary, found.k_baseline, found.n_baseline)
    )
    return k_c / n_c, k_b / n_b


def test_the_tail_of_an_arm_that_drifts_within_the_margin_is_followed():
    canary, baseline = beyond_p99(counted(lambda x: 1.04 * x))
    assert baseline == pytest.approx(0.01, abs=0.001)
    assert canary == pytest.approx(0.01, abs=0.0015)


def test_a_tail_that_grows_alone_has_no_margin():
    slow = 100 * np.exp(0.4 * 1.645)
    canary, _ = beyond_p99(counted(lambda x: np.where(x > slow, slow + 1.5 * (x - slow), 0.98 * x)))
    plain, _ = beyond_p99(counted(lambda x: x))
    assert canary > 1.5 * plain


def test_an_arm_slower_beyond_the_margin_is_followed_no_further():
    canary, _ = beyond_p99(counted(lambda x: 1.3 * x))
    assert canary > 0.02


def test_few_requests_tell_no_drift():
    looks, width = 6, 40
    hist = np.zeros((2, 1, looks, width), np.int64)
    hist[0, 0, :, 10:20], hist[1, 0, :, 14:24] = 100, 1
    before = [tally._preceding_counts(hist[0, 0], 10)]
    body = np.stack([tally._place(before[0], tally.BODY)])
    assert not tally._slower(hist, before, body, 0, 5, 0.01).any()
    hist[1] *= 100
    followed = tally._slower(hist, before, body, 0, 5, 0.01)
    assert followed[:2].tolist() == [0, 0], "the first look has no reference yet"
    assert np.all(followed[2:] > 0.02)


def test_wide_data_takes_wider_steps(monkeypatch):
    rng = np.random.default_rng(1)
    n = 2000
    records = Records(np.arange(n) / 10.0, rng.random(n) < 0.5, np.ones(n, bool), {}, np.zeros(n, np.int64))
    values, known = np.exp(rng.uniform(-10, 18, n)), np.ones(n, bool)
    steps, step = tally._steps_of(records, values, known, 4)
    assert step == tally.BIN
    fine = tally._histograms(records, steps, known, 4, 60.0)
    monkeypatch.setattr(tally, "MOST_CELLS", fine.size // 10)
    steps, wider = tally._steps_of(records, values, known, 4)
    coarse = tally._histograms(records, steps, known, 4, 60.0)
    assert coarse.size <= fine.size // 10
    assert wider == pytest.approx(round(wider / tally.BIN) * tally.BIN)
    assert np.array_equal(coarse.sum(axis=3), fine.sum(axis=3))


def test_a_latency_of_zero_is_the_fastest_and_none_is_missing():
    n = 1200
    values = np.where(np.arange(n) % 2 == 0, 0.0, 100.0)
    values[:3] = np.nan
    records = Records(np.arange(n) / 10, np.arange(n) % 4 < 2, np.ones(n, bool), {}, np.zeros(n, np.int64))
    found = tally_slow(records, values, RULE, 2, 60.0, 600.0, Warmup())
    assert found.known.sum() == n - 3
    assert found.steps[values == 0].max() < found.steps[values == 100].min()
