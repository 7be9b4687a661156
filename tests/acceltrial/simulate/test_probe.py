from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.simulate.probe import Probe, probe


def test_the_first_run_is_of_one_stream_and_lengths_stay_inside() -> None:
    plan = Probe((2, 6), longest_input=100, longest_output=20, seed=3)
    loops = plan.schedules()
    assert [loop.concurrency for loop in loops] == [1, 2, 6]
    for loop in loops:
        assert min(loop.input_tokens) >= 16
        assert max(loop.input_tokens) <= 100
        assert max(loop.output_tokens) <= 20
    again = Probe((2, 6), longest_input=100, longest_output=20, seed=3).schedules()
    assert [list(loop.input_tokens) for loop in loops] == [list(loop.input_tokens) for loop in again]


def test_each_run_becomes_a_phase() -> None:
    def run(loop: Any) -> Any:
        sent = [float(place) for place in range(len(loop))]
        return SimpleNamespace(
            records=pl.DataFrame(
                {
                    "sent_s": sent,
                    "first_token_s": [one + 0.2 for one in sent],
                    "last_s": [one + 0.5 for one in sent],
                    "input_tokens": [5] * len(sent),
                    "output_tokens": [4] * len(sent),
                    "error_class": pl.Series([None] * len(sent), dtype=pl.String),
                }
            )
        )

    assert [len(phase) for phase in probe(run, Probe((2,)))] == [12, 8]


@pytest.mark.parametrize(
    "wrong", [{"streams": ()}, {"streams": (1,)}, {"longest_input": 3}, {"longest_output": 0}]
)
def test_impossible_plans_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Probe(**wrong)
