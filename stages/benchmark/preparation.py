"""What measured cells will need, made while earlier stages run: model files, and the quality reference."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from acceltrial.cli.targets import read_targets
from acceltrial.errors import AcceltrialError
from acceltrial.targets.registry import adapter
from stages import artifacts
from stages.benchmark.cells import LOCAL_KINDS
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.quality import reference_of


def make_ready(root: Path, params: BenchmarkParams, cache: Path) -> None:
    """Fills `cache` for the local targets of the portfolio in `root`, as far as that is possible.

    What fails for one target leaves the others alone, and fails again in the cell that needs it, which
    tells why.

    Raises:
        ConfigurationError: the portfolio or its targets are not well-formed.
    """
    targets = [
        t for t in read_targets(root / artifacts.PORTFOLIO.path) if t.enabled and t.kind in LOCAL_KINDS
    ]
    for target in targets:
        if places := getattr(adapter(target.kind), "weight_files", None):
            with suppress(AcceltrialError):
                places(target, cache)
    for target in targets:
        with suppress(AcceltrialError):
            reference_of(target, params, cache)
