"""The reference server as a context: started, asked for its log, and ended with the block."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from acceltrial.errors import TargetUnavailableError
from acceltrial.load.processes import child_environment, end_process
from acceltrial.load.reference_server import Behaviour


@dataclass(frozen=True, slots=True)
class Answered:
    """One request as the server saw it; nanoseconds of the machine's monotonic clock."""

    request_id: str
    read_ns: int
    written_ns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A running reference server."""

    base_url: str
    port: int
    behaviour: Behaviour
    pid: int

    def log(self) -> dict[str, Any]:
        """Connections accepted, most requests at once, and what was answered, since the last reset."""
        found: dict[str, Any] = json.loads(self._ask("GET", "/reference/log"))
        rows = [Answered(str(name), read, tuple(written)) for name, read, written in found.pop("requests")]
        return found | {"requests": rows}

    def reset(self) -> None:
        """Empties the log."""
        self._ask("POST", "/reference/reset")

    def _ask(self, method: str, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path)
            return connection.getresponse().read()
        finally:
            connection.close()


@contextmanager
def serve_reference(behaviour: Behaviour | None = None, *, port: int = 0) -> Iterator[Reference]:
    """A reference server in a process of its own, for as long as the block lasts.

    Raises:
        TargetUnavailableError: it did not come up.
    """
    behaviour = behaviour or Behaviour()
    options = [f"--{name.replace('_', '-')}={value}" for name, value in asdict(behaviour).items()]
    module = "acceltrial.load.reference_server"
    process = subprocess.Popen(
        [sys.executable, "-m", module, f"--port={port}", "--until-stdin-closes", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=child_environment(),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise TargetUnavailableError(
                "the reference server did not start", where=f"port {port}", remedy="choose a free port"
            )
        found = int(json.loads(line)["port"])
        yield Reference(f"http://127.0.0.1:{found}/v1", found, behaviour, process.pid)
    finally:
        end_process(process)
