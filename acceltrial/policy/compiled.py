"""The common part of CEL as Python functions, some hundred times as fast as interpreting it.

One function is made for each combination of the fields' types, and only where the types leave no operation
undefined: then no evaluation can fail, and Python's operators mean what CEL's mean. Everything else (macros,
functions, arithmetic, escapes in texts, null or NaN in an order) is left to the CEL library, which
is also the yardstick of the tests. Language: github.com/google/cel-spec, doc/langdef.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

Program = Callable[..., "bool | None"]
"""Takes the fields' values in order; None where a value is beyond what the function covers."""

EXACT: Final = 2**53
"""Whole numbers up to here are the same as a double, so mixed comparisons agree with CEL's."""
_TOKEN = re.compile(
    r"""\s*(?:(?P<float>(?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)(?![\w.])
    |(?P<int>\d+)(?![\w.])|(?P<text>"[^"\\\n]*"|'[^'\\\n]*')
    |(?P<name>[A-Za-z_]\w*)|(?P<sign>&&|\|\||==|!=|<=|>=|[-<>!()\[\],.]))""",
    re.VERBOSE,
)
_TYPES: Final[Mapping[type, str]] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "text",
    type(None): "null",
}
_ORDERS: Final = ("<", "<=", ">", ">=")
_MOST_TOKENS: Final = 400
_MOST_BRACKETS: Final = 180
"""Python itself gives up at 200 of them within one another."""


class _UnsupportedError(Exception):
    """The expression, or these types in it, are left to the library."""


def specialise(text: str, reads: Sequence[tuple[str, str]], types: Sequence[type]) -> Program | None:
    """A function for the expression where its fields have these types, or None.

    Args:
        text: a checked CEL expression.
        reads: variable and field of each argument of the function, in order.
        types: of the arguments.
    """
    names = [_TYPES.get(kind) for kind in types]
    if None in names or '"""' in text or "'''" in text:
        return None
    arguments = {pair: (f"v{i}", str(kind)) for i, (pair, kind) in enumerate(zip(reads, names, strict=True))}
    try:
        source, kind = _Parser(_tokens(text), arguments).whole()
    except (_UnsupportedError, RecursionError):
        return None
    if kind != "bool" or source.count("(") > _MOST_BRACKETS:
        return None
    whole = [name for name, kind in arguments.values() if kind == "int"]
    guards = [f"-{EXACT} <= {name} <= {EXACT}" for name in whole]
    guards += [f"{name} == {name}" for name, kind in arguments.values() if kind == "float"]  # not NaN
    guard = " and ".join(guards)
    body = f"({source}) if {guard} else None" if guard else source
    parameters = ", ".join(name for name, _ in arguments.values())
    # The source consists of our own operators, of v0, v1, … and of literals written by repr().
    program: Program = eval(f"lambda {parameters}: {body}", {"__builtins__": {}})  # noqa: S307
    return program


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None or len(found) >= _MOST_TOKENS:
            raise _UnsupportedError
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


class _Parser:
    """Recursive descent; every method gives Python source and its type."""

    def __init__(
        self, tokens: list[tuple[str, str]], arguments: Mapping[tuple[str, str], tuple[str, str]]
    ) -> None:
        self._tokens, self._place, self._arguments = tokens, 0, arguments

    def whole(self) -> tuple[str, str]:
        found = self._either()
        if self._place != len(self._tokens):
            raise _UnsupportedError
        return found

    def _either(self) -> tuple[str, str]:
        return self._chain(self._both, "||", "or")

    def _both(self) -> tuple[str, str]:
        return self._chain(self._relation, "&&", "and")

    def _chain(self, part: Callable[[], tuple[str, str]], sign: str, word: str) -> tuple[str, str]:
        first = part()
        parts = [first]
        while self._take(sign):
            parts.append(part())
        if len(parts) == 1:
            return first
        if any(kind != "bool" for _, kind in parts):
            raise _UnsupportedError
        return f"({f' {word} '.join(source for source, _ in parts)})", "bool"

    def _relation(self) -> tuple[str, str]:
        left = self._unary()
        while (sign := self._any("==", "!=", *_ORDERS)) or self._take("in"):
            left = _related(left, sign, self._unary()) if sign else self._within(left)
        return left

    def _within(self, left: tuple[str, str]) -> tuple[str, str]:
        """`x in [literals]`: true where one of them equals x."""
        if not self._take("["):
            raise _UnsupportedError
        tests = []
        while not self._take("]"):
            tests.append(_related(left, "==", self._unary())[0])
            if not self._take(","):
                if not self._take("]"):
                    raise _UnsupportedError
                break
        return (f"({' or '.join(tests)})" if tests else "False"), "bool"

    def _unary(self) -> tuple[str, str]:
        if self._take("!"):
            source, kind = self._unary()
            if kind != "bool":
                raise _UnsupportedError
            return f"(not {source})", "bool"
        if self._take("-"):
            source, kind = self._unary()
            if kind not in ("int", "float"):
                raise _UnsupportedError
            return f"(-{source})", kind
        return self._primary()

    def _primary(self) -> tuple[str, str]:
        kind, text = self._next()
        if kind == "sign" and text == "(":
            found = self._either()
            if not self._take(")"):
                raise _UnsupportedError
            return found
        if kind == "text":
            return repr(text[1:-1]), "text"
        if kind in ("int", "float"):
            number = int(text) if kind == "int" else float(text)
            if not abs(number) <= EXACT:
                raise _UnsupportedError
            return repr(number), kind
        if kind == "name" and text in ("true", "false", "null"):
            return {"true": ("True", "bool"), "false": ("False", "bool"), "null": ("None", "null")}[text]
        if kind == "name" and self._take("."):
            pair = (text, self._next()[1])
            if pair in self._arguments and self._peek() not in (("sign", "("), ("sign", "."), ("sign", "[")):
                return self._arguments[pair]
        raise _UnsupportedError

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("", "")

    def _next(self) -> tuple[str, str]:
        found = self._peek()
        if not found[0]:
            raise _UnsupportedError
        self._place += 1
        return found

    def _take(self, text: str) -> bool:
        kind, found = self._peek()
        if found != text or kind == "text":
            return False
        self._place += 1
        return True

    def _any(self, *texts: str) -> str:
        return next((text for text in texts if self._take(text)), "")


def _related(left: tuple[str, str], sign: str, right: tuple[str, str]) -> tuple[str, str]:
    (a, kind), (b, other) = left, right
    numbers = {kind, other} <= {"int", "float"}
    if sign in _ORDERS and not numbers and not (kind == other and kind in ("text", "bool")):
        raise _UnsupportedError
    if not numbers and kind != other:  # values of two types are unequal, whatever they are
        return ("True" if sign == "!=" else "False"), "bool"
    return f"({a} {sign} {b})", "bool"
