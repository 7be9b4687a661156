from __future__ import annotations

import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.policy.expression import compile_expression

FIELDS = {"w": frozenset({"a", "regions"}), "value": None}


def holds(text: str, **values: object) -> bool:
    return compile_expression(text, FIELDS, where="rule").holds(values)


def test_expressions_evaluate() -> None:
    assert holds("w.a == 'x.y' && value > 1.5", w={"a": "x.y"}, value=2)
    assert holds("w.regions.exists(r, r == 'eu')", w={"regions": ["us", "eu"]})
    assert not holds("w.a.startsWith('z')", w={"a": "x"})


def test_what_it_reads_is_known() -> None:
    expression = compile_expression('w.a == "w.b" && value > 1e-3', FIELDS, where="rule")
    assert expression.reads == {("w", "a"), ("value", "")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("w.a ==", "does not parse"),
        ("", "does not parse"),
        ("w.b == 1", "no field 'b'"),
        ("colour == 1", "unknown name 'colour'"),
        ("w['a'] == 1", "used as a whole"),
        ("open('x')", "unknown name 'open'"),
        ("w.regions.exists(r, w.regions.all(s, s == r))", "loops more than once"),
        ("value == " + "1" * 2000, "characters"),
        ("(" * 400 + "value > 1" + ")" * 400, "does not parse"),
    ],
)
def test_bad_expressions_are_refused_when_loaded(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        compile_expression(text, FIELDS, where="f.yaml: rule 'r'")
    assert told in str(caught.value)
    assert "f.yaml: rule 'r'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("value > 1", {"value": None}),
        ("w.a == 'x'", {"w": {}}),
        ("value + 1", {"value": 1}),
        ("1 / value > 1", {"value": 0}),
    ],
)
def test_failures_are_kept_apart_from_answers(text: str, values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        holds(text, **values)
