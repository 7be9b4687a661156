"""Local services as child processes: Prefect's and MLflow's servers, the worker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from acceltrial.errors import TargetUnavailableError
from stages.running.workspace import Workspace

PREFECT_PORT = int(os.environ.get("ACCELTRIAL_PREFECT_PORT", "4200"))
MLFLOW_PORT = int(os.environ.get("ACCELTRIAL_MLFLOW_PORT", "5000"))


TEMPORARY = "ACCELTRIAL_TEMPORARY_SERVER"
"""Set in the environment while the Prefect server in use is our own and ends with the evaluation."""


@contextmanager
def running(
    *command: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A child process of this Python's environment, ended with the block or with us, however we end."""
    program = str(Path(sys.executable).parent / command[0])
    process = subprocess.Popen(
        [program, *command[1:]],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        preexec_fn=_die_with_parent,  # noqa: PLW1509 (one system call, no lock is touched)
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def _die_with_parent() -> None:
    # The kernel ends the child when we die, even by kill -9: no server is left behind (Linux).
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


@contextmanager
def temporary_prefect_server() -> Iterator[None]:
    """A Prefect server for one evaluation, unless the settings name a lasting one.

    Prefect's own temporary server outlives a killed evaluation; this one does not.
    """
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

    if get_current_settings().api.url:
        yield
        return
    address = f"http://127.0.0.1:{_free_port()}"
    port = address.rpartition(":")[2]
    command = (
        "python",
        "-m",
        "uvicorn",
        "--factory",
        "prefect.server.api.server:create_app",
        "--host",
        "127.0.0.1",
    )
    quiet = ("--port", port, "--log-level", "error", "--lifespan", "on")
    # What Prefect sets for its own temporary server: no page, no background services.
    settings = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    with running(*command, *quiet, env=settings) as process:
        wait_for(f"{address}/api/health", process)
        os.environ[TEMPORARY] = "1"
        try:
            with temporary_settings({PREFECT_API_URL: f"{address}/api"}):
                yield
        finally:
            # What is still queued has nowhere to go once the server ends, and would be tried for a minute.
            APILogWorker.drain_all(timeout=5)
            EventsWorker.drain_all(timeout=5)
            del os.environ[TEMPORARY]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def prefect_server() -> Iterator[str]:
    """Prefect's server on loopback; yields the address of its API."""
    api = f"http://127.0.0.1:{PREFECT_PORT}/api"
    os.environ["PREFECT_API_URL"] = api
    with running("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(PREFECT_PORT)) as process:
        wait_for(f"{api}/health", process)
        yield api


@contextmanager
def mlflow_server(workspace: Workspace) -> Iterator[str]:
    """MLflow's server on loopback over the workspace's runs; yields its address."""
    address = f"http://127.0.0.1:{MLFLOW_PORT}"
    store = workspace.tracking_uri
    command = (
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(MLFLOW_PORT),
        "--backend-store-uri",
        store,
    )
    with running(*command) as process:
        wait_for(f"{address}/health", process)
        yield address


def wait_for(address: str, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Waits until `address` answers. Raises TargetUnavailableError when the process ends or time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise TargetUnavailableError(
                f"the server ended with code {process.returncode}",
                where=address,
                remedy="read its messages above; is the port in use?",
            )
        try:
            with urlopen(address, timeout=2):  # noqa: S310 (always loopback http)
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise TargetUnavailableError(
        f"no answer within {seconds:.0f} s", where=address, remedy="is the machine overloaded?"
    )
