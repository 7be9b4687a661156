"""`acceltrial init DIR`."""

from __future__ import annotations

import sys
from pathlib import Path


def init(folder: Path) -> int:
    """Make a workspace with a fresh, commented portfolio to fill in.

    Args:
        folder: A new or empty folder; nothing is overwritten.
    """
    from flows.workspaces import fresh_workspace

    files = fresh_workspace(folder)
    sys.stderr.write(f"Edit these files. In {folder}, `acceltrial validate` checks them, ")
    sys.stderr.write("`acceltrial evaluate` runs the pipeline:\n")
    for file in files:
        sys.stdout.write(f"{file}\n")
    return 0
