"""Length distributions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.errors import ConfigurationError
from acceltrial.load.lengths import Lengths


@pytest.mark.parametrize(
    ("text", "mean"),
    [("128", 128), ("fixed:7", 7), ("uniform:10,20", 15), ("normal:100,10", 100), ("lognormal:256,0.5", 256)],
)
def test_means(text: str, mean: float) -> None:
    drawn = Lengths.parse(text).draw(20_000, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(mean, rel=0.03)
    assert drawn.min() >= 1


@pytest.mark.parametrize(
    "text",
    ["", "abc", "0", "-5", "nan", "inf", "uniform:5", "uniform:9,3", "normal:10,-1", "zipf:2,3", "1,2"],
)
def test_bad_lengths(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Lengths.parse(text)


@given(st.floats(1, 1e4), st.floats(0, 5), st.sampled_from(["normal", "lognormal"]))
def test_never_below_one(first: float, second: float, kind: str) -> None:
    drawn = Lengths.parse(f"{kind}:{first},{second}").draw(50, np.random.default_rng(0))
    assert drawn.min() >= 1
