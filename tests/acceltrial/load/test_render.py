"""Whole requests."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.load import LoadPlan, Schedule
from acceltrial.load.address import resolve
from acceltrial.load.prompts import TokenRate
from acceltrial.load.render import Rendering, head


def plan(**changes: Any) -> LoadPlan:
    schedule = Schedule.open_loop("constant", rate_rps=1, requests=3, input_tokens=5, output_tokens=7)
    given: dict[str, Any] = {"schedule": schedule, "calibrate": False} | changes
    return LoadPlan("http://127.0.0.1:8000/base/v1", "completions", "m", **given)


def split(request: bytes) -> tuple[list[str], Any]:
    top, _, content = request.partition(b"\r\n\r\n")
    return top.decode().split("\r\n"), orjson.loads(content)


def test_every_request_is_whole_and_numbered() -> None:
    made = plan(warm_up=2, extra_body={"seed": 1}, extra_headers={"X-Team": "a"})
    rendering = Rendering(made, resolve(made.base_url), TokenRate())
    requests = [split(request) for request in [*rendering.warm_up(), *rendering.scheduled()]]
    assert [lines[0] for lines, _ in requests] == ["POST /base/v1/completions HTTP/1.1"] * 5
    assert [next(x for x in lines if x.startswith("X-Request-Id")) for lines, _ in requests] == [
        f"X-Request-Id: {number}" for number in (-2, -1, 0, 1, 2)
    ]
    for lines, content in requests:
        assert f"Content-Length: {len(orjson.dumps(content))}" in lines
        assert {"Host: 127.0.0.1:8000", "X-Team: a"} <= set(lines)
        assert len(content["prompt"].split()) == 5
        assert (content["max_tokens"], content["seed"]) == (7, 1)
    assert len({content["prompt"] for _, content in requests}) == 5


def test_keys_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "abc")
    made = plan(api_key_env="A_KEY", keep_alive=False)
    text = head(made, resolve(made.base_url))
    assert b"Authorization: Bearer abc\r\n" in text
    assert b"Connection: close\r\n" in text
    monkeypatch.setenv("A_KEY", "abc\r\nX: y")
    with pytest.raises(ConfigurationError):
        head(made, resolve(made.base_url))
    monkeypatch.delenv("A_KEY")
    with pytest.raises(ConfigurationError):
        head(made, resolve(made.base_url))
