"""All stages in the order in which they run."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from acceltrial.errors import ConfigurationError
from stages.contract import Stage

ORDER = ("collect", "classify", "map_hardware", "benchmark", "score", "canary", "report")


def get_stage(name: str) -> Stage[Any]:
    """The stage called `name`, imported when asked for. Raises ConfigurationError for an unknown name."""
    if name not in ORDER:
        raise ConfigurationError(
            f"there is no stage {name!r}", where="stages", remedy=f"choose one of: {', '.join(ORDER)}"
        )
    stage: Stage[Any] = import_module(f"stages.{name}.stage").STAGE
    return stage


def all_stages() -> list[Stage[Any]]:
    """Every stage in order."""
    return [get_stage(name) for name in ORDER]
