from __future__ import annotations

import numpy as np
import pytest

from acceltrial.canary.checked import contradiction, routed_at_step
from acceltrial.canary.lever import LeverState
from acceltrial.canary.records import Records


def state(share=0.25, baseline=None, canary=None, **more):
    return LeverState(share, "a", 1.0, baseline, canary, **more)


@pytest.mark.parametrize(
    ("found", "routed", "match"),
    [
        (None, None, ""), (state(), None, ""), (state(), (75, 25), ""), (state(), (0, 0), ""),
        (state(0.9), (10, 90), "90.0% where 25.0% was set"), (state(), (10, 90), "90.0% of 100 requests"),
        (state(), (1000, 0), "0.0% of 1000"), (state(canary_up=False), (1000, 0), ""),
        (state(0.254, granularity=0.01), None, ""), (state(0.26, granularity=0.01), None, "26.0% where"),
    ],
)  # fmt: skip
def test_a_share_is_contradicted_by_its_reading_or_by_the_traffic(found, routed, match):
    said = contradiction(found, routed, 0.25)
    assert (match in said) if match else said == ""


def test_the_source_counts_where_the_lever_does_not_and_probes_do_not_count():
    canary = np.array([False, True, True, True])
    records = Records(np.array([1.0, 5.0, 6.0, 7.0]), canary, canary, {}, np.array([0, 0, 0, 1]))
    assert routed_at_step(state(), records, 2.0) == (0, 2)
    assert routed_at_step(state(baseline=7, canary=3), records, 2.0) == (7, 3)
    assert routed_at_step(None, records, 2.0) is None
    assert routed_at_step(state(), None, 2.0) is None
