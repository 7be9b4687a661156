"""The load engine: drive any server on an exact schedule, and state the instrument's own error.

Names are imported on first use, because the load-generating process must stay free of
everything but the standard library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acceltrial.load.bounds import Bounds
    from acceltrial.load.plan import LoadPlan, LoadResult
    from acceltrial.load.reference import Reference, serve_reference
    from acceltrial.load.run import run_load
    from acceltrial.load.schedule import Schedule

_HOMES = {
    "Bounds": "bounds",
    "LoadPlan": "plan",
    "LoadResult": "plan",
    "Reference": "reference",
    "Schedule": "schedule",
    "serve_reference": "reference",
    "run_load": "run",
}

__all__ = ["Bounds", "LoadPlan", "LoadResult", "Reference", "Schedule", "run_load", "serve_reference"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
