"""`acceltrial report open|path`."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path

import cyclopts

from acceltrial.errors import StorageError
from stages.running.workspace import find_workspace

app = cyclopts.App(name="report", help="Open the last report, or print its path")


@app.command
def path(*, workspace: Path | None = None) -> int:
    """Print where the last report lies.

    Args:
        workspace: The workspace (default: the one that holds the current folder).
    """
    sys.stdout.write(f"{_report(workspace)}\n")
    return 0


@app.command(name="open")
def open_report(*, workspace: Path | None = None) -> int:
    """Open the last report in the browser; it is one file and needs no network.

    Args:
        workspace: The workspace (default: the one that holds the current folder).
    """
    report = _report(workspace)
    if not webbrowser.open(report.as_uri()):
        sys.stderr.write("no browser found here; open this file yourself:\n")
    sys.stdout.write(f"{report}\n")
    return 0


def _report(start: Path | None) -> Path:
    from stages.artifacts import REPORT

    report = find_workspace(start).root / REPORT.path
    if not report.is_file():
        raise StorageError("there is no report yet", where=str(report), remedy="acceltrial evaluate")
    return report
