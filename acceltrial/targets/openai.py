"""Any server that speaks the OpenAI HTTP protocol, wherever it runs and whoever started it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import Field

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets.http import Answer, get, post_json
from acceltrial.targets.serving import PATHS
from acceltrial.targets.spec import Availability, LaunchModel, RunningServer, Startup, TargetSpec

CONNECT_S = 2.0
TOTAL_S = 5.0
FIRST_REQUESTS: Mapping[str, Mapping[str, Any]] = {
    "completions": {"prompt": "The pump", "max_tokens": 2, "temperature": 0},
    "chat": {"messages": [{"role": "user", "content": "The pump"}], "max_tokens": 2, "temperature": 0},
    "embeddings": {"input": "pump"},
    "rerank": {"query": "pump", "documents": ["a pump", "a boat"]},
}


class Launch(LaunchModel):
    """Where the server is. The key itself never stands here."""

    url: str = Field(pattern=r"^https?://")
    """With the `/v1` of the protocol."""
    served_model: str
    """The name by which the server knows the model."""
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Z_][A-Z0-9_]*$")
    timeout: float = Field(default=120.0, gt=0, le=3600)
    """Seconds for the first request."""
    ignore_eos: bool = True
    """Whether the server knows `ignore_eos` (vLLM, SGLang, llama.cpp and TGI do)."""


class OpenAiServer:
    """The adapter for kind `openai`."""

    def availability(self, spec: TargetSpec) -> Availability:
        """Whether the server answers its model list with JSON, within seconds."""
        launch = spec.parse_launch(Launch)
        if launch.api_key_env and not os.environ.get(launch.api_key_env):
            return Availability(
                available=False,
                reason=f"the environment variable {launch.api_key_env} is not set",
                remedy=f"export {launch.api_key_env} with the server's key",
            )
        url = launch.url.rstrip("/") + "/models"
        return judge(url, get(url, connect_s=CONNECT_S, total_s=TOTAL_S, headers=headers(launch)))

    @contextmanager
    def serve(self, spec: TargetSpec, *, workdir: Path, cache: Path) -> Iterator[RunningServer]:  # noqa: ARG002
        """The server, after one small request to it. Raises TargetUnavailableError."""
        launch = spec.parse_launch(Launch)
        self.availability(spec).demand(spec.target)
        base = launch.url.rstrip("/")
        sent = time.monotonic()
        body = {"model": launch.served_model, **FIRST_REQUESTS[spec.api]}
        answer = post_json(
            base + PATHS[spec.api], body, connect_s=CONNECT_S, total_s=launch.timeout, headers=headers(launch)
        )
        if answer.status != 200:
            problem = judge(base + PATHS[spec.api], answer)
            raise TargetUnavailableError(
                f"the first request failed: {problem.reason}", where=spec.target, remedy=problem.remedy
            )
        generates = spec.api in {"completions", "chat"}
        yield RunningServer(
            base_url=base,
            model_name=launch.served_model,
            api=spec.api,
            pid=None,
            startup=Startup(
                first_request_s=time.monotonic() - sent,
                reason="the server runs already: its start was not seen",
            ),
            exact_length_fields={"ignore_eos": True} if generates and launch.ignore_eos else {},
            headers=headers(launch),
            engine="OpenAI-compatible server",
        )


def headers(launch: Launch) -> dict[str, str]:
    """The authorisation header, when the launch section names a key that is set."""
    key = os.environ.get(launch.api_key_env or "", "")
    return {"authorization": f"Bearer {key}"} if key else {}


def judge(url: str, answer: Answer) -> Availability:
    """What an answer to a JSON request says about the server."""
    if answer.status is None:
        remedy = "start the server, or correct `launch.url`"
        return Availability(available=False, reason=f"{url}: {answer.problem}", remedy=remedy)
    if answer.status in {401, 403}:
        return Availability(
            available=False,
            reason=f"{url}: the server refuses the key (status {answer.status})",
            remedy="set the environment variable that `launch.api_key_env` names to a valid key",
        )
    if answer.json() is None:
        kind = answer.content_type.split(";")[0].strip() or "no content type"
        return Availability(
            available=False,
            reason=f"{url}: it answered {kind} with status {answer.status}, not JSON",
            remedy="point `launch.url` at the API, with its `/v1`: a web page or proxy answers here",
        )
    if answer.status in {404, 405}:
        # A server without a model list may serve all the same: its first request will tell.
        return Availability(available=True, reason="the server lists no models")
    if answer.status >= 400:
        return Availability(
            available=False, reason=f"{url}: status {answer.status}", remedy="read the server's own log"
        )
    return Availability(available=True)


KIND = OpenAiServer()
