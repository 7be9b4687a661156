"""`make serve`: Prefect's server, the deployments of prefect.yaml with their schedules, and a worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from flows.settings import prepare_environment
from stages.running.workspace import CHECKOUT, find_workspace


def serve() -> None:
    """Runs until interrupted."""
    workspace = find_workspace()
    prepare_environment(workspace.state)
    os.environ["ACCELTRIAL_CHECKOUT"] = str(CHECKOUT)
    from flows.services import prefect_server, running

    with prefect_server() as api:
        prefect = str(Path(sys.executable).parent / "prefect")
        for command in (
            ["work-pool", "create", "acceltrial", "--type", "process", "--overwrite"],
            ["--no-prompt", "deploy", "--all"],
        ):
            subprocess.run([prefect, *command], cwd=CHECKOUT, check=True)
        sys.stderr.write(f"Prefect: {api.removesuffix('/api')}  (Ctrl-C ends server, worker and schedules)\n")
        with running("prefect", "worker", "start", "--pool", "acceltrial", cwd=workspace.root) as worker:
            worker.wait()


if __name__ == "__main__":
    try:
        serve()
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
