from __future__ import annotations

import numpy as np
import pytest

from benchmarks.canary.streams import FAMILIES, Trouble, simulate

QUICK = {"minutes": 30, "share": 0.5, "rate": 40.0}


def arms(**trouble):
    records = simulate(Trouble(**QUICK, **trouble), (1, 2))
    latency = records.values["latency_ms"]
    return records, latency[~records.canary], latency[records.canary]


def test_a_stream_is_its_seed():
    one, two, other = (simulate(Trouble(minutes=2), seed) for seed in ((1, 2), (1, 2), (1, 3)))
    assert np.array_equal(one.values["latency_ms"], two.values["latency_ms"])
    assert len(one) != len(other) or not np.array_equal(one.t_s, other.t_s)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("factor", [1.25, 1.5])
def test_a_tail_grows_at_p99_while_the_mean_stays(family, factor):
    _, baseline, canary = arms(family=family, tail=factor)
    assert np.quantile(canary, 0.99) / np.quantile(baseline, 0.99) == pytest.approx(factor, rel=0.08)
    assert canary.mean() == pytest.approx(baseline.mean(), rel=0.02)


def test_each_trouble_is_what_it_says():
    _, baseline, canary = arms(scale=1.25)
    assert np.median(canary) / np.median(baseline) == pytest.approx(1.25, rel=0.02)
    records, *_ = arms(errors=(0.01, 0.05))
    rates = [1 - records.ok[records.canary == arm].mean() for arm in (False, True)]
    assert rates == pytest.approx([0.01, 0.05], rel=0.15)
    records, *_ = arms(cold=3.0)
    slow = records.values["latency_ms"] > 250
    early = records.t_s < 180
    assert slow[records.canary & early].mean() > 5 * slow[records.canary & ~early].mean()


def test_arms_drift_by_what_is_asked_and_each_by_itself():
    medians = np.array([_late_medians(simulate(DRIFTING, (7, seed))) for seed in range(30)])
    assert np.std(medians) == pytest.approx(0.027, abs=0.01)
    assert abs(np.corrcoef(*medians.T)[0, 1]) < 0.5


DRIFTING = Trouble(minutes=20, share=0.5, drift=0.03)


def _late_medians(records):
    logs, late = np.log(records.values["latency_ms"] / 100), records.t_s > 900
    return [np.median(logs[late & (records.canary == arm)]) for arm in (False, True)]
