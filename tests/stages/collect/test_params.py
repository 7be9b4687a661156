from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from stages.collect.params import CollectParams


def test_the_checkouts_own_section_is_valid(checkout: Path) -> None:
    section = yaml.safe_load((checkout / "params.yaml").read_text())["collect"]
    assert CollectParams.model_validate(section) == CollectParams()


@pytest.mark.parametrize(
    "section",
    [
        {"max_requests_per_trace": 0},
        {"max_requests_per_trace": -1},
        {"max_requests_per_trace": float("nan")},
        {"max_request_per_trace": 5},
        {"trace_override": {"path": ""}},
        {"trace_override": {"file": "x"}},
        {"trace_override": "x.csv"},
    ],
)
def test_a_wrong_parameter_is_refused(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CollectParams.model_validate(section)
