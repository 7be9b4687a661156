from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.quality.arithmetic import NotArithmeticError, evaluate


@settings(max_examples=100, deadline=None)
@given(a=st.integers(-999, 999), b=st.integers(1, 999), sign=st.sampled_from(("+", "-", "*", "/", "//", "%")))
def test_it_agrees_with_python(a: int, b: int, sign: str) -> None:
    wanted = eval(f"(a {sign} b) * 2 - -a", {"a": a, "b": b})
    assert evaluate(f"(a {sign} b) * 2 - -a", {"a": a, "b": b}) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "", "a b", "b", "a.real", "a[0]", "(lambda: a)()", "open('x')", "exec('a')", "max()", "max(*a)",
        "2**9999", "9**9**9**9", "1e300*1e300", "1e13", "a/0", "(-8) ** 0.5", "True", "'a'*3",
        "a if a else a", "(" * 300, "-" * 150 + "a", "a" * 300, "__import__('os')", "a := 3",
        "[x for x in a]",
    ],
)  # fmt: skip
def test_what_is_no_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(NotArithmeticError):
        evaluate(text, {"a": 2.0})
