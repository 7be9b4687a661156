from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from acceltrial.portfolio.trace import Trace


@pytest.mark.parametrize(
    "data",
    [
        {"file": "a.csv"},
        {"file": "a.csv", "format": "azure", "columns": {"arrival": "t"}, "sort": True},
        {"generate": {"rate_rps": 1}, "seed": 7},
    ],
)
def test_one_origin_is_taken(data: dict[str, Any]) -> None:
    assert Trace.model_validate({"id": "t", "licence": "l", **data}).id == "t"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"file": "a.csv", "generate": {}},
        {"generate": {}, "format": "azure"},
        {"generate": {}, "columns": {}},
        {"generate": {}, "sort": True},
        {"file": "a.csv", "format": "../x"},
        {"file": ""},
        {"file": "a.csv", "seed": -1},
        {"file": "a.csv", "columns": {"arrival": 1}},
        {"generate": [1]},
    ],
)
def test_two_origins_or_none_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Trace.model_validate({"id": "t", "licence": "l", **data})
