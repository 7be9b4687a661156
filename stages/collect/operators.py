"""How far the compilers' documented operators cover the portfolio's models."""

from __future__ import annotations

from typing import Any

import polars as pl

from acceltrial.catalog import Catalogue
from acceltrial.catalog.operator_coverage import Coverage
from acceltrial.portfolio import Portfolio
from schemas.base import table_of
from schemas.inputs import OperatorCoverage


def operator_coverage_table(portfolio: Portfolio, catalogue: Catalogue) -> pl.DataFrame:
    """One row a model and compiler, by model and compiler; models without an exported graph have none."""
    families: dict[str, list[str]] = {}
    for family, backend in catalogue.compilers.select("family", "backend").rows():
        families.setdefault(backend, []).append(family)
    rows = [
        _row(model, one, "|".join(sorted(families.get(one.backend, []))))
        for model in sorted(model.id for model in portfolio.models)
        for one in catalogue.operator_coverage(_known_as(model, catalogue))
    ]
    return table_of(OperatorCoverage, rows)


def _known_as(model: str, catalogue: Catalogue) -> str:
    return catalogue.model_names.find(model) or model


def _row(model: str, one: Coverage, families: str) -> dict[str, Any]:
    graph = one.graph
    return {
        "model": model,
        "families": families,
        **one.summary(),
        "source": f"torch.export of {graph.architecture}, torch {graph.torch}, "
        f"transformers {graph.transformers}",
        "as_of": graph.as_of.isoformat(),
    }
