"""`acceltrial catalogue parity`: what each runtime can do with each family of models."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.errors import ConfigurationError


def parity(
    *,
    family: list[str] | None = None,
    runtime: str | None = None,
    gaps: Annotated[bool, Parameter(name="--gaps", negative="")] = False,
    catalogue: Annotated[Path | None, Parameter(name="--catalogue")] = None,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """What each runtime can do with each family of models: features documented, lost and unproven.

    What a move would cost is no fact of the catalogue: it stands as declared lines in params.yaml
    (score.cost_lines: new_class_migration, new_class_engineering).

    Args:
        family: Only these families, such as dense_llm.
        runtime: Only runtimes and hardware with this text in their name.
        gaps: Only what is not documented.
        catalogue: The catalogue's folder.
        json: Every cell with its source and date, and the summary, as JSON on stdout.
    """
    from acceltrial.catalog import load_catalogue
    from acceltrial.catalog.location import find_catalogue
    from acceltrial.catalog.parity import parity as cells_of
    from acceltrial.catalog.parity import read_features, summarise

    folder = find_catalogue(catalogue)
    features = read_features(folder)
    known = sorted({name for feature in features for name in feature.families})
    if unknown := sorted(set(family or ()) - set(known)):
        raise ConfigurationError(
            f"no family {unknown[0]!r}", where="catalogue parity", remedy=f"choose among {', '.join(known)}"
        )
    cells = cells_of(features, load_catalogue(folder).runtimes.to_dicts(), family or ())
    if runtime is not None:
        cells = [cell for cell in cells if runtime.lower() in f"{cell.runtime} {cell.hardware}".lower()]
    summary = summarise(cells)
    if gaps:
        cells = [cell for cell in cells if cell.state != "documented"]
    if json:
        report = {"summary": [asdict(row) for row in summary], "cells": [asdict(cell) for cell in cells]}
        print_json(report)
        return
    for row in summary:
        place = f"{row.runtime} on {row.hardware}"
        sys.stdout.write(f"{row.family:<11} {place:<34} {row.documented:>2} of {row.features:>2} documented")
        told = [("lost", row.lost), ("unproven", row.unproven)]
        parts = [f"{word}: {', '.join(names)}" for word, names in told if names]
        sys.stdout.write(f"   {'; '.join(parts)}\n" if gaps and parts else "\n")
