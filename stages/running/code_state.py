"""Which code ran: the commit of the checkout, and whether it was altered."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache

from stages.running.workspace import CHECKOUT


@dataclass(frozen=True, slots=True)
class CodeState:
    """`commit` is empty where the code lies outside git."""

    commit: str
    dirty: bool


@cache
def code_state() -> CodeState:
    """The checkout's commit and whether tracked files differ from it."""
    commit = _git("rev-parse", "HEAD")
    # dvc.lock is the record of runs, not code: it changes with every evaluation.
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)dvc.lock")
    return CodeState(commit=commit, dirty=bool(changed))


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, timeout=20, check=False
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
