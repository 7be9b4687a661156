"""The peers' rules do what their projects say, on figures by minute that can be checked by eye."""

from __future__ import annotations

import numpy as np
import pytest

from acceltrial.canary.records import Records
from benchmarks.canary.peers import FAILED_CHECKS, LEAST_MINUTES, PEERS, ByMinute, by_minute


def minutes(n=30, p99=(100.0, 100.0), failures=(0.0, 0.0), mean=(50.0, 50.0)):
    def both(pair):
        return np.tile(np.array(pair), (n, 1))

    count = both((1000.0, 100.0))
    wobble = 1 + 0.01 * np.sin(np.arange(n))[:, None]
    return ByMinute(
        count, both(failures), both(p99) * wobble, both(mean) * count, (both(mean) ** 2 + 100) * count
    )


@pytest.mark.parametrize("name", PEERS)
def test_alike_arms_are_left_alone(name):
    assert PEERS[name](minutes()) is None


@pytest.mark.parametrize(
    ("name", "seen", "at"),
    [
        ("Kayenta", minutes(p99=(100, 150)), LEAST_MINUTES),
        ("threshold", minutes(p99=(100, 150)), FAILED_CHECKS),
        ("threshold", minutes(failures=(0, 2)), FAILED_CHECKS),
        ("peeking z", minutes(mean=(50, 60)), 1),
        ("peeking z", minutes(failures=(10, 5)), 2),
    ],
)
def test_harm_is_rolled_back_at_the_minute_of_the_rule(name, seen, at):
    assert PEERS[name](seen) == at


def test_the_figures_by_minute_are_those_of_the_requests():
    t = np.array([1.0, 2.0, 3.0, 61.0, 62.0])
    canary = np.array([False, False, True, False, True])
    ok = np.array([True, False, True, True, False])
    latency = np.array([10.0, 30.0, 5.0, 7.0, 9.0])
    seen = by_minute(Records(t, canary, ok, {"latency_ms": latency}, np.zeros(5, np.int64)), 3)
    assert seen.n.tolist() == [[2, 1], [1, 1], [0, 0]]
    assert seen.failures.tolist() == [[1, 0], [0, 1], [0, 0]]
    assert seen.p99_ms[:2].tolist() == [[30, 5], [7, 9]]
    assert np.isnan(seen.p99_ms[2]).all()
    assert seen.sum_ms.tolist() == [[40, 5], [7, 9], [0, 0]]
