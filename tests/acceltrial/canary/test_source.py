from __future__ import annotations

import math

import pytest

from acceltrial.canary.source import FeedSource, Polled, Probe


class FakeFeed:
    def __init__(self, *polls):
        self.polls = list(polls)

    def poll(self, since):
        return self.polls.pop(0)


def row(ended, arm, ok=True, latency=100.0, error=""):
    return [ended, arm, ok, latency, None, 200, error]


def test_a_request_costs_the_time_for_which_it_occupies_its_server():
    feed = FakeFeed(Polled(10.0, 2, [row(1, "baseline"), row(2, "canary", latency=200.0)], []))
    source = FeedSource(feed, usd_per_h={"baseline": 3.6, "canary": 7.2})
    source.poll()
    assert list(source.records().column("cost_usd")) == pytest.approx([0.0001, 0.0004])
    free = FeedSource(FakeFeed(Polled(10.0, 1, [row(1, "canary")], [])))
    free.poll()
    assert "cost_usd" not in free.records().values


def test_what_hangs_counts_as_failed_once():
    hanging = Polled(10.0, 0, [], [["canary", 9.0]])
    feed = FakeFeed(hanging, hanging, Polled(12.0, 1, [row(11, "canary", ok=False, latency=9500.0)], []))
    source = FeedSource(feed, hang_s=5.0)
    for _ in range(3):
        source.poll()
    assert (~source.records().ok).sum() == 1


def test_a_client_that_left_says_nothing_about_the_arm():
    source = FeedSource(FakeFeed(Polled(1.0, 1, [row(0.5, "canary", ok=False, error="client_gone")], [])))
    source.poll()
    assert len(source.records()) == 0


def test_answers_to_known_questions_are_the_quality():
    feed = FakeFeed(*(Polled(float(t), 0, [], []) for t in range(4)))
    source = FeedSource(
        feed,
        prober=lambda arm: [Probe(ok=True, latency_ms=5.0, quality=float(arm == "baseline"))],
        probe_every=2,
    )
    for _ in range(4):
        source.poll()
    records = source.records()
    assert len(records) == 4
    assert list(records.column("quality")[records.canary]) == [0.0, 0.0]
    assert not math.isnan(records.column("quality")[0])
