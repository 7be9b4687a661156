from __future__ import annotations

import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.simulate import Server, StepTimes


@pytest.mark.parametrize(
    "wrong",
    [
        {"cache_tokens": 0},
        {"replicas": 0},
        {"replicas": 10**9},
        {"token_budget": 0},
        {"prompt_tail": -1},
        {"prefill_replicas": 1},
        {"mtbf_s": 0.0},
        {"mtbf_s": float("nan")},
        {"max_replicas": 0},
        {"scale_down_at": 99.0},
        {"router": "nearest"},
        {"start_up_s": float("inf")},
    ],
)
def test_impossible_servers_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong)).split("_")[0]):
        Server(**{"cache_tokens": 1000, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_impossible_step_times_are_refused(value: float) -> None:
    with pytest.raises(ConfigurationError):
        StepTimes(shared=value, cache=0.0, token=1e-6)
    with pytest.raises(ConfigurationError):
        StepTimes(shared=0.0, cache=0.0, token=0.0)
