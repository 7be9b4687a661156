"""Rates over time."""

from __future__ import annotations

from stages.report.blocks import Charts, Material
from stages.report.sections import traffic


def test_every_request_falls_into_one_bin(material: Material) -> None:
    binned = traffic.binned_arrivals(material)
    assert {name: sum(bins) for name, (_, bins) in binned.items()} == dict.fromkeys(
        ["support-chat", "reply-suggest", "semantic-search", "fraud-scoring", "pump-monitoring"], 400
    )
    assert all(len(bins) == traffic.BINS for _, bins in binned.values())


def test_a_trace_without_requests_says_so(material: Material) -> None:
    charts = traffic.build(material).blocks[0]
    assert isinstance(charts, Charts)
    training = next(c for c in charts.charts if c.id == "traffic-domain-finetune")
    assert training.description == "The trace holds no requests of this workload."
