"""Billing exports in FOCUS 1.x (FinOps Open Cost and Usage Specification), CSV or Parquet.

Read here: the columns of FOCUS 1.0 to 1.2 that say what was charged, when, for what, and under which
commitment. Other columns, those of providers (`x_…`) too, are left alone. Source: focus.finops.org.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from acceltrial.errors import DataContractError, StorageError

if TYPE_CHECKING:
    import polars as pl

REQUIRED: Final = (
    "BilledCost", "EffectiveCost", "BillingCurrency", "ChargePeriodStart", "ChargePeriodEnd",
    "ChargeCategory", "ServiceCategory",
)  # fmt: skip
"""Columns that every FOCUS 1.x export must have and nothing here works without."""
NUMBERS: Final = (
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice", "ContractedUnitPrice",
    "PricingQuantity", "ConsumedQuantity",
)  # fmt: skip
TEXTS: Final = (
    "BillingCurrency", "ChargeCategory", "ChargeClass", "ChargeDescription", "ServiceCategory", "ServiceName",
    "ProviderName", "RegionId", "ResourceId", "ResourceName", "SkuId", "SkuPriceId", "SubAccountId",
    "CommitmentDiscountId", "CommitmentDiscountStatus", "PricingCategory", "PricingUnit", "ConsumedUnit",
)  # fmt: skip
TIMES: Final = ("ChargePeriodStart", "ChargePeriodEnd")
CHARGE_CATEGORIES: Final = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
_NULLS: Final = ("", "NULL", "null")
_MOST: Final = 1e15


@dataclass(frozen=True, slots=True)
class Charges:
    """The charges of one or several exports.

    Attributes:
        frame: the columns of REQUIRED, NUMBERS, TEXTS and `Tags` (absent ones null), times in UTC; `file`
            and `row` (the first charge of a CSV is row 2) say where each charge stands.
        duplicates: charges dropped, for the same charge of the same resource stood in the exports twice.
        duplicates_cost: their effective cost, in the billing currency.
        unnamed_twins: identical charges without a resource; they may be several machines, so they are kept.
    """

    frame: pl.DataFrame
    duplicates: int
    duplicates_cost: float
    unnamed_twins: int


def read_charges(paths: Sequence[Path]) -> Charges:
    """All charges of the exports, checked, each once.

    Raises:
        StorageError: a file cannot be read.
        DataContractError: with file, row and column: no CSV or Parquet, a required column is missing, a cost
            is no finite number, a period does not rise or has no date, an unknown charge category, tags
            that are no JSON object, or a commitment that is counted both when bought and when used.
    """
    import polars as pl

    frames = [_checked(_raw(path), path) for path in paths]
    if not frames:
        raise DataContractError("no export is given", where="billing", remedy="name at least one file")
    whole = pl.concat(frames)
    told = [name for name in whole.columns if name not in ("file", "row")]
    unnamed = whole["ResourceId"].is_null()
    twin = ~whole.select(pl.struct(told).is_first_distinct()).to_series()
    dropped = whole.filter(twin & ~unnamed)
    kept = whole.filter(~(twin & ~unnamed))
    _refuse_counted_twice(kept)
    cost = float(dropped["EffectiveCost"].sum())
    return Charges(kept, dropped.height, cost, int((twin & unnamed).sum()))


def tags_of(text: str | None) -> Mapping[str, str]:
    """The tags of one charge; none for null. Raises ValueError when it is no JSON object of texts."""
    if text is None:
        return {}
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return {str(key): "" if value is None else str(value) for key, value in found.items()}


def _raw(path: Path) -> pl.DataFrame:
    """The wanted columns as they stand in the file, texts stripped, with `row`."""
    import polars as pl

    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame, first = pl.read_parquet(path), 1
        else:
            frame, first = pl.read_csv(path, infer_schema=False, encoding="utf8"), 2
    except OSError as error:
        raise StorageError("the export cannot be read", where=str(path), remedy="check the path") from error
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0][:160]
        raise DataContractError(
            f"not a FOCUS export in CSV or Parquet: {reason}", where=str(path),
            remedy="export it once more as CSV (.csv, .csv.gz) or Parquet (.parquet)",
        ) from error  # fmt: skip
    frame = frame.rename({name: name.strip().lstrip("\ufeff") for name in frame.columns}, strict=False)
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise DataContractError(
            f"no column {', '.join(missing)}", where=str(path),
            remedy="export FOCUS 1.0 or later; providers' own cost reports have other columns",
        )  # fmt: skip
    if frame.is_empty():
        raise DataContractError("the export has no charge", where=str(path), remedy="export another period")
    wanted = list(dict.fromkeys((*REQUIRED, *NUMBERS, *TEXTS, "Tags")))
    columns = [
        (pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)).alias(name)
        for name in wanted
    ]
    return frame.select(columns).with_row_index("row", offset=first)


def _checked(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    import polars as pl

    texts = [_text(frame[name]) for name in TEXTS]
    numbers = [_number(frame, name, path) for name in NUMBERS]
    times = [_time(frame, name, path) for name in TIMES]
    where = pl.Series("file", [path.name] * frame.height), frame["row"].cast(pl.Int64)
    out = pl.DataFrame([*times, *numbers, *texts, _tags(frame, path), *where])
    for name in ("BilledCost", "EffectiveCost", "BillingCurrency", "ChargeCategory", *TIMES):
        _refuse(out, out[name].is_null(), path, name, "is empty", "FOCUS demands it on every charge")
    category = ~out["ChargeCategory"].is_in(CHARGE_CATEGORIES)
    known = f"FOCUS knows {', '.join(CHARGE_CATEGORIES)}"
    _refuse(out, category, path, "ChargeCategory", "is no charge category", known)
    currency = ~out["BillingCurrency"].str.contains(r"^[A-Z]{3}$")
    _refuse(out, currency, path, "BillingCurrency", "is no currency", "three capital letters, as in ISO 4217")
    falling = out["ChargePeriodStart"] >= out["ChargePeriodEnd"]
    _refuse(out, falling, path, "ChargePeriodEnd", "does not lie after its start", "the end is exclusive")
    return out


def _text(series: pl.Series) -> pl.Series:
    import polars as pl

    text = series.cast(pl.String).str.strip_chars()
    return text.set(text.is_in(_NULLS).fill_null(False), None)


def _number(frame: pl.DataFrame, name: str, path: Path) -> pl.Series:
    import polars as pl

    given = frame[name]
    if given.dtype.is_numeric():
        found = given.cast(pl.Float64)
        bad = found.is_not_null() & ~found.is_between(-_MOST, _MOST)
    else:
        text = _text(given)
        found = text.cast(pl.Float64, strict=False)
        bad = text.is_not_null() & ~found.is_between(-_MOST, _MOST).fill_null(False)
    _refuse(frame, bad, path, name, "is not a finite number", "a plain number such as -12.5, no separators")
    return found.alias(name)


def _time(frame: pl.DataFrame, name: str, path: Path) -> pl.Series:
    """Instants in UTC from ISO 8601 texts or from dates; a text without a zone is UTC, as FOCUS demands."""
    import polars as pl

    given = frame[name]
    zone = pl.Datetime("us", "UTC")
    if isinstance(given.dtype, pl.Datetime):
        aware = given.dtype.time_zone is not None
        found = given.cast(zone) if aware else given.dt.replace_time_zone("UTC").cast(zone)
    elif given.dtype == pl.Date:
        found = given.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    else:
        text = _text(given)
        plain = text.str.replace(" ", "T").str.replace(r"(?i)(z|[+-]00:?00)$", "")
        plain = plain.str.replace(r"^(\d{4}-\d{2}-\d{2})$", "${1}T00:00:00")
        plain = plain.str.replace(r"T(\d{2}:\d{2})$", "T${1}:00")
        found = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
        found = found.dt.replace_time_zone("UTC")
        bad = text.is_not_null() & found.is_null()
        _refuse(frame, bad, path, name, "is no instant in UTC", "ISO 8601 such as 2026-10-01T00:00:00Z")
    return found.alias(name)


def _tags(frame: pl.DataFrame, path: Path) -> pl.Series:
    """Tags as JSON texts, checked; a Parquet map (a list of key and value) is written as one."""
    import polars as pl

    given = frame["Tags"]
    if isinstance(given.dtype, pl.List):
        texts = [_json_of(pairs) for pairs in given.to_list()]
        given = pl.Series("Tags", texts, dtype=pl.String)
    text = _text(given)
    for one in text.drop_nulls().unique(maintain_order=True):
        try:
            tags_of(one)
        except ValueError:
            why = "is no JSON object", 'such as {"workload": "chat"}'
            _refuse(frame.with_columns(text.alias("Tags")), text == one, path, "Tags", *why)
    return text.alias("Tags")


def _json_of(pairs: Any) -> str | None:
    if not pairs:
        return None
    return json.dumps({str(pair["key"]): pair["value"] for pair in pairs}, ensure_ascii=False, sort_keys=True)


def _refuse_counted_twice(frame: pl.DataFrame) -> None:
    """Refuses commitments whose purchase has an effective cost although their use has one too."""
    import polars as pl

    committed = frame.filter(pl.col("CommitmentDiscountId").is_not_null() & (pl.col("EffectiveCost") > 0))
    used = committed.filter(pl.col("ChargeCategory") == "Usage")["CommitmentDiscountId"].unique()
    bought = committed.filter(pl.col("ChargeCategory") == "Purchase")
    twice = bought.filter(pl.col("CommitmentDiscountId").is_in(used.implode()))
    if twice.height:
        row = twice.row(0, named=True)
        raise DataContractError(
            f"the commitment {row['CommitmentDiscountId'][:80]!r} costs {row['EffectiveCost']:g} when bought"
            " and again when used",
            where=f"{row['file']}: row {row['row']}, column EffectiveCost",
            remedy="FOCUS spreads a commitment over its use: its purchase has an effective cost of 0",
        )


def _refuse(frame: pl.DataFrame, bad: pl.Series, path: Path, column: str, what: str, remedy: str) -> None:
    bad = bad.fill_null(False)
    if not bad.any():
        return
    row = frame.filter(bad).row(0, named=True)
    count = int(bad.sum())
    more = f" (and {count - 1} more)" if count > 1 else ""
    raise DataContractError(
        f"{str(row[column])[:60]!r} {what}{more}" if row[column] is not None else f"it {what}{more}",
        where=f"{path.name}: row {row['row']}, column {column}",
        remedy=remedy,
    )
