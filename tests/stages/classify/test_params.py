from __future__ import annotations

import pytest
from pydantic import ValidationError

from stages.classify.params import ClassifyParams


def test_an_unknown_or_impossible_threshold_is_refused() -> None:
    for wrong in (
        {"bursty": 1},
        {"min_requests": 0},
        {"batch_active_hours": 2},
        {"criticality_conflict": "x"},
    ):
        with pytest.raises(ValidationError):
            ClassifyParams.model_validate(wrong)
