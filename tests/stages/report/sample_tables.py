"""Plausible tables of a small portfolio, of an empty one, and of one with hostile texts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl

from acceltrial.storage.tables import write_table
from schemas.base import check_table, empty, table_of
from stages import artifacts
from stages.contract import Inputs
from stages.report.tables import SOURCES
from tests.stages.report.sample.base import HOSTILE, NOW, WORKLOADS, Sample
from tests.stages.report.sample.canaries import add_canaries
from tests.stages.report.sample.decision import add_decision
from tests.stages.report.sample.evidence import add_measurements
from tests.stages.report.sample.inputs import add_candidates, add_catalogue, add_classes, add_workload

__all__ = ["HOSTILE", "NOW", "frames_of", "sample_rows", "write_sample"]


def sample_rows(
    *, seed: int = 7, hostile: bool = False, only: tuple[str, ...] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Rows of every table for the small portfolio, or `only` these workloads of it.

    With `hostile`, free texts hold markup.
    """
    sample = Sample(random.Random(seed))
    text = HOSTILE if hostile else ""
    add_catalogue(sample, text)
    for entry in (w for w in WORKLOADS if not only or w[0] in only):
        add_workload(sample, entry, text)
        add_classes(sample, entry, text)
        add_candidates(sample, entry, text)
        add_measurements(sample, entry, text)
        add_decision(sample, entry, text)
    add_canaries(sample, text)
    return sample.rows


def frames_of(rows: dict[str, list[dict[str, Any]]]) -> dict[str, pl.DataFrame]:
    """A checked frame for every table that the report reads; absent tables are empty."""
    return {
        source.name: check_table(
            source.schema,
            table_of(source.schema, rows[source.name]) if rows.get(source.name) else empty(source.schema),
            source.name,
        )
        for source in SOURCES
    }


def write_sample(root: Path, rows: dict[str, list[dict[str, Any]]]) -> Inputs:
    """The tables as files below `root`, as the stages would have written them."""
    frames = frames_of(rows)
    for source in SOURCES:
        stage = Path(source.path).parent.name
        provenance = {
            "stage": stage,
            "version": "1",
            "run": f"run-{stage}",
            "git_commit": "0123456789abcdef",
            "git_dirty": stage == "score",
            "written": NOW.isoformat(),
            "machine": "2 cores",
            "inputs": {"data/portfolio": "ab" * 32},
            "params": {"seed": 1, "nested": {"a": [1, 2]}},
            "code": "cd" * 32,
        }
        write_table(root / source.path, frames[source.name], provenance)
    return Inputs(root, (*SOURCES, artifacts.PORTFOLIO))
