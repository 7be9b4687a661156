"""Where a base URL leads: names resolved and checked before anything is timed."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from acceltrial.errors import ConfigurationError, TargetUnavailableError


@dataclass(frozen=True, slots=True)
class Address:
    """A resolved server. `host_header` goes on the wire, `addresses` are tried in order."""

    scheme: str
    host: str
    port: int
    path: str
    host_header: str
    addresses: tuple[tuple[int, str, int], ...]

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme == "https"


def resolve(base_url: str) -> Address:
    """The address of `base_url`.

    Raises:
        ConfigurationError: not an http(s) URL.
        TargetUnavailableError: the name is not known.
    """
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError as error:
        raise _bad_url(base_url, str(error)) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _bad_url(base_url, "it needs http:// or https:// and a host")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in base_url):
        raise _bad_url(base_url, "it holds a space or a control character")
    if parts.username or parts.query or parts.fragment:
        raise _bad_url(base_url, "credentials, queries and fragments do not belong in it")
    port = port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetUnavailableError(
            f"the name '{parts.hostname}' cannot be resolved", where=base_url, remedy="check the URL and DNS"
        ) from error
    addresses = tuple(
        dict.fromkeys((int(family), str(where[0]), int(where[1])) for family, _, _, _, where in found)
    )
    return Address(parts.scheme, parts.hostname, port, parts.path.rstrip("/"), parts.netloc, addresses)


def _bad_url(url: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"not a usable URL: {why}", where=url[:200], remedy="write it like http://127.0.0.1:8000/v1"
    )
