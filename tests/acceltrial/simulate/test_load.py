from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.simulate import Load, load_of
from acceltrial.traces import CANONICAL


def trace(**columns: list[object]) -> pl.DataFrame:
    base = {"arrival_s": [0.0, 1.0, 4.0], "input_tokens": [10, 0, 30], "output_tokens": [1, 2, 0]}
    return pl.DataFrame(
        {name: (base | columns).get(name, [None] * 3) for name in CANONICAL}, schema=CANONICAL
    )


def test_a_trace_becomes_arrays_at_another_rate() -> None:
    load = load_of([trace(session=["b", "a", "b"], turn=[0, 0, 1], client=["x", "y", "x"])],
                   rate_scale=2.0, first_clients=("y",))  # fmt: skip
    assert load.arrival.tolist() == [0.0, 0.5, 2.0]
    assert load.inputs.tolist() == [10, 1, 30]
    assert load.outputs.tolist() == [1, 2, 1]
    assert load.key.tolist() == [1, 0, 1]
    assert load.prefix.tolist() == [0, 0, 30]
    assert load.priority.tolist() == [1, 0, 1]
    assert load.keys == 2


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_impossible_rate_scales_are_refused(scale: float) -> None:
    with pytest.raises(ConfigurationError, match="rate scale"):
        load_of([trace()], rate_scale=scale)


def test_bad_traces_are_refused() -> None:
    with pytest.raises(DataContractError, match="no request"):
        load_of([])
    with pytest.raises(DataContractError, match="output_tokens of request 2"):
        load_of([trace(output_tokens=[1, None, 3])])
    with pytest.raises(ConfigurationError, match="<b>"):
        load_of([trace()], first_clients=("<b>",))
    with pytest.raises(DataContractError, match="in order"):
        Load.of(np.array([2.0, 1.0]), np.ones(2), np.ones(2))
    with pytest.raises(DataContractError, match="in order"):
        Load.of(np.array([np.nan]), np.ones(1), np.ones(1))
    with pytest.raises(DataContractError, match="input tokens"):
        Load.of(np.zeros(1), np.array([-1]), np.ones(1))
