"""URLs."""

from __future__ import annotations

import pytest

from acceltrial.errors import ConfigurationError, TargetUnavailableError
from acceltrial.load.address import resolve


def test_resolve() -> None:
    found = resolve("http://127.0.0.1:8000/v1/")
    assert (found.host, found.port, found.path, found.tls) == ("127.0.0.1", 8000, "/v1", False)
    assert found.addresses[0][1:] == ("127.0.0.1", 8000)
    assert resolve("https://127.0.0.1").port == 443


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x", "127.0.0.1:80", "http://", "http://a:99999/v1", "http://a:b/v1", "http://u:p@127.0.0.1/",
     "http://127.0.0.1/v1?x=1", "http://127.0.0.1/v1\r\nX: y", "http://127.0.0.1/a b"],
)  # fmt: skip
def test_bad_urls(url: str) -> None:
    with pytest.raises(ConfigurationError):
        resolve(url)


def test_unknown_name() -> None:
    with pytest.raises(TargetUnavailableError):
        resolve("http://no-such-host.invalid/v1")
