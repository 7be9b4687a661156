"""Settings of Prefect and of child processes, made before Prefect is imported.

What the user has set in the environment always wins.
"""

from __future__ import annotations

import os
from pathlib import Path

_DEFAULTS = {
    # The temporary server can be slow at its first start on a loaded machine.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # Without internet the telemetry of server and client would only log errors.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Progress is also reported before and after the flow runs.
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "acceltrial,stages",
    # Progress and errors are on the flow run's page; the terminal has its own lines for them.
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_CLI_COLORS": "false" if os.environ.get("NO_COLOR") else "true",
    # A browser window or an update check has no place in a scheduled run.
    "PREFECT_SHOW_VERSION_MISMATCH_WARNING": "false",
}


def prepare_environment(state: Path) -> None:
    """Keeps Prefect's database inside the workspace's state folder, and sets the defaults above."""
    home = state / "prefect"
    if "PREFECT_HOME" not in os.environ:
        home.mkdir(parents=True, exist_ok=True)  # Prefect itself makes the last folder only
        os.environ["PREFECT_HOME"] = str(home)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
