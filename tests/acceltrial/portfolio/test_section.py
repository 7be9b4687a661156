from __future__ import annotations

import pytest
from pydantic import ValidationError

from acceltrial.portfolio.section import AsOf, Hours, Milliseconds, Region, Regions, Section, Usd, Watts


class Sample(Section):
    limit: Milliseconds | None = None
    deadline: Hours | None = None
    power: Watts | None = None
    value: Usd | None = None
    where: Regions = "any"
    here: Region = "any"
    date: AsOf = "2026"
    number: float = 0.0


def test_quantities_arrive_in_the_unit_that_the_type_names() -> None:
    sample = Sample.model_validate(
        {"limit": "1.5 s", "deadline": "90 min", "power": "50 mW", "value": "2 USD"}
    )
    assert (sample.limit, sample.deadline, sample.power, sample.value) == (1500, 1.5, 0.05, 2)


def test_empty_stays_empty() -> None:
    assert Sample.model_validate({"limit": None}).limit is None


@pytest.mark.parametrize(
    "data",
    [
        {"limit": "0 s"},
        {"limit": "-1 s"},
        {"limit": 5},
        {"limit": "5 W"},
        {"limit": ["5 s"]},
        {"limit": True},
        {"value": "-1 USD"},
        {"number": float("nan")},
        {"number": float("inf")},
        {"number": "5"},
        {"number": True},
        {"deadline": "1000 d"},
        {"unknown": 1},
        {"where": "eu"},
        {"where": ["EU"]},
        {"where": ["any"]},
        {"where": [1]},
        {"where": {}},
        {"here": "eu,us"},
        {"here": "Europe"},
        {"date": "22.11.2026"},
        {"date": "2026-11-22T10:00"},
        {"date": 2026},
    ],
)
def test_what_is_no_value_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate(data)


def test_regions_are_sorted_and_told_once() -> None:
    assert Sample.model_validate({"where": ["us", "eu", "us"]}).where == "eu,us"
