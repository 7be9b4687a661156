"""What all tables share: strict columns, finite numbers, safe names, and how a breach is told."""

from __future__ import annotations

from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData
from pandera.errors import SchemaErrors

from acceltrial.errors import DataContractError

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$"
"""Identifiers reach file names, HTML and generated configuration: nothing to escape is let in."""

GRADES = ["measured", "published", "predicted", "declared"]
CRITICALITIES = ["exploratory", "customer_facing", "mission_critical"]
WORKLOAD_KINDS = [
    "chatbot", "copilot", "batch", "agent", "embedding", "reranker",
    "multimodal", "scoring", "training", "sensor", "sandbox",
]  # fmt: skip
ACCELERATOR_CLASSES = [
    "gpu", "training_accelerator", "inference_asic", "tpu", "npu", "cpu", "neuromorphic",
]  # fmt: skip
PRECISIONS = ["fp32", "tf32", "bf16", "fp16", "fp8", "int8", "int4", "fp4"]


class Table(pa.DataFrameModel):
    """A table with no columns beyond those declared and no infinite or NaN number in it."""

    class Config:
        """Undeclared columns are refused; types are never coerced silently."""

        strict = True
        coerce = False

    @pa.dataframe_check(error="numbers must be finite (empty is allowed where the column says so)")
    def numbers_are_finite(cls, data: PolarsData) -> pl.LazyFrame:  # noqa: N805
        """True where no float of the row is NaN or infinite."""
        schema = data.lazyframe.collect_schema()
        floats = [name for name, dtype in schema.items() if dtype.is_float()]
        finite = [pl.col(name).is_finite().fill_null(True) for name in floats]
        return data.lazyframe.select(pl.all_horizontal(finite) if finite else pl.lit(True))


def check_table(model: type[Table], frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """`frame`, when it meets `model`.

    Raises:
        DataContractError: with every failing column, rule and up to five rows each in `details`.
    """
    try:
        return model.validate(frame, lazy=True)
    except SchemaErrors as error:
        breaches = _breaches(error)
        first = breaches[0]
        more = f" (and {len(breaches) - 1} more)" if len(breaches) > 1 else ""
        raise DataContractError(
            f"table {model.__name__}: column '{first['column']}' breaks '{first['rule']}'"
            f" at row {first['row']} with value {first['value']!r}{more}",
            where=where,
            remedy="correct the input named above, or the stage that wrote it",
            details={"breaches": breaches[:100]},
        ) from error


def empty(model: type[Table]) -> pl.DataFrame:
    """A table of `model` without rows."""
    return pl.DataFrame(schema=polars_schema(model))


def polars_schema(model: type[Table]) -> dict[str, Any]:
    """Column names and polars types of `model`, in its order."""
    return {name: column.dtype.type for name, column in model.to_schema().columns.items()}


def table_of(model: type[Table], rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A table of `model` from one dictionary a row, in the model's column order; missing keys are null."""
    return pl.DataFrame(rows, schema=polars_schema(model), orient="row")


def _breaches(error: SchemaErrors) -> list[dict[str, Any]]:
    cases = error.failure_cases
    rows = cases.to_dicts() if isinstance(cases, pl.DataFrame) else []
    return [
        {
            "column": row.get("column") or row.get("schema_context"),
            "rule": row.get("check"),
            "row": row.get("index"),
            "value": row.get("failure_case"),
        }
        for row in rows
    ] or [{"column": "?", "rule": str(error), "row": None, "value": None}]
