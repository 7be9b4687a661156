"""The base of every part of a portfolio file, and the types of the values in it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from acceltrial.portfolio.names import check_name, check_text
from acceltrial.units import parse_quantity


class Section(BaseModel):
    """A part of a portfolio file: unknown keys are refused and types are never guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _quantity(dimension: str, scale: float = 1.0) -> BeforeValidator:
    def read(value: Any) -> Any:
        return None if value is None else parse_quantity(value, dimension) / scale

    return BeforeValidator(read)


_REGION = re.compile(r"[a-z]{2}")


def _region(value: str) -> str:
    if value != "any" and not _REGION.fullmatch(value):
        raise ValueError("write `any`, or a region group of two small letters such as eu, us or ap")
    return value


def _regions(value: Any) -> Any:
    """`any`, or a list of region groups, as one sorted text."""
    if value == "any":
        return value
    if not isinstance(value, list) or not value:
        raise ValueError("write `any`, or a list of region groups such as [eu, us]")
    for group in value:
        if not isinstance(group, str) or not _REGION.fullmatch(group):
            raise ValueError("a region group is two small letters, such as eu, us or ap")
    return ",".join(sorted(set(value)))


Name = Annotated[str, AfterValidator(check_name)]
Text = Annotated[str, AfterValidator(check_text)]
Region = Annotated[str, AfterValidator(_region)]
"""`any`, or one region group."""
Regions = Annotated[str, BeforeValidator(_regions)]
"""`any`, or region groups joined by commas."""
Milliseconds = Annotated[float, Field(gt=0, le=3.6e9), _quantity("time", 1e-3)]
Hours = Annotated[float, Field(gt=0, le=8784), _quantity("time", 3600)]
Seconds = Annotated[float, Field(gt=0, le=86_400 * 366), _quantity("time")]
Watts = Annotated[float, Field(gt=0, le=1e9), _quantity("power")]
Usd = Annotated[float, Field(ge=0, le=1e12), _quantity("money")]
UsdPerHour = Annotated[float, Field(gt=0, le=1e6), _quantity("price per time")]
Count = Annotated[int, Field(gt=0, le=2**53)]
Tokens = Annotated[int, Field(gt=0, le=100_000_000)]
Share = Annotated[float, Field(ge=0, le=1)]
AsOf = Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
"""A date to the day, month or year: 2026-11-22, 2026-11, 2026."""
