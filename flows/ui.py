"""`make ui`: opens Prefect's and MLflow's pages over the workspace's runs."""

from __future__ import annotations

import sys
import threading
import webbrowser

from flows.settings import prepare_environment
from stages.running.workspace import find_workspace


def show() -> None:
    """Serves both pages until interrupted."""
    workspace = find_workspace()
    prepare_environment(workspace.state)
    from flows.services import mlflow_server, prefect_server

    with mlflow_server(workspace) as mlflow, prefect_server() as api:
        for name, address in (("MLflow", mlflow), ("Prefect", api.removesuffix("/api"))):
            sys.stderr.write(f"{name}: {address}\n")
            webbrowser.open(address)
        sys.stderr.write("Ctrl-C ends both\n")
        threading.Event().wait()


if __name__ == "__main__":
    try:
        show()
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
