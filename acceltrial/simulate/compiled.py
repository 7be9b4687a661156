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
from numba.core import cgutils
from numba.extending import intrinsic

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
    """The function as machine code for other compiled code; without a cache folder, anew in each process."""
    return _compiled(function)


def entry(function: Function) -> Function:
    """The same for the one function that Python calls."""
    return _compiled(function, no_cpython_wrapper=False)


def inlined(function: Function) -> Function:
    """The same for small functions, set into their callers: calls that pass many arrays are dear."""
    return _compiled(function, forceinline=True)


def _compiled(function: Function, **options: bool) -> Function:
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_FOLDER or "")
    # Wrappers for Python and C would take a fifth of the time to compile, and nobody calls them.
    options = {"cache": _FOLDER is not None, "no_cfunc_wrapper": True, "no_cpython_wrapper": True} | options
    try:
        return cast("Function", njit(error_model="numpy", **options)(function))
    finally:
        config.CACHE_DIR = before


@intrinsic  # type: ignore[untyped-decorator]
def borrowed(_context: Any, array: Any) -> Any:
    """The array without its reference count, which compiled code would raise and lower in every call.

    Half of a simulation's time was spent on that. The array must outlive what is borrowed.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = cgutils.create_struct_proxy(signature.args[0])(context, builder, value=arguments[0])
        found.meminfo = cgutils.get_null_value(found.meminfo.type)
        found.parent = cgutils.get_null_value(found.parent.type)
        return found._getvalue()

    return array(array), generate
