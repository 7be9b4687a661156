"""What a person supposes in a what-if: `key=value`, `key=x3` or `key=+10%`, checked first."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from acceltrial.errors import ConfigurationError

_AMOUNT = re.compile(r"^(?P<op>[x×*]|[+-])?(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)(?P<percent>%)?$")
_LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class Supposition:
    """One supposed figure.

    Attributes:
        key: a known key, such as `price.h100-sxm` or `workload.support-chat.volume`.
        text: the amount as it was written.
        factor: what today's figure is multiplied with; None when `value` replaces it.
        value: the new figure in the key's own unit; None when `factor` scales it.
    """

    key: str
    text: str
    factor: float | None
    value: float | None

    def applied(self, today: float) -> float:
        """The supposed figure where today's is `today`."""
        return today * self.factor if self.factor is not None else float(self.value or 0.0)


def parse(
    given: Iterable[str], known: Collection[str], *, zero_allowed: Collection[str] = ()
) -> list[Supposition]:
    """The suppositions in the order given.

    Args:
        given: texts `key=2.1` (replaces), `key=x3` (times), `key=+10%` or `key=-10%` (of today's).
        known: the keys that exist.
        zero_allowed: those of them that may be 0.

    Raises:
        ConfigurationError: not of this form, an unknown key (with the nearest known one), a key given
            twice, an amount that is negative, not finite, zero where that makes no sense, or huge.
    """
    found: dict[str, Supposition] = {}
    for text in given:
        key, equals, amount = (part.strip() for part in text.partition("="))
        if not equals or not key or not amount:
            raise _refused(f"{text[:80]!r} is not of the form key=value", "write --set price.NAME=2.1 or =x3")
        if key not in known:
            raise _unknown(key, known)
        if key in found:
            raise _refused(f"'{key}' is given twice", "give each key once")
        found[key] = _supposition(key, amount, zero=key in zero_allowed)
    if not found:
        raise _refused("nothing is supposed", "give at least one --set key=value")
    return list(found.values())


def _supposition(key: str, amount: str, *, zero: bool) -> Supposition:
    match = _AMOUNT.match(amount)
    if match is None:
        raise _refused(
            f"{key}: {amount[:40]!r} is no amount", "use a number that is not negative (2.1), x3, or +10%"
        )
    number, op, percent = float(match["number"]), match["op"] or "", match["percent"]
    if (op in ("+", "-")) != bool(percent):
        raise _refused(
            f"{key}: {amount[:40]!r} is ambiguous or negative",
            "use a number that is not negative (2.1), x3, or +10%",
        )
    factor = (
        number if op and op in "x×*" else 1 + (number if op == "+" else -number) / 100 if percent else None
    )
    result = number if factor is None else factor
    if not math.isfinite(result) or result > _LARGEST or result < 0 or (result == 0 and not zero):
        raise _refused(
            f"{key}: {amount[:40]!r} gives {result:g}, which cannot be",
            f"stay above 0 and below {_LARGEST:g}",
        )
    return Supposition(key, amount, factor, None if factor is not None else number)


def _unknown(key: str, known: Collection[str]) -> ConfigurationError:
    near = get_close_matches(key, sorted(known), n=3, cutoff=0.0)
    # A name inside a longer one (`chat` in `support-chat`) is nearer than the letters tell.
    parts = key.split(".")
    inside = [name for name in sorted(known) if _contains(name.split("."), parts)]
    nearest = list(dict.fromkeys([*inside, *near]))[:3]
    return _refused(f"unknown key {key[:80]!r}", f"the nearest known keys are {', '.join(nearest)}")


def _contains(name: list[str], parts: list[str]) -> bool:
    return len(name) == len(parts) and all(
        wanted and wanted in part for part, wanted in zip(name, parts, strict=True)
    )


def _refused(what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(what, where="--set", remedy=remedy)
