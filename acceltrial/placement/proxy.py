"""HAProxy as a child process on an exported configuration, and its runtime socket."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from acceltrial.errors import AcceltrialError, TargetUnavailableError
from acceltrial.placement import haproxy
from acceltrial.placement.model import Placement

_START_S = 10.0


class Proxy:
    """A running HAProxy."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path

    def command(self, text: str) -> str:
        """The answer to one runtime command. Raises AcceltrialError for more than one."""
        if "\n" in text:
            raise AcceltrialError(
                "one command at a time", where="HAProxy's runtime socket", remedy="split it"
            )
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(5)
            connection.connect(str(self.socket_path))
            connection.sendall(text.encode() + b"\n")
            parts = []
            while part := connection.recv(65_536):
                parts.append(part)
        return b"".join(parts).decode(errors="replace").strip()

    def up(self) -> dict[str, bool]:
        """Whether each server passes its check, by `backend/server`."""
        lines = [
            line.split(",") for line in self.command("show stat").splitlines() if line[:1] not in ("#", "")
        ]
        return {
            f"{line[0]}/{line[1]}": line[17].startswith("UP")
            for line in lines
            if line[1] not in ("FRONTEND", "BACKEND")
        }


@contextmanager
def running(placements: Sequence[Placement], folder: Path) -> Iterator[Proxy]:
    """HAProxy with the exported configuration, until the block ends.

    Raises:
        TargetUnavailableError: HAProxy is not installed, or refuses the configuration.
    """
    program = shutil.which("haproxy", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
    if program is None:
        raise TargetUnavailableError(
            "HAProxy is not installed", where="PATH", remedy="apt-get install haproxy, then run again"
        )
    control = folder / "admin.sock"
    config = folder / "haproxy.cfg"
    config.write_text(haproxy.render(placements, socket=str(control))[0][0].text, encoding="utf-8")
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen([program, "-db", "-f", str(config)], stdout=log, stderr=log)
        try:
            _wait(process, control, folder / "haproxy.log")
            yield Proxy(control)
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], control: Path, log: Path) -> None:
    proxy, give_up = Proxy(control), time.monotonic() + _START_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if all(proxy.up().values()):
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise TargetUnavailableError(
        "HAProxy did not come up with every server healthy",
        where=str(log),
        remedy="see the end of its log",
        details={"log": log.read_text(errors="replace")[-2_000:]},
    )
