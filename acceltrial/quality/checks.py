"""Checks of answers. Each says what formatting it forgives; none asks another model.

A server that is told to ignore the end of text goes on writing behind its answer, and a chat model may
begin with a polite line. So the first line that holds anything that could be an answer decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose, isfinite
from typing import Any

from acceltrial.quality.arithmetic import NotArithmeticError, evaluate
from acceltrial.quality.json_text import first_call, first_object

_GROUPS = re.compile(r"(?<=\d)[,\u2009\u202f](?=\d{3}(?!\d))")
_NEGATION = re.compile(r"\b(not|never|no|isn't|neither|nor)\W+(?:\w+\W+)?$", re.IGNORECASE)
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class OneOf:
    """A label: right when the first line that names any label names this one and no other.

    Forgives case, marks around the word and words beside it; "not positive" is no answer "positive".
    """

    labels: tuple[str, ...]
    answer: str

    def holds(self, answer: str) -> bool:
        """Whether the answer names the right label only."""
        pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, self.labels))})(?!\w)", re.IGNORECASE)
        for line in _lines(answer):
            found = list(pattern.finditer(line))
            if found:
                named = {one.group(1).casefold() for one in found}
                denied = any(_NEGATION.search(line[: one.start()]) for one in found)
                return named == {self.answer.casefold()} and not denied
        return False


@dataclass(frozen=True, slots=True)
class Exactly:
    """A value of a known form: right when the first line with values of this form holds this one only.

    Forgives words and marks around it, case, and separators of thousands in numbers.
    """

    pattern: str
    answer: str

    def holds(self, answer: str) -> bool:
        """Whether the right value, and no other of its form, stands there."""
        form = re.compile(rf"(?<![\w.])(?:{self.pattern})(?!\w)", re.IGNORECASE)
        for line in _lines(answer):
            found = {one.casefold() for one in form.findall(_GROUPS.sub("", line))}
            if found:
                return found == {self.answer.casefold()}
        return False


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object with exactly these fields.

    Forgives order, spaces, a code fence, text around it, case and spaces in texts, and numbers in quotes.
    """

    fields: tuple[tuple[str, str | int | float], ...]

    def holds(self, answer: str) -> bool:
        """Whether the first JSON object has all fields with the right values, and no others."""
        found = first_object(answer)
        if found is None:
            return False
        given = {str(name).strip().casefold(): value for name, value in found.items()}
        wanted = {name.casefold(): value for name, value in self.fields}
        return given.keys() == wanted.keys() and all(_alike(given[n], wanted[n]) for n in wanted)


@dataclass(frozen=True, slots=True)
class Facts:
    """A short text that must state some facts and none that are false.

    Attributes:
        required: for each fact the wordings that state it.
        forbidden: wordings of the same kind that would be false here.
        most_words: a longer line is no summary.
    """

    required: tuple[tuple[str, ...], ...]
    forbidden: tuple[str, ...] = ()
    most_words: int = 60

    def holds(self, answer: str) -> bool:
        """Whether the first line that states any fact states all, nothing false, and is short."""
        for line in _lines(answer):
            text = _plain(line)
            stated = [any(_contains(text, wording) for wording in fact) for fact in self.required]
            if any(stated):
                false = any(_contains(text, wording) for wording in self.forbidden)
                return all(stated) and not false and len(text.split()) <= self.most_words
        return False


@dataclass(frozen=True, slots=True)
class Expression:
    """One arithmetic expression of Python, compared with the right one on fixed inputs.

    Nothing that a model writes is run: the text is parsed, only + - * / // % **, comparisons with
    literals, `abs`, `min`, `max`, `round` and the given names are allowed, and our own bounded evaluator
    works it out. Forgives spacing, brackets, order of terms, `return`, comments and code fences.
    """

    names: tuple[str, ...]
    formula: str
    inputs: tuple[tuple[float, ...], ...]

    def holds(self, answer: str) -> bool:
        """Whether the expression gives the right value for all inputs."""
        text = _expression_of(answer)
        try:
            return all(self._agrees(text, values) for values in self.inputs)
        except NotArithmeticError:
            return False

    def _agrees(self, text: str, values: tuple[float, ...]) -> bool:
        given = dict(zip(self.names, values, strict=True))
        found, wanted = evaluate(text, given), evaluate(self.formula, given)
        return isfinite(found) and isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool as JSON: `{"tool": NAME, "arguments": {…}}`.

    Forgives order, spaces, a code fence, text around it, `name` or `function` for `tool`, `parameters` for
    `arguments`, arguments as a JSON text (the OpenAI form), and case in texts. Does not forgive a number in
    quotes: a tool with a schema would refuse it.
    """

    name: str
    arguments: tuple[tuple[str, str | int | float], ...]

    def holds(self, answer: str) -> bool:
        """Whether the first call names the right tool with exactly the right arguments."""
        call = first_call(answer)
        if call is None or call.name.casefold() != self.name.casefold():
            return False
        wanted = dict(self.arguments)
        given: Mapping[str, Any] = call.arguments
        return given.keys() == wanted.keys() and all(
            _same_type(given[n], wanted[n]) and _alike(given[n], wanted[n]) for n in wanted
        )


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines()[:_MOST_LINES] if line.strip()]


def _plain(text: str) -> str:
    words = re.findall(r"\d+(?:[.,]\d+)*|\w+", _GROUPS.sub("", text).casefold())
    return " ".join(words)


def _contains(text: str, wording: str) -> bool:
    return f" {_plain(wording)} " in f" {text} "


def _alike(found: Any, wanted: str | int | float) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(wanted, str):
        return isinstance(found, str | int | float) and _plain(str(found)) == _plain(wanted)
    try:
        value = float(found)
    except (TypeError, ValueError, OverflowError):
        return False
    return value == wanted if isinstance(wanted, int) else isclose(value, wanted, rel_tol=1e-9)


def _same_type(found: Any, wanted: str | int | float) -> bool:
    number = isinstance(found, int | float) and not isinstance(found, bool)
    return isinstance(found, str) if isinstance(wanted, str) else number


def _expression_of(answer: str) -> str:
    """What stands behind the first `return`, else the first line that is no fence and no `def`."""
    lines = [line.strip() for line in _lines(answer)]
    plain = [line for line in lines if not line.startswith(("```", "def ", "#", '"""'))]
    returned = [line for line in plain if re.match(r"return\b", line)]
    chosen = (returned or plain or [""])[0]
    return re.sub(r"^return\b", "", chosen).split("#", 1)[0].strip().strip("`").rstrip(";").strip()
