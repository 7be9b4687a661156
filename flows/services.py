"""Local services as child processes: Prefect's and MLflow's servers, the worker."""

from __future__ import annotations

import os
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


@contextmanager
def running(*command: str, cwd: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A child process of this Python's environment, ended with the block."""
    program = str(Path(sys.executable).parent / command[0])
    process = subprocess.Popen([program, *command[1:]], cwd=cwd)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


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
            time.sleep(0.5)
    raise TargetUnavailableError(
        f"no answer within {seconds:.0f} s", where=address, remedy="is the machine overloaded?"
    )
