"""Completions of short functions, checked by working the expression out."""

from __future__ import annotations

import random

from acceltrial.quality.checks import Expression
from acceltrial.quality.task import Question, Task

_TEMPLATES = (
    ("the sum of {a} and {b}", "{a} + {b}"),
    ("the difference of {a} and {b}", "{a} - {b}"),
    ("the product of {a} and {b}", "{a} * {b}"),
    ("{a} divided by {b}", "{a} / {b}"),
    ("{a} plus {n} times {b}", "{a} + {n} * {b}"),
    ("{n} times the sum of {a} and {b}", "{n} * ({a} + {b})"),
    ("the mean of {a} and {b}", "({a} + {b}) / 2"),
    ("the larger of {a} and {b}", "max({a}, {b})"),
    ("the smaller of {a} and {b}", "min({a}, {b})"),
    ("the square of {a} plus {b}", "{a} ** 2 + {b}"),
    ("{a} reduced by {n} percent of {b}", "{a} - {n} / 100 * {b}"),
)
_PAIRS = (
    ("flow", "head"), ("width", "height"), ("price", "tax"), ("speed", "time"), ("inlet", "outlet"),
    ("load", "power"), ("mass", "volume"), ("cost", "fee"), ("hours", "rate"), ("left", "right"),
)  # fmt: skip
_INPUTS = ((1.0, 1.0), (2.0, 3.0), (7.0, 0.5), (-4.0, 9.0), (12.5, -2.0), (100.0, 8.0))


def _function(draw: random.Random) -> Question:
    words, formula = draw.choice(_TEMPLATES)
    first, second = draw.choice(_PAIRS)
    values = {"a": first, "b": second, "n": draw.randint(2, 9)}
    text = f"# Return {words.format(**values)}.\ndef f({first}, {second}):\n    return"
    answer = formula.format(**values)
    return Question(text, answer, Expression((first, second), answer, _INPUTS))


CODE = Task(
    name="code",
    title="completion of an arithmetic function",
    header="",
    stop="# Return",
    write=_function,
    answer_tokens=12,
)
