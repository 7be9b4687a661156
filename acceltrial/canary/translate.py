"""Two servers that name their model differently behind one name: a hop that speaks a server's own terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from acceltrial.canary.levers.split_proxy import host_and_port
from acceltrial.canary.relay.process import hop


@contextmanager
def translated(
    upstream_url: str, fields: Mapping[str, Any], headers: Mapping[str, str], *, timeout_s: float = 60.0
) -> Iterator[str]:
    """The URL of a hop that sets `fields` of each request's JSON body, and `headers`, and passes it on.

    Raises ConfigurationError for an upstream that is no http URL with host and port.
    """
    orders = {
        "mode": "translate",
        "upstream": host_and_port(upstream_url),
        "fields": dict(fields),
        "headers": dict(headers),
        "timeout_s": timeout_s,
    }
    with hop(orders) as ports:
        yield f"http://127.0.0.1:{ports['port']}"
