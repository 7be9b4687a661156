"""How many of a set's answers were right, with the interval, and what the others were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from acceltrial.quality.item import Item, Verdict
from acceltrial.quality.ranking import Ranking
from acceltrial.stats.quantiles import Estimate, mean_interval, proportion_interval

NOT_ANSWERED = "not_answered"
CUT = "cut"


@dataclass(frozen=True)
class Score:
    """What came of asking.

    Attributes:
        task: what was asked, in words.
        counts: verdicts, and under `not_answered` and `cut` what could not be judged: a failed request is
            counted by its error class elsewhere, and an output that was asked for shorter than the
            answer cannot hold it. Neither enters the success rate.
        correct: one entry a record, in their order; None where it could not be judged.
        rankings: of retrieval, where each relevant text came to stand.
    """

    task: str
    counts: Counter[str]
    correct: list[bool | None]
    rankings: list[Ranking] = field(default_factory=list)

    @property
    def success(self) -> Estimate:
        """The share of judged answers that are right, with its Clopper-Pearson interval."""
        judged = [one for one in self.correct if one is not None]
        return proportion_interval(sum(judged), len(judged))

    @property
    def ndcg_at_10(self) -> Estimate:
        """Mean nDCG@10 with one relevant text a query, with Student's interval."""
        return mean_interval(np.asarray([one.ndcg_at_10 for one in self.rankings]))

    @property
    def recall_at_1(self) -> Estimate:
        """The share of queries whose relevant text comes first."""
        return proportion_interval(sum(one.rank == 1 for one in self.rankings), len(self.rankings))

    def __add__(self, other: Score) -> Score:
        """Both together; the records of `self` first."""
        return Score(
            self.task,
            self.counts + other.counts,
            self.correct + other.correct,
            self.rankings + other.rankings,
        )

    def summary(self) -> dict[str, Any]:
        """JSON-able, as `acceltrial bench --quality` prints it."""
        found = {
            "task": self.task,
            "verdicts": dict(sorted(self.counts.items())),
            "success_rate": _told(self.success),
        }
        if self.rankings:
            found |= {"recall_at_1": _told(self.recall_at_1), "ndcg_at_10": _told(self.ndcg_at_10)}
        return found


def score_answers(records: pl.DataFrame, items: Sequence[Item], task: str) -> Score:
    """The score of a load run whose request `index` asked `items[index]`; its text must have been kept."""
    counts: Counter[str] = Counter()
    correct: list[bool | None] = []
    rows = records.select("index", "error_class", "text", "output_tokens_planned").iter_rows()
    for index, error, text, planned in rows:
        item = items[index]
        if error is not None:
            counts[NOT_ANSWERED] += 1
            correct.append(None)
            continue
        if planned is not None and planned < item.answer_tokens:
            # Counting those that happen to be right would favour them.
            counts[CUT] += 1
            correct.append(None)
            continue
        verdict = item.grade(text)
        counts[str(verdict)] += 1
        correct.append(verdict == Verdict.RIGHT)
    return Score(task, counts, correct)


def _told(found: Estimate) -> dict[str, Any]:
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "level": found.level,
        "method": found.method,
        "reason": found.reason,
    }
