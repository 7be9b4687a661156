"""Starting and ending a hop's process."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from acceltrial.errors import TargetUnavailableError
from acceltrial.load.processes import child_environment
from acceltrial.proxies import ended

START_S = 20.0


@contextmanager
def hop(orders: dict[str, Any], *, owned: bool = True) -> Iterator[dict[str, int]]:
    """A running hop: yields its ports and ends it with the block.

    An `owned` hop also ends by itself when this process dies. Raises TargetUnavailableError when it does
    not come up.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "acceltrial.canary.relay.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=child_environment(),
    )
    try:
        with ended(process):
            yield _ports(process, {**orders, "owner": os.getpid() if owned else None})
    finally:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def _ports(process: subprocess.Popen[bytes], orders: dict[str, Any]) -> dict[str, int]:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        process.stdin.write(json.dumps(orders).encode() + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass  # it died at once: its complaint is read below
    ready, _, _ = select.select([process.stdout], [], [], START_S)
    line = process.stdout.readline() if ready else b""
    if not line:
        process.kill()
        complaint = process.stderr.read().decode(errors="replace").strip().splitlines()
        raise TargetUnavailableError(
            f"the traffic hop did not start ({complaint[-1] if complaint else 'no word from it'})",
            where="127.0.0.1",
            remedy="see whether this machine allows a process to listen on loopback",
        )
    ports: dict[str, int] = json.loads(line)
    return ports
