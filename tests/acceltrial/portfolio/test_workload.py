from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from acceltrial.portfolio.workload import TOKEN_GENERATING_KINDS, Kind, Workload
from schemas.base import CRITICALITIES, WORKLOAD_KINDS

BASE: dict[str, Any] = {
    "id": "w",
    "title": "t",
    "owner": "o",
    "kind": "chatbot",
    "business": {"action": "a", "actions_per_month": 1, "success": "s"},
    "sensitivity": "internal",
    "residency": "any",
    "model": "m",
    "trace": "t",
}
TRAINING = {"steps_per_run": 10, "batch_size": 2, "sequence_tokens": 128}


def test_the_words_are_those_of_the_tables() -> None:
    assert list(get_args(Kind)) == WORKLOAD_KINDS
    assert set(WORKLOAD_KINDS) > TOKEN_GENERATING_KINDS
    annotation = get_args(Workload.model_fields["criticality"].annotation)[0]
    assert list(get_args(annotation)) == CRITICALITIES


def test_the_kind_decides_the_phase() -> None:
    assert Workload.model_validate(BASE).phase == "inference"
    assert Workload.model_validate({**BASE, "kind": "training", "training": TRAINING}).phase == "training"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "training"},
        {"training": TRAINING},
        {"kind": "training", "training": {**TRAINING, "batch_size": 0}},
        {"latency": {"percentile": 100}},
        {"latency": {"percentile": 0}},
        {"business": {**BASE["business"], "success_rate_floor": 1.2}},
        {"business": {**BASE["business"], "success": " "}},
        {"context_tokens": 10**12},
        {"streaming": "yes"},
    ],
)
def test_contradictions_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Workload.model_validate({**BASE, **change})
