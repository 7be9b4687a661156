from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.traces.generator.sessions import assign_sessions
from acceltrial.traces.generator.spec import SessionSpec


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.floats(0, 0.9))
def test_contexts_grow_and_prompts_hold_them(seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    n = 200
    times = np.sort(random.uniform(0, 3000, n))
    client = random.integers(0, 3, n).astype(np.int32)
    inputs = random.integers(1, 3000, n).astype(np.int32)
    outputs = random.integers(1, 300, n).astype(np.int32)
    spec = SessionSpec(follow_up_share=share, max_pause_s=500, max_turns=5)
    found = assign_sessions(times, client, inputs, outputs, spec, random)
    assert (found.turn < 5).all()
    for number in np.unique(found.number):
        rows = np.flatnonzero(found.number == number)
        assert found.turn[rows].tolist() == list(range(rows.size))
        assert np.unique(client[rows]).size == 1
        assert (np.diff(times[rows]) <= 500).all()
        for before, after in pairwise(rows):
            assert found.context_tokens[after] == inputs[before] + outputs[before]
            assert inputs[after] > found.context_tokens[after] - 1


def test_the_share_is_reached_where_prompts_allow() -> None:
    random = np.random.default_rng(0)
    n = 5000
    inputs = random.lognormal(6, 1, n).astype(np.int32)
    found = assign_sessions(
        np.arange(n) * 1.0, np.zeros(n, np.int32), inputs, np.full(n, 20, np.int32),
        SessionSpec(follow_up_share=0.5), random,
    )  # fmt: skip
    assert (found.turn > 0).mean() == pytest.approx(0.5, abs=0.03)
