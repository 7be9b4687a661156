"""What the local servers share: start, wait, first request, and the running server that comes of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets.http import post_json
from acceltrial.targets.marks import read_marks
from acceltrial.targets.memory import MemorySampler
from acceltrial.targets.process import LOOPBACK, Child, child, wait_until_ready
from acceltrial.targets.spec import RunningServer, Startup
from acceltrial.targets.weights import module_environment

PATHS = {
    "completions": "/completions",
    "chat": "/chat/completions",
    "embeddings": "/embeddings",
    "rerank": "/rerank",
}


@dataclass(frozen=True, slots=True)
class LocalServer:
    """How to start one local server.

    Attributes:
        arguments: of `python -m`, the module first.
        health: path of the health check, from the server's root.
        first_request: body of the first small request, without the model's name.
        exact_length_fields: see `RunningServer`.
    """

    name: str
    arguments: Sequence[str]
    port: int
    model_name: str
    api: str
    first_request: Mapping[str, Any]
    health: str = "/health"
    ready_timeout_s: float = 120.0
    tokenizer_path: Path | None = None
    exact_length_fields: Mapping[str, Any] = field(default_factory=dict)
    engine: str = ""


@contextmanager
def run_local(server: LocalServer, workdir: Path) -> Iterator[RunningServer]:
    """Starts `server`, yields it once its first request was answered, and ends it in every case.

    Raises:
        TargetUnavailableError: it did not start, or did not answer its first request.
    """
    command = [sys.executable, "-m", *server.arguments]
    with child(server.name, command, workdir=workdir, environment=module_environment()) as process:
        memory = MemorySampler(process.pid)
        try:
            root = f"http://{LOOPBACK}:{server.port}"
            ready = wait_until_ready(process, root + server.health, server.ready_timeout_s)
            first_s = _first_request(server, process)
            yield RunningServer(
                base_url=f"{root}/v1",
                model_name=server.model_name,
                api=server.api,
                pid=process.pid,
                startup=_startup(process, ready, first_s),
                tokenizer_path=server.tokenizer_path,
                exact_length_fields=server.exact_length_fields,
                memory=memory,
                engine=server.engine,
            )
        finally:
            memory.close()


def _startup(process: Child, ready: float, first_s: float) -> Startup:
    imported = read_marks(process.marks).get("imported")
    if imported is None:
        return Startup(None, None, first_s, reason="the server does not tell when its model begins to load")
    at = float(imported["t"])
    return Startup(at - process.spawned, ready - at, first_s)


def _first_request(server: LocalServer, process: Child) -> float:
    url = f"http://{LOOPBACK}:{server.port}/v1{PATHS[server.api]}"
    start = time.monotonic()
    answer = post_json(
        url, {"model": server.model_name, **server.first_request}, connect_s=2.0, total_s=120.0
    )
    if answer.status != 200:
        said = answer.problem or f"status {answer.status}: {answer.body[:200].decode(errors='replace')}"
        raise TargetUnavailableError(
            f"the first request failed ({said})",
            where=server.name,
            remedy=f"read {process.log}",
            details={"log_tail": process.log_tail()},
        )
    return time.monotonic() - start
