from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from acceltrial.errors import ConfigurationError, TargetUnavailableError
from acceltrial.load.reference import serve_reference
from acceltrial.targets import TargetSpec, availability, openai, serve


def spec(url: str, **launch: object) -> TargetSpec:
    return TargetSpec(
        "there",
        "openai",
        "t",
        "d",
        "m",
        "bf16",
        "completions",
        launch={"url": url, "served_model": "m", **launch},
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("refuses", "refused"),
        ("hangs", "answer"),
        ("html", "text/html"),
        ("key", "refuses the key"),
        ("broken", "status 500"),
        ("dies", "in the middle"),
    ],
)
def test_a_server_that_cannot_be_used_is_unavailable_with_reason_and_remedy(
    bad_server: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.setattr(openai, "CONNECT_S", 0.5)
    monkeypatch.setattr(openai, "TOTAL_S", 0.6)
    found = availability(spec(bad_server(name)))
    assert not found.available
    assert said in found.reason
    assert found.remedy


def test_serving_from_an_unavailable_server_raises(bad_server: Callable[[str], str], tmp_path: Path) -> None:
    with (
        pytest.raises(TargetUnavailableError, match="refused"),
        serve(spec(bad_server("refuses")), workdir=tmp_path, cache=tmp_path),
    ):
        raise AssertionError("nothing is served")


def test_a_key_that_is_not_set_is_told_before_anything_is_sent() -> None:
    found = availability(spec("http://127.0.0.1:9/v1", api_key_env="SURELY_NOT_SET_KEY"))
    assert "SURELY_NOT_SET_KEY" in found.reason


def test_the_key_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRIAL_KEY", "topsecret")
    with (
        serve_reference() as reference,
        serve(spec(reference.base_url, api_key_env="TRIAL_KEY"), workdir=tmp_path, cache=tmp_path) as server,
    ):
        assert server.headers == {"authorization": "Bearer topsecret"}
        assert "topsecret" not in repr(server)
        assert server.startup.first_request_s is not None
        assert server.startup.process_start_s is None
        assert server.pid is None


def test_a_misspelt_launch_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="ulr"):
        availability(spec("http://127.0.0.1:9/v1", ulr="x"))
