"""Pages of a generated manual and questions in other words, each with one page that answers it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from acceltrial.quality.task import tokens_of

MACHINES = ("centrifugal pump", "screw compressor", "dosing pump", "vacuum pump", "booster set", "blower")
PARTS = (
    "shaft seal", "bearing", "coupling", "impeller", "suction valve", "pressure switch", "oil filter",
    "motor", "drain plug", "control cable",
)  # fmt: skip
TOPICS = {
    "replace": ("Removal and fitting of the {part}", "how do I change the {part}"),
    "noise": ("Unusual sounds and their causes at the {part}", "the {part} is loud, why"),
    "inspect": ("Inspection intervals and limits of wear for the {part}", "when must the {part} be checked"),
    "order": ("Ordering numbers and versions of the {part}", "which spare {part} do I buy"),
    "store": ("Preservation and storage of the {part} before use", "keeping a new {part} on the shelf"),
}
_ASIDES = (
    "we have been customers for many years", "the plant is running at the moment",
    "the night shift has asked us", "our own handbook does not say", "it is not urgent",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manual:
    """Pages, and in the same order a question for each."""

    pages: list[str]
    questions: list[str]

    def asked(self, number: int, input_tokens: int) -> tuple[str, int]:
        """Question `number` (counted round) with asides up to about `input_tokens`, and its page.

        Longer questions hold more that is beside the point, as people's long questions do.
        """
        page = number % len(self.pages)
        text, aside = self.questions[page], number
        while tokens_of(text) + 9 <= input_tokens:
            said = _ASIDES[aside % len(_ASIDES)]
            text = f"{said[0].upper()}{said[1:]}. {text}"
            aside += 1
        return text, page


def manual(seed: int, pages: int | None = None) -> Manual:
    """The manual in a drawn order; 300 pages, or the first `pages` of them."""
    keys = [(machine, part, topic) for machine in MACHINES for part in PARTS for topic in TOPICS]
    random.Random(seed).shuffle(keys)
    texts, questions = [], []
    for machine, part, topic in keys[:pages]:
        title, question = (text.format(part=part) for text in TOPICS[topic])
        name = machine.capitalize()
        texts.append(f"{name}. {title}. Read the safety notes before you work on the {machine}.")
        questions.append(f"{question} of the {machine}?")
    return Manual(texts, questions)


def candidates(book: Manual, page: int, count: int, draw: random.Random) -> tuple[list[str], int]:
    """`count` pages for a reranker with the right one at a drawn place: the texts, and that place.

    Half of the others are of the same machine or part, since a first search has already been made.
    """
    words = set(book.pages[page].split(".")[0].casefold().split())
    others: Sequence[int] = [number for number in range(len(book.pages)) if number != page]
    near = [n for n in others if words & set(book.pages[n].split(".")[0].casefold().split())]
    chosen = draw.sample(near, min(len(near), (count - 1) // 2))
    rest = [n for n in others if n not in set(chosen)]
    chosen += draw.sample(rest, min(len(rest), count - 1 - len(chosen)))
    place = draw.randint(0, len(chosen))
    chosen.insert(place, page)
    return [book.pages[n] for n in chosen], place
