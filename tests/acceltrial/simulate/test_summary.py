from __future__ import annotations

import numpy as np

from acceltrial.simulate.summary import quantiles


def test_quantiles_are_in_milliseconds_and_leave_the_unknown_out() -> None:
    found = quantiles(np.array([0.1, 0.2, np.nan, 0.3]))
    assert found["p50"] is not None
    assert abs(found["p50"] - 200.0) < 1e-9
    assert quantiles(np.array([np.nan])) == {"mean": None, "p50": None, "p95": None, "p99": None}
