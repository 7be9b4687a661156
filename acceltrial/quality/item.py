"""One question with an answer that a program can check, and what came of asking it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

_THOUGHT = re.compile(r"\A\s*<think>.*?(</think>|\Z)", re.DOTALL)
_REFUSAL = re.compile(
    r"^\W*(i'?m sorry|sorry|i apologi[sz]e|i can'?t|i cannot|i can not|i won'?t|i am unable|i'?m unable"
    r"|i am not able|i'?m not able|as an ai|unfortunately,? i)\b",
    re.IGNORECASE,
)


class Verdict(StrEnum):
    """What an answer was. A refusal and an empty answer are failures of their own kind."""

    RIGHT = "right"
    WRONG = "wrong"
    REFUSED = "refused"
    EMPTY = "empty"


class Check(Protocol):
    """Tells a right answer from a wrong one, always in the same way."""

    def holds(self, answer: str) -> bool:
        """Whether `answer` is right, however it is formatted. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Item:
    """One question.

    Attributes:
        prompt: the text that is sent; the same for completions and, as one user message, for chat.
        answer: a right answer as the model would write it.
        check: what tells right from wrong.
        answer_tokens: about so many tokens the answer takes; an output cut shorter cannot be judged.
        stop: where the next worked example would begin; what follows it is no part of the answer.
    """

    prompt: str
    answer: str
    check: Check
    answer_tokens: int
    stop: str

    def grade(self, text: str | None) -> Verdict:
        """The verdict on what the model wrote. A thought between `<think>` tags is left out."""
        answer = _THOUGHT.sub("", text or "").split(f"\n{self.stop}", 1)[0].strip()
        if not answer:
            return Verdict.EMPTY
        if self.check.holds(answer):
            return Verdict.RIGHT
        return Verdict.REFUSED if _REFUSAL.match(answer.replace("’", "'")) else Verdict.WRONG
