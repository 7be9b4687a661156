"""A set of tasks: questions written from a seed, as few-shot prompts of about the wanted length."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from acceltrial.quality.item import Check, Item

_PIECES = re.compile(r"\d|[^\W\d]+|[^\w\s]|\n")
_MOST_TRIES = 20


@dataclass(frozen=True, slots=True)
class Question:
    """What a task writes: a question, its answer, and what checks an answer to it."""

    text: str
    answer: str
    check: Check


@dataclass(frozen=True, slots=True)
class Task:
    """How to write questions.

    Attributes:
        name: what it is called on a command line.
        title: the same in words.
        header: the instruction in front of every prompt.
        stop: how each question begins; where an answer reaches it, the answer has ended.
        write: one question from a generator; equal states give equal questions.
        examples: worked examples that every prompt has, however short it should be.
        answer_tokens: an output of fewer tokens may be too short for the answer.
    """

    name: str
    title: str
    header: str
    stop: str
    write: Callable[[random.Random], Question]
    examples: int = 3
    answer_tokens: int = 3

    def items(self, input_tokens: Sequence[int], seed: int) -> list[Item]:
        """One item a length, in order, all questions different as far as the task can.

        The prompt is filled with worked examples up to its length, so that load and quality are measured
        by the same requests; no question stands among its own examples.
        """
        asked: set[str] = set()
        items = []
        for number, length in enumerate(input_tokens):
            draw = random.Random(f"{self.name} {seed} {number}")
            items.append(self._item(self._fresh(draw, asked), length, draw))
        return items

    def _fresh(self, draw: random.Random, asked: set[str]) -> Question:
        for _ in range(_MOST_TRIES):
            question = self.write(draw)
            if question.text not in asked:
                break
        asked.add(question.text)
        return question

    def _item(self, question: Question, length: int, draw: random.Random) -> Item:
        room = length - tokens_of(self.header) - tokens_of(question.text)
        examples: list[str] = []
        answers: list[str] = []
        while room > 0 or len(examples) < self.examples:
            shown = self.write(draw)
            # A run of equal answers teaches the answer, not the task.
            if shown.text == question.text or answers[-2:] == [shown.answer] * 2:
                continue
            text = f"{shown.text} {shown.answer}\n"
            if len(examples) >= self.examples and tokens_of(text) > room:
                break
            examples.append(text)
            answers.append(shown.answer)
            room -= tokens_of(text)
        prompt = self.header + "".join(examples) + question.text
        need = max(1 + tokens_of(question.answer), self.answer_tokens)
        return Item(prompt, question.answer, question.check, need, self.stop)


def tokens_of(text: str) -> int:
    """About how many tokens `text` is: words, digits, marks, line ends. Servers count exactly."""
    return len(_PIECES.findall(text))
