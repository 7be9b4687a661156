"""Generated tasks with checkable answers, as few-shot prompts for a base model.

The prompt of each request is filled with worked examples up to the length that the trace asks for, so
that load and quality are measured by the same requests.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

FEWEST_EXAMPLES = 3
_PIECES = re.compile(r"\d|[^\W\d]+|[^\w\s]|\n")

PRODUCTS = ["pump", "compressor", "valve", "controller", "seal kit", "booster set", "sensor", "drive"]
PRAISE = [
    "works perfectly", "was delivered early and runs quietly", "is excellent", "is a great improvement",
    "has never failed", "was easy to install and we love it", "runs better than promised",
]  # fmt: skip
BLAME = [
    "leaks everywhere", "broke after two days", "is terrible", "makes a horrible noise", "arrived damaged",
    "keeps failing and nobody answers", "is a complete waste of money",
]  # fmt: skip
GREETINGS = ["Hello", "Good morning", "Dear team", "Hi", "To the service desk"]
REQUESTS = [
    "please send the invoice for",
    "I ask for the status of",
    "when do you ship",
    "please cancel",
    "a question on",
]


@dataclass(frozen=True, slots=True)
class Item:
    """One request: the prompt, and the answer that counts as right."""

    prompt: str
    answer: str

    @property
    def answer_tokens(self) -> int:
        """So many tokens the answer may take; an output that is cut shorter cannot be checked."""
        return 1 + (len(self.answer) if self.answer.isdigit() else 2)


@dataclass(frozen=True, slots=True)
class Task:
    """How to write a pair of question and answer, and what the whole is called."""

    name: str
    header: str
    write: Callable[[random.Random], tuple[str, str]]

    def items(self, input_tokens: Sequence[int], seed: int) -> list[Item]:
        """One item a length, in order; no item's question stands among its own examples."""
        return [
            self._item(length, random.Random(f"{self.name} {seed} {n}"))
            for n, length in enumerate(input_tokens)
        ]

    def _item(self, length: int, draw: random.Random) -> Item:
        question, answer = self.write(draw)
        room = length - tokens_of(self.header) - tokens_of(question)
        examples: list[str] = []
        answers: list[str] = []
        while room > 0 or len(examples) < FEWEST_EXAMPLES:
            asked, told = self.write(draw)
            # A run of equal labels teaches the label, not the task.
            if asked == question or (len(answers) >= 2 and answers[-1] == answers[-2] == told):
                continue
            text = f"{asked} {told}\n"
            if len(examples) >= FEWEST_EXAMPLES and tokens_of(text) > room:
                break
            examples.append(text)
            answers.append(told)
            room -= tokens_of(text)
        return Item(self.header + "".join(examples) + question, answer)


def is_correct(answer: str, text: str | None) -> bool:
    """Whether the first line of what the model wrote begins with the right answer, whatever its case."""
    first = (text or "").strip().split("\n", 1)[0].strip().lower()
    return re.match(rf"{re.escape(answer.lower())}(?!\w)", first) is not None


def tokens_of(text: str) -> int:
    """About how many tokens `text` is: words, digits, marks, line ends. Servers count exactly."""
    return len(_PIECES.findall(text))


def _sentiment(draw: random.Random) -> tuple[str, str]:
    good = draw.random() < 0.5
    product = draw.choice(PRODUCTS)
    said = draw.choice(PRAISE if good else BLAME)
    return f"Review: The {product} {said}.\nSentiment:", "positive" if good else "negative"


def _tone(draw: random.Random) -> tuple[str, str]:
    good = draw.random() < 0.5
    product, greeting = draw.choice(PRODUCTS), draw.choice(GREETINGS)
    said = draw.choice(PRAISE if good else BLAME)
    return f"Ticket: {greeting}, the {product} {said}.\nTone:", "positive" if good else "negative"


def _order(draw: random.Random) -> tuple[str, str]:
    number = str(draw.randint(10_000, 99_999))
    greeting, request = draw.choice(GREETINGS), draw.choice(REQUESTS)
    return (
        f"Message: {greeting}, {request} order {number}, the {draw.choice(PRODUCTS)}.\nOrder number:",
        number,
    )


SENTIMENT = Task("sentiment of a review", "Say whether each review is positive or negative.\n", _sentiment)
TRIAGE = Task("tone of a ticket", "Mark the tone of each ticket, positive or negative.\n", _tone)
EXTRACTION = Task("order number in a message", "Copy the order number from each message.\n", _order)

_BY_KIND = {
    "chatbot": TRIAGE,
    "copilot": EXTRACTION,
    "sandbox": SENTIMENT,
    "batch": SENTIMENT,
    "agent": EXTRACTION,
}


def task_for(kind: str) -> Task:
    """The task for a kind of workload that generates text."""
    return _BY_KIND.get(kind, SENTIMENT)
