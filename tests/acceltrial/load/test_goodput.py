"""The search for the highest good rate."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.errors import ConfigurationError
from acceltrial.load import LoadResult
from acceltrial.load.goodput import find_goodput


def result(attainment: float, *, valid: bool = True, drifting: bool = False, slo: bool = True) -> LoadResult:
    level = {"attainment": attainment, "attainment_interval": [0.0, 1.0], "share_wanted": 0.99}
    summary = {"slo": level if slo else None, "stationarity": {"drifting": drifting}}
    return LoadResult(pl.DataFrame(), summary, {"valid": valid, "reasons": ["late"]})


@given(st.floats(0.05, 5_000), st.floats(0.5, 50))
def test_brackets_the_truth(truth: float, start: float) -> None:
    found = find_goodput(lambda rate, _n: result(1.0 if rate <= truth else 0.5), start, most_runs=40)
    if truth < start / 64:
        assert found.rate_rps is None or found.rate_rps <= truth
        return
    assert found.rate_rps is not None
    assert found.high is not None
    assert found.low <= truth <= found.high
    assert found.high <= found.low * 1.1 + 1e-9


def test_drift_is_no_success_and_invalid_says_nothing() -> None:
    found = find_goodput(lambda rate, _n: result(1.0, drifting=rate > 4), 1.0)
    assert found.low <= 4
    broken = find_goodput(lambda _rate, _n: result(1.0, valid=False), 1.0)
    assert broken.rate_rps is None
    assert [trial.holds for trial in broken.trials] == [None] * 3
    flaky = find_goodput(lambda rate, n: result(1.0 if rate <= 3 else 0.0, valid=n != 0), 1.0, most_runs=20)
    assert flaky.rate_rps is not None
    assert flaky.rate_rps <= 3


def test_never_fails_and_never_holds() -> None:
    always = find_goodput(lambda _rate, _n: result(1.0), 1.0, most_runs=4)
    assert (always.rate_rps, always.high) == (8.0, None)
    never = find_goodput(lambda _rate, _n: result(0.0), 1.0)
    assert never.rate_rps is None
    assert never.summary()["rate_rps"] is None


def test_bad_search() -> None:
    with pytest.raises(ConfigurationError):
        find_goodput(lambda _rate, _n: result(1.0), 0.0)
    with pytest.raises(ConfigurationError):
        find_goodput(lambda _rate, _n: result(1.0, slo=False), 1.0)
