"""The embedded lever: a split on loopback in front of both servers, which also records every request."""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from acceltrial.canary.lever import LeverError, LeverState
from acceltrial.canary.relay.process import hop
from acceltrial.errors import ConfigurationError

ANSWER_S = 3.0


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


@dataclass(frozen=True)
class Polled:
    """What the split saw since the last poll. Times are of the split's own clock.

    `records`: ended_s, arm, ok, latency_ms, ttft_ms, status, error. `open`: arm, age in seconds.
    """

    now_s: float
    next: int
    records: list[list[Any]]
    open: list[list[Any]]


class SplitProxyLever:
    """The lever's client. See `Lever`; every method raises LeverError."""

    def __init__(self, address: SplitAddress) -> None:
        self.address = address

    def set_share(self, share: float, *, holder: str, lease_s: float) -> None:
        """See `Lever.set_share`."""
        self._call("/share", {"share": share, "holder": holder, "lease_s": lease_s})

    def renew(self, *, holder: str, lease_s: float) -> None:
        """See `Lever.renew`."""
        self._call("/renew", {"holder": holder, "lease_s": lease_s})

    def settle(self, *, holder: str) -> None:
        """See `Lever.settle`."""
        self._call("/settle", {"holder": holder})

    def restore(self) -> None:
        """See `Lever.restore`."""
        self._call("/restore", {})

    def read(self) -> LeverState:
        """See `Lever.read`."""
        return LeverState(**self._call("/state", {}))

    def poll(self, since: int) -> Polled:
        """The requests that ended from record number `since` on."""
        return Polled(**self._call("/records", {"since": since}))

    def _call(self, path: str, order: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.address.control_port, timeout=ANSWER_S)
        try:
            headers = {"Authorization": f"Bearer {self.address.token}"}
            connection.request("POST", path, json.dumps(order), headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LeverError(
                f"the split does not answer ({error or type(error).__name__})",
                where=f"127.0.0.1:{self.address.control_port}",
                remedy="its lease returns traffic to the baseline; see whether its process lives",
            ) from error
        finally:
            connection.close()
        if response.status != 200:
            raise LeverError(
                f"the split refuses: {answer.get('error')}",
                where=f"127.0.0.1:{self.address.control_port}{path}",
                remedy="see who holds the lever, or whether the lease ran out",
            )
        return answer


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
