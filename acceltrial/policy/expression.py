"""One CEL expression: parsed once, its fields known, its failures kept apart from its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from acceltrial.errors import ConfigurationError

MAX_LENGTH: Final = 1000
_CONSTANTS: Final = frozenset({"true", "false", "null", "in"})
_FUNCTIONS: Final = frozenset({"has", "size", "string", "int", "uint", "double", "bool", "type", "matches"})
_LITERAL = re.compile(r"""(?:[rRbB]{0,2})(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_NUMBER = re.compile(r"\b\d[\w.]*(?:[eE][+-]?\d+)?")
_MACRO = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
_PATH = re.compile(r"(?<![\w.])([A-Za-z_]\w*)((?:\s*\.\s*[A-Za-z_]\w*(?!\s*\())*)")

Fields = Mapping[str, frozenset[str] | None]
"""The variables an expression may use; with a set, the fields that the variable has."""


@dataclass(frozen=True)
class Expression:
    """A compiled expression with the (variable, field) pairs that it reads."""

    text: str
    reads: frozenset[tuple[str, str]]
    _program: Any

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true for the values.

        Raises:
            ValueError: it cannot be evaluated (a missing or mistyped value) or is not a truth value.
        """
        from cel import Context

        try:
            answer = self._program.execute(Context(variables=dict(values)))
        except (KeyError, TypeError, ValueError, RuntimeError, ArithmeticError) as error:
            first_line = (str(error) or type(error).__name__).splitlines()[0]
            raise ValueError(f"{type(error).__name__}: {first_line[:200]}") from error
        if not isinstance(answer, bool):
            raise ValueError(f"gives {answer!r}, not true or false")
        return answer


def compile_expression(text: str, fields: Fields, *, where: str) -> Expression:
    """The compiled expression.

    Raises:
        ConfigurationError: it does not parse, is too long, loops within a loop, or names a variable
            or field that does not exist.
    """
    if len(text) > MAX_LENGTH:
        raise ConfigurationError(
            f"the expression has {len(text)} characters, more than {MAX_LENGTH}",
            where=where,
            remedy="split it",
        )
    program = _parsed(text, where)
    bare = _NUMBER.sub("0", _LITERAL.sub('""', text))
    bound = _MACRO.findall(bare)
    if len(bound) > 1:
        raise ConfigurationError(
            "the expression loops more than once, so its cost has no bound",
            where=where,
            remedy="split the rule",
        )
    return Expression(text, frozenset(_reads(bare, fields, {*bound}, where)), program)


@lru_cache(maxsize=4096)
def _program_of(text: str) -> Any:
    from cel import compile as compile_cel

    return compile_cel(text)


def _parsed(text: str, where: str) -> Any:
    try:
        return _program_of(text)
    except ValueError as error:
        reason = str(error).splitlines()[0].split("ERROR:")[-1].strip()[:200]
        raise ConfigurationError(
            f"the expression does not parse: {reason}", where=where, remedy="correct the CEL expression"
        ) from error


def _reads(bare: str, fields: Fields, bound: set[str], where: str) -> list[tuple[str, str]]:
    found = []
    for name, tail in _PATH.findall(bare):
        if name in _CONSTANTS or name in _FUNCTIONS or name in bound:
            continue
        known = fields.get(name, frozenset())
        if name not in fields:
            raise ConfigurationError(
                f"unknown name '{name}'", where=where, remedy=f"known names: {', '.join(sorted(fields))}"
            )
        field = tail.replace(".", " ").split()[0] if tail.strip() else ""
        if known is not None and not field:
            raise ConfigurationError(
                f"'{name}' is used as a whole", where=where, remedy=f"read its fields by name: {name}.field"
            )
        if field and known is not None and field not in known:
            raise ConfigurationError(
                f"'{name}' has no field '{field}'",
                where=where,
                remedy=f"known fields: {', '.join(sorted(known))}",
            )
        found.append((name, field))
    return found
