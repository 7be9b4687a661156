"""Finds the adapter of a target's kind; it is imported only when chosen."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from acceltrial.errors import ConfigurationError
from acceltrial.targets.spec import Availability, RunningServer, TargetKind, TargetSpec

ENTRY_POINT_GROUP = "acceltrial.targets"

# The same names stand in pyproject.toml; this table also serves a checkout that is not installed.
BUILT_IN = {
    "llamacpp": "acceltrial.targets.llamacpp:KIND",
    "openai": "acceltrial.targets.openai:KIND",
    "sagemaker": "acceltrial.targets.sagemaker:KIND",
    "torch_embeddings": "acceltrial.targets.torch_embeddings:KIND",
    "torch_training": "acceltrial.targets.torch_training:KIND",
    "transformers_serve": "acceltrial.targets.transformers_serve:KIND",
}


@cache
def kinds() -> dict[str, str]:
    """Where the adapter of each kind lies (`module:attribute`), built-in and third-party."""
    found = {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}
    return {**found, **BUILT_IN}


def adapter(kind: str) -> TargetKind:
    """The adapter of `kind`. Raises ConfigurationError when there is none or it cannot be imported."""
    known = kinds()
    if kind not in known:
        raise ConfigurationError(
            f"no target kind '{kind}'",
            where="targets.yaml",
            remedy=f"one of: {', '.join(sorted(known))}, or install the package that brings it",
        )
    module, _, attribute = known[kind].partition(":")
    try:
        return cast("TargetKind", getattr(import_module(module), attribute or "KIND"))
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"the adapter of target kind '{kind}' cannot be imported ({error})",
            where=known[kind],
            remedy="reinstall the package that brings it",
        ) from error


def availability(spec: TargetSpec) -> Availability:
    """Whether the target can be used now, and if not, why. Never hangs; never raises for the target's state.

    Raises:
        ConfigurationError: unknown kind, or a launch setting that the kind does not know.
    """
    if not spec.enabled:
        return Availability(available=False, reason="disabled in the portfolio", remedy="set `enabled: true`")
    return adapter(spec.kind).availability(spec)


def serve(spec: TargetSpec, *, workdir: Path, cache: Path) -> AbstractContextManager[RunningServer]:
    """A ready server of the target for the length of a `with` block.

    Args:
        spec: what to start or reach.
        workdir: where its log goes; it must exist.
        cache: where assembled model files are kept for the next time.

    Raises:
        TargetUnavailableError: it cannot be started or reached.
    """
    return adapter(spec.kind).serve(spec, workdir=workdir, cache=cache)
