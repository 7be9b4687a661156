from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.canary.guardrails import LEVELS
from acceltrial.canary.ranks import ALTERNATIVES, curves


@pytest.mark.parametrize("alternative", ALTERNATIVES, ids=lambda a: a.name)
def test_every_alternative_is_harm_and_only_harm(alternative):
    p = np.linspace(1e-6, 1 - 1e-6, 1001)
    moved = alternative.beyond(p)
    assert np.all(moved >= p - 1e-12)
    assert np.all((moved >= 0) & (moved <= 1))
    assert np.all(np.diff(moved) >= -1e-12)


@given(in_use=st.integers(1, len(LEVELS)))
@settings(max_examples=10, deadline=None)
def test_a_level_without_counts_joins_its_neighbour(in_use):
    beyond = np.concatenate([[1.0], 1 - np.array(LEVELS)])
    beyond[in_use + 1 :] = 0.0
    masses = -np.diff(beyond, append=0.0)
    ratios = curves(beyond)
    assert ratios.shape == (len(ALTERNATIVES), len(beyond))
    assert ratios @ masses == pytest.approx(1)
    assert np.all(ratios[:, in_use + 1 :] == 0)
