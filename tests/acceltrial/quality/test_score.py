from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from acceltrial.quality.questionnaire import text_questions
from acceltrial.quality.ranking import Ranking
from acceltrial.quality.score import Score
from acceltrial.quality.tasks import TASKS


def records(rows: list[tuple[int, str | None, str | None, int | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={
            "index": pl.Int64, "error_class": pl.String, "text": pl.String, "output_tokens_planned": pl.Int64,
        },
        orient="row",
    )  # fmt: skip


def test_a_failed_or_cut_request_is_counted_but_neither_right_nor_wrong() -> None:
    asked = text_questions(TASKS["order-number"], [60] * 6, 1)
    right = [item.answer for item in asked.items]
    score = asked.judge(
        records(
            [
                (3, None, f" {right[3]}", 20),
                (0, None, " no idea", None),
                (1, "http_500", None, 20),
                (2, None, right[2], 4),
                (4, None, "", 20),
                (5, None, "I cannot tell.", 20),
            ]
        )
    )
    assert score.correct == [True, False, None, None, False, False]
    assert score.counts == Counter(right=1, wrong=1, empty=1, refused=1, not_answered=1, cut=1)
    assert (score.success.value, score.success.n) == (0.25, 4)
    assert score.summary()["verdicts"]["cut"] == 1


def test_two_runs_add_up_and_no_answer_has_no_rate() -> None:
    one = Score("t", Counter(right=1), [True], [Ranking(1)])
    two = Score("t", Counter(wrong=1), [False], [Ranking(7)])
    both = one + two
    assert both.success.value == 0.5
    assert both.recall_at_1.value == 0.5
    assert both.ndcg_at_10.value == pytest.approx((1 + 1 / 3) / 2)
    assert Score("t", Counter(), [None]).success.value is None
