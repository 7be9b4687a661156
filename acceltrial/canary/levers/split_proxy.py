"""The embedded lever: a split on loopback in front of both servers, which also records every request."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from acceltrial.canary.levers.remote import RemoteLever
from acceltrial.canary.relay.process import hop
from acceltrial.canary.source import Polled
from acceltrial.errors import ConfigurationError


@dataclass(frozen=True)
class SplitAddress:
    """Where a split listens; `token` opens its control port."""

    port: int
    control_port: int
    token: str

    @property
    def base_url(self) -> str:
        """Where clients send their requests."""
        return f"http://127.0.0.1:{self.port}"

    def to_json(self) -> str:
        """For handing to another controller on this machine."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> SplitAddress:
        """What `to_json` gave."""
        return SplitAddress(**json.loads(text))


class SplitProxyLever(RemoteLever):
    """The lever's client. See `Lever`; every method raises LeverError."""

    def __init__(self, address: SplitAddress) -> None:
        super().__init__(address.control_port, address.token)
        self.address = address

    def poll(self, since: int) -> Polled:
        """The requests that ended from record number `since` on."""
        return Polled(**self.call("/records", {"since": since}))


@contextmanager
def split_proxy(
    baseline_url: str, canary_url: str, *, timeout_s: float = 60.0, seed: int = 0, owned: bool = True
) -> Iterator[SplitProxyLever]:
    """A running split between two servers; all traffic goes to the baseline until a share is set.

    Raises ConfigurationError for a URL without host and port, TargetUnavailableError when it does not start.
    """
    token = secrets.token_hex(16)
    orders = {
        "mode": "split",
        "baseline": host_and_port(baseline_url),
        "canary": host_and_port(canary_url),
        "token": token,
        "timeout_s": timeout_s,
        "seed": seed,
    }
    with hop(orders, owned=owned) as ports:
        yield SplitProxyLever(SplitAddress(ports["port"], ports["control_port"], token))


def host_and_port(url: str) -> tuple[str, int]:
    """Of an http URL. Raises ConfigurationError for any other."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "http" or not parts.hostname or not port:
        raise ConfigurationError(
            f"'{url}' is not an http URL with host and port",
            where="split proxy",
            remedy="give the server's address as http://HOST:PORT",
        )
    return parts.hostname, port
