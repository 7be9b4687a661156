"""Decision cards."""

from __future__ import annotations

from stages.report.blocks import Material
from stages.report.sections import cards


def _cards(material: Material) -> dict[str, cards.Card]:
    block = cards.build(material).blocks[0]
    assert isinstance(block, cards.CardList)
    return {card.workload: card for card in block.cards}


def test_a_card_says_when_nothing_was_measured(material: Material) -> None:
    found = _cards(material)
    assert found["support-chat"].evidence_line.startswith("Nothing here could measure this workload")
    assert found["reply-suggest"].evidence_line == "The recommended option was measured here."
    assert found["fraud-scoring"].evidence_line == "No option is recommended."


def test_latency_is_held_against_the_limit_with_its_interval(material: Material) -> None:
    remarks = [(f.remark, f.tone) for card in _cards(material).values() for f in card.figures]
    assert any(tone == "good" and text.startswith("within") for text, tone in remarks)
    assert ("misses 80 ms", "bad") in remarks
    assert ("limit 500 ms lies inside the interval", "warn") in remarks
    one = _cards(material)["reply-suggest"].figures
    assert [f.label for f in one][:4] == [
        "Cost",
        "A month",
        "Time to first token, p95",
        "Time per output token, p95",
    ]


def test_without_a_figure_the_reason_stands(material: Material) -> None:
    found = _cards(material)["fraud-scoring"]
    assert found.figures == []
    assert ("Next", "relax residency or find an offer") in found.prose


def test_declared_against_observed_is_on_the_card(material: Material) -> None:
    table = _cards(material)["support-chat"].class_table
    assert table is not None
    assert table.rows[0][1:4] == ["bursty", "steady", "bursty"]
