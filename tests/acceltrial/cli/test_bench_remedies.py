"""What to do when nothing was answered."""

from __future__ import annotations

from typing import Any

import pytest

from acceltrial.cli.bench_remedies import remedy


def summary(
    error: str, told: str = "", url: str = "http://h:1/v1", api: str = "completions"
) -> dict[str, Any]:
    return {
        "errors": {error: 3, "reset": 1},
        "error_examples": {error: told},
        "target": {"base_url": url, "api": api},
    }


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (summary("http_404", url="http://h:1"), "try http://h:1/v1"),
        (summary("http_404", url="http://h:1/v1/", told="model 'x' not found"), "--model"),
        (summary("http_400", "Server is pinned to model 'a'"), "--model"),
        (summary("http_401"), "--api-key-env"),
        (summary("http_500", api="chat"), "chat template"),
        (summary("http_500"), "check that the server runs"),
        (summary("http_422", "field required"), "--extra-body"),
        (summary("connect_refused"), "nothing listens"),
        (summary("tls_untrusted"), "--ca-file"),
        ({"errors": {}}, "check that the server runs"),
    ],
)
def test_advice_fits_what_was_said(given: dict[str, Any], advice: str) -> None:
    assert advice in remedy(given)
