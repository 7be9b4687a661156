from __future__ import annotations

import pytest

from acceltrial.quality.checks import OneOf
from acceltrial.quality.item import Item, Verdict

ITEM = Item("?", "positive", OneOf(("positive", "negative"), "positive"), 3, "Review:")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (" Positive\nReview: it is bad\nSentiment: negative", Verdict.RIGHT),
        ("<think>\nnegative? no\n</think>\npositive", Verdict.RIGHT),
        ("<think>never ends", Verdict.EMPTY),
        ("\n\nReview: the next one\nSentiment: positive", Verdict.EMPTY),
        (" \n\t", Verdict.EMPTY),
        ("", Verdict.EMPTY),
        (None, Verdict.EMPTY),
        ("I'm sorry, I cannot help with that.", Verdict.REFUSED),
        ("I can’t answer this.", Verdict.REFUSED),
        ("As an AI, I have no opinion.", Verdict.REFUSED),
        ("neutral", Verdict.WRONG),
        ("negative", Verdict.WRONG),
    ],
)
def test_right_wrong_refused_and_empty_are_told_apart(text: str | None, verdict: Verdict) -> None:
    assert ITEM.grade(text) is verdict
