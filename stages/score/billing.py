"""What was billed beside what was predicted, where the portfolio declares a bill (billing.yaml)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import polars as pl

from acceltrial.cost.billed import LINES, Comparison, Predicted, Predictions, compare
from acceltrial.cost.billed_rules import load_billing
from acceltrial.cost.focus import read_charges
from acceltrial.errors import ConfigurationError

BILLING: Final = "billing.yaml"
"""The file's name in the portfolio's folder; without it nothing is compared."""


def compared(
    costs: pl.DataFrame, decisions: pl.DataFrame, path: Path, exports: Sequence[Path] = ()
) -> Comparison | None:
    """The portfolio's bill beside the costs of an evaluation; None where no bill is declared.

    Args:
        costs: the table of this name.
        decisions: likewise.
        path: of billing.yaml.
        exports: FOCUS files; without any, those that billing.yaml names.

    Raises:
        ConfigurationError: billing.yaml is wrong, or exports are given and it is absent.
        DataContractError: an export is wrong.
        StorageError: a file cannot be read.
    """
    if not path.is_file() and not exports:
        return None
    file = load_billing(path)
    files = list(exports) or [path.parent / name for name in file.files]
    if not files:
        raise ConfigurationError(
            "no export is named", where=path.name, remedy="add files: [billing/2026-10.csv]"
        )
    recommended = {name: option for name, option in decisions.select("workload", "option").rows() if option}
    return compare(read_charges(files), file, _predictions(costs), recommended)


def billed_rows(comparison: Comparison | None) -> list[dict[str, Any]]:
    """The rows of Billed."""
    return [] if comparison is None else [asdict(row) for row in comparison.rows]


def _predictions(costs: pl.DataFrame) -> Predictions:
    found: dict[tuple[str, str], dict[str, Predicted]] = {}
    for name, option, metric, value, low, high in costs.select(
        "workload", "option", "metric", "value", "low", "high"
    ).iter_rows():
        lines = found.setdefault((name, option), {})
        if metric in LINES.values() and value is not None:
            ends = (math.nan if end is None else end for end in (low, high))
            lines[metric] = Predicted(value, *ends)
    return found
