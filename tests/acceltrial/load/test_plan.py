"""Plans that make no sense are refused before anything is sent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.load import LoadPlan, Schedule


def plan(**changes: Any) -> LoadPlan:
    given: dict[str, Any] = {
        "api": "completions",
        "schedule": Schedule.open_loop(rate_rps=1, requests=1),
    } | changes
    return LoadPlan(base_url="http://127.0.0.1:1/v1", model="m", **given)


def test_only_generating_apis_stream() -> None:
    assert plan().streams
    assert not plan(stream=False).streams
    assert not plan(api="embeddings").streams


@pytest.mark.parametrize(
    "changes",
    [
        {"api": "speech"},
        {"timeout_s": -1.0},
        {"timeout_s": float("inf")},
        {"processes": -1},
        {"max_response_bytes": 1},
        {"schedule": Schedule(np.zeros(0), np.zeros(0, int), np.zeros(0, int), "none")},
    ],
)
def test_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        plan(**changes)
