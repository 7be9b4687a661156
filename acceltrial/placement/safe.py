"""What may stand in generated configuration; everything else is refused, so nothing can be injected.

Escaping rules differ between HAProxy, YAML, shells and the template engines that later read the files
(Helm expands `{{`, Kubernetes `$(…)`, HAProxy and shells `$…`). A value is therefore let in only when it
means itself in all of them.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re

from acceltrial.errors import ConfigurationError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(?:[/:@][A-Za-z0-9][A-Za-z0-9._+-]*){0,7}")
LOCATION = re.compile(r"(?:[a-z0-9]+://)?[A-Za-z0-9][A-Za-z0-9._/+-]{0,254}")
HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")
PATH = re.compile(r"/[A-Za-z0-9._/-]{0,199}")
FILE = re.compile(r"/[A-Za-z0-9._/-]{1,199}")
_LABEL_LENGTH = 63


def accept(pattern: re.Pattern[str], value: str, what: str, where: str) -> str:
    """`value` when the whole of it has the form; raises ConfigurationError naming what and where."""
    if not isinstance(value, str) or len(value) > 256 or not pattern.fullmatch(value) or ".." in value:
        raise ConfigurationError(
            f"{what} {str(value)[:80]!r} cannot stand in generated configuration",
            where=where,
            remedy="use letters, digits and . _ - only (for a model also / : @ between parts)",
            details={"what": what, "value": str(value)[:200]},
        )
    return value


def host(value: str, where: str) -> str:
    """A DNS name or IP address; raises ConfigurationError."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return accept(HOST, value, "host", where)


def whole(value: int, what: str, where: str, low: int, high: int) -> int:
    """`value` when it is a whole number within the limits; raises ConfigurationError."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigurationError(
            f"{what} {value!r} must be a whole number from {low} to {high}",
            where=where,
            remedy="correct the figure",
        )
    return value


def label(*parts: str, longest: int = _LABEL_LENGTH) -> str:
    """A DNS label (RFC 1123, at most `longest` characters) for the parts.

    Where characters had to go, a digest of the original keeps two names apart.
    """
    text = "-".join(parts)
    plain = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9-]", "-", text.lower())).strip("-") or "x"
    if plain[0].isdigit():
        plain = f"w-{plain}"
    if plain == text and len(plain) <= longest:
        return plain
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:6]
    return f"{plain[: longest - 7].rstrip('-')}-{digest}"
