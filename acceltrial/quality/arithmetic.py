"""A small evaluator of arithmetic, so that an expression which a model wrote is never executed."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

_MOST_LETTERS = 200
_MOST_NODES = 60
_LARGEST = 1e12
_LARGEST_POWER = 8

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_CALLS: dict[str, Callable[..., Any]] = {"abs": abs, "min": min, "max": max, "round": round, "float": float}


class NotArithmeticError(Exception):
    """The text is no expression that may be worked out; the message says why."""


def evaluate(text: str, values: Mapping[str, float]) -> float:
    """The value of `text` with `values` for its names.

    Raises:
        NotArithmeticError: another name or construct, a number too large, or a division by zero.
    """
    if len(text) > _MOST_LETTERS:
        raise NotArithmeticError("the expression is too long")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotArithmeticError("it is no expression") from error
    if sum(1 for _ in ast.walk(tree)) > _MOST_NODES:
        raise NotArithmeticError("the expression is too large")
    try:
        return float(_value(tree.body, values))
    except (ZeroDivisionError, TypeError, ValueError, OverflowError) as error:
        raise NotArithmeticError(str(error)) from error


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _bounded(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, values)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _value(inner, values)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left, values), _value(right, values))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            return _bounded(_BINARY[type(sign)](_value(left, values), _value(right, values)))
        case ast.Call(func=ast.Name(id=name), args=inner, keywords=[]) if name in _CALLS and inner:
            return _bounded(_CALLS[name](*(_value(one, values) for one in inner)))
    raise NotArithmeticError(f"{type(node).__name__} is not allowed")


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > _LARGEST_POWER:
        raise NotArithmeticError("the exponent is too large")
    found = base**exponent
    if isinstance(found, complex):
        raise NotArithmeticError("the power is not real")
    return _bounded(found)


def _bounded(number: float) -> float:
    if not math.isfinite(number) or abs(number) > _LARGEST:
        raise NotArithmeticError("a number is too large")
    return number
