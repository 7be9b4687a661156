"""The decorator that compiles a function with numba; importing this module imports numba.

Machine code is kept in the user's cache folder under a digest of this folder's sources: numba itself does not
notice when a function changes that a kept one calls.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit

from acceltrial.storage.digest import file_digest

Function = TypeVar("Function", bound=Callable[..., Any])


def _folder() -> Path | None:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = "".join(file_digest(source)[:4] for source in sources)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "acceltrial" / f"compiled-{digest}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


_FOLDER = _folder()


def compiled(function: Function) -> Function:
    """The function as machine code; compiled anew in each process where no cache folder can be written."""
    return _compiled(function, inline=False)


def inlined(function: Function) -> Function:
    """The same for small functions, set into their callers: calls that pass many arrays are dear."""
    return _compiled(function, inline=True)


def _compiled(function: Function, *, inline: bool) -> Function:
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_FOLDER or "")
    keep = _FOLDER is not None
    try:
        return cast("Function", njit(cache=keep, error_model="numpy", forceinline=inline)(function))
    finally:
        config.CACHE_DIR = before
