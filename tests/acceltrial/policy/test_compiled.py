"""The CEL library is the yardstick: the fast functions must say what it says, or nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acceltrial.policy.compiled import specialise
from acceltrial.policy.expression import compile_expression
from acceltrial.policy.judge import Judge
from acceltrial.policy.rules import Rule, RuleSet

FIELDS = {"w": frozenset({"a", "b", "c"})}
READS = [("w", "a"), ("w", "b")]

VALUES = st.one_of(
    st.booleans(), st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3), st.floats(),
    st.sampled_from([0.0, -0.0, 1.0, 2.0, 1e6]), st.sampled_from(["", "x", "y", "é", "true", "1"]),
    st.just(["x", "y"]),
)  # fmt: skip
ATOMS = st.sampled_from(
    ["w.a", "w.b", "w.c", "1", "2", "0", "1.0", "2.5", "1e6", "-1", "'x'", '"y"', "''", "'é'", "true",
     "false", "null", "9007199254740993", "size(w.a)", "w.a.matches('x')", "has(w.b)", "[1, 'x']", "'\\n'"]
)  # fmt: skip


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sign = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "-", "*", "/", "%"])
    return st.one_of(
        st.tuples(inner, sign, inner).map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
        st.tuples(inner, sign, inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda t: f"!({t})"),
        inner.map(lambda t: f"-{t}"),
        st.tuples(inner, inner, inner).map(lambda t: f"{t[0]} in [{t[1]}, {t[2]}]"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]}) ? ({t[1]}) : ({t[2]})"),
    )


def says(text: str, values: dict[str, Any], *, fast: bool) -> str:
    expression = compile_expression(text, FIELDS, where="test")
    if fast:
        rule = Rule("r", "deny", expression, "why")
        return Judge(RuleSet(1, (rule,), (), "test")).judge({"w": values}).verdicts[0].outcome
    try:
        return "deny" if expression.holds({"w": values}) else "pass"
    except ValueError:
        return "error"


@settings(max_examples=600, deadline=None)
@given(st.recursive(ATOMS, _joined, max_leaves=6), VALUES, VALUES)
@example("w.a == 9007199254740993.0", 9007199254740993, 1)
@example("w.a < w.b", math.nan, 1.0)
@example("w.a || w.b", True, 1)
@example("w.a == w.b", True, 1)
def test_verdicts_are_those_of_the_library(text: str, a: Any, b: Any) -> None:
    try:
        compile_expression(text, FIELDS, where="test")
    except Exception:  # what does not parse is no rule
        return
    values = {"a": a, "b": b}
    assert says(text, values, fast=True) == says(text, values, fast=False)


@pytest.mark.parametrize(
    ("text", "types", "fast"),
    [
        ("w.a > 1e6 && w.b == 'x'", (float, str), True),
        ("!(w.a in ['x', 'y']) || w.b", (str, bool), True),
        ("w.a * 2.0 > 1.0 && w.b", (float, bool), False),
        ("w.a * 2 > 1 && w.b", (int, bool), False),
        ("w.a > 1 && w.b", (str, bool), False),
        ("w.a && w.b", (bool, int), False),
        ("w.a == 'x' && w.b.exists(x, x == 'y')", (str, list), False),
        ("w.a + w.b", (float, float), False),
    ],
)
def test_only_what_cannot_fail_is_made_a_function(text: str, types: tuple[type, ...], fast: bool) -> None:
    assert (specialise(text, READS, types) is not None) is fast


def test_whole_numbers_beyond_a_double_are_left_to_the_library() -> None:
    program = specialise("w.a > 1 && w.b > 1", READS, (int, int))
    assert program is not None
    assert program(2, 2) is True
    assert program(2**60, 2) is None


def test_deep_nesting_is_left_to_the_library() -> None:
    assert specialise("(" * 20 + "w.a" + ")" * 20, READS[:1], (bool,)) is not None
    assert specialise("(" * 1000 + "w.a" + ")" * 1000, READS[:1], (bool,)) is None
    assert specialise("!" * 390 + "w.a", READS[:1], (bool,)) is None
