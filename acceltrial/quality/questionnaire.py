"""What a load run asks so that its answers can be judged: prompts for the load engine, and the judge."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from acceltrial.quality.item import Item, Verdict
from acceltrial.quality.manual import candidates, manual
from acceltrial.quality.ranking import Ranking, UnusableAnswerError, rank_of, rerank_scores, vectors_of
from acceltrial.quality.score import NOT_ANSWERED, Score, score_answers
from acceltrial.quality.task import Task

FEWEST_DOCUMENTS = 10
"""Of one rerank request: among fewer, a place in the first five would say nothing."""
_PAGE_TOKENS = 32


class Questionnaire(Protocol):
    """Prompts for `Schedule.prompts`, one a request, and the judge of the run's records."""

    @property
    def prompts(self) -> Sequence[Any]:
        """What to send."""
        ...

    @property
    def answer_tokens(self) -> list[int]:
        """So many output tokens each answer needs."""
        ...

    def part(self, start: int, stop: int | None = None) -> Questionnaire:
        """Some of the questions, for a run of their own."""
        ...

    def judge(self, records: pl.DataFrame) -> Score:
        """The score of a run that kept its texts. Raises UnusableAnswerError where no answer can be read."""
        ...


@dataclass(frozen=True)
class TextQuestions:
    """Questions with text answers."""

    title: str
    items: list[Item]

    @property
    def prompts(self) -> list[str]:
        """One text a request."""
        return [item.prompt for item in self.items]

    @property
    def answer_tokens(self) -> list[int]:
        """So many output tokens each answer needs."""
        return [item.answer_tokens for item in self.items]

    def part(self, start: int, stop: int | None = None) -> TextQuestions:
        """Some of the questions, for a run of their own."""
        return replace(self, items=self.items[start:stop])

    def judge(self, records: pl.DataFrame) -> Score:
        """The score by each item's own check."""
        return score_answers(records, self.items, self.title)


@dataclass(frozen=True)
class SearchQuestions:
    """Questions to an embedder, each with the row of its page in `index` (unit vectors)."""

    prompts: list[str]
    relevant: list[int]
    index: npt.NDArray[np.float64]

    @property
    def answer_tokens(self) -> list[int]:
        """An embedding has no tokens."""
        return [1] * len(self.prompts)

    def part(self, start: int, stop: int | None = None) -> SearchQuestions:
        """Some of the questions, for a run of their own."""
        return replace(self, prompts=self.prompts[start:stop], relevant=self.relevant[start:stop])

    def judge(self, records: pl.DataFrame) -> Score:
        """The score of searching the index with each vector."""

        def rank(index: int, text: str) -> Ranking:
            vector = vectors_of(text, 1)
            if vector.shape[1] != self.index.shape[1]:
                raise UnusableAnswerError("a question's vector is not as long as a page's")
            return rank_of((self.index @ vector.T)[:, 0], self.relevant[index])

        return _score_rankings(records, f"search among {len(self.index)} generated manual pages", rank)


@dataclass(frozen=True)
class RerankQuestions:
    """Questions to a reranker: (query, documents) pairs, and the place of the right document in each."""

    prompts: list[tuple[str, list[str]]]
    relevant: list[int]

    @property
    def answer_tokens(self) -> list[int]:
        """Scores have no tokens."""
        return [1] * len(self.prompts)

    def part(self, start: int, stop: int | None = None) -> RerankQuestions:
        """Some of the questions, for a run of their own."""
        return replace(self, prompts=self.prompts[start:stop], relevant=self.relevant[start:stop])

    def judge(self, records: pl.DataFrame) -> Score:
        """The score of ordering each request's documents."""

        def rank(index: int, text: str) -> Ranking:
            return rank_of(rerank_scores(text, len(self.prompts[index][1])), self.relevant[index])

        counts = [len(documents) for _, documents in self.prompts] or [0]
        told = f"reranking of {min(counts)} to {max(counts)} generated manual pages"
        return _score_rankings(records, told, rank)


def text_questions(task: Task, input_tokens: Sequence[int], seed: int) -> TextQuestions:
    """One question a length."""
    return TextQuestions(task.title, task.items(input_tokens, seed))


def search_questions(
    embed: Callable[[list[str]], npt.NDArray[np.float64]],
    input_tokens: Sequence[int],
    seed: int,
    pages: int | None = None,
) -> SearchQuestions:
    """One question a length; `embed` gives the pages' unit vectors, before the run is timed."""
    book = manual(seed, pages)
    asked = [book.asked(number, length) for number, length in enumerate(input_tokens)]
    return SearchQuestions([text for text, _ in asked], [page for _, page in asked], embed(book.pages))


def rerank_questions(input_tokens: Sequence[int], seed: int) -> RerankQuestions:
    """One question a length, each with as many pages as make up the length."""
    book = manual(seed)
    prompts, relevant = [], []
    for number, length in enumerate(input_tokens):
        text, page = book.asked(number, min(length, 40))
        count = max(FEWEST_DOCUMENTS, min(len(book.pages), length // _PAGE_TOKENS))
        documents, place = candidates(book, page, count, random.Random(f"rerank {seed} {number}"))
        prompts.append((text, documents))
        relevant.append(place)
    return RerankQuestions(prompts, relevant)


def _score_rankings(records: pl.DataFrame, task: str, rank: Callable[[int, str], Ranking]) -> Score:
    counts: Counter[str] = Counter()
    correct: list[bool | None] = []
    rankings: list[Ranking] = []
    problem = ""
    for index, error, text in records.select("index", "error_class", "text").iter_rows():
        if error is not None:
            counts[NOT_ANSWERED] += 1
            correct.append(None)
            continue
        try:
            found = rank(index, text or "")
        except UnusableAnswerError as unusable:
            # It was answered, though not with what was asked for: a wrong answer, not a missing one.
            problem = str(unusable)
            counts[str(Verdict.EMPTY)] += 1
            correct.append(False)
            continue
        rankings.append(found)
        counts[str(Verdict.RIGHT if found.succeeded else Verdict.WRONG)] += 1
        correct.append(found.succeeded)
    if problem and not rankings:
        raise UnusableAnswerError(problem)
    return Score(task, counts, correct, rankings)
