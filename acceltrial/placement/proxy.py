"""HAProxy as a child process on an exported configuration, and its runtime socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from acceltrial.errors import AcceltrialError
from acceltrial.placement import haproxy
from acceltrial.placement.model import Placement
from acceltrial.proxies import haproxy_command, haproxy_program, installed, serving


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
        return haproxy_command(str(self.socket_path), text, timeout_s=5)

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
    program = installed(haproxy_program(), "HAProxy", "apt-get install haproxy, then run again")
    proxy = Proxy(folder / "admin.sock")
    config = folder / "haproxy.cfg"
    config.write_text(haproxy.render(placements, socket=str(proxy.socket_path))[0][0].text, encoding="utf-8")
    with serving(
        [program, "-db", "-f", str(config)],
        folder / "haproxy.log",
        lambda: _healthy(proxy),
        otherwise="HAProxy did not come up with every server healthy",
    ):
        yield proxy


def _healthy(proxy: Proxy) -> bool:
    try:
        return all(proxy.up().values())
    except OSError:
        return False
