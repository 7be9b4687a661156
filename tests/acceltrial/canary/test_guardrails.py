from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.canary.guardrails import LatencyGuardrail, load_settings
from acceltrial.errors import ConfigurationError

RULE = LatencyGuardrail(levels=(0.5, 0.95, 0.99), margin=0.1, tail_margin=0.05)


@given(served=st.integers(0, 10**6), lifted=st.floats(1.0, 10.0))
def test_the_tails_margin_opens_with_traffic_and_never_beyond_its_end(served, lifted):
    looks = np.array([0, served, 2 * served])
    margins = RULE.margins(looks, np.full((3, 3), lifted))
    assert np.all(margins[:, 0] == 0.1), "below the tail it is open from the start"
    assert np.all(margins[0, 1:] == 0)
    assert np.all(np.diff(margins, axis=0) >= 0)
    assert margins[:, 1:].max() <= 0.05


def test_it_opens_sooner_where_a_drift_would_move_more_requests_beyond_the_level():
    served = np.full(2, 1000)
    narrow, wide = RULE.margins(served, np.array([[1.0, 2.0, 3.0], [1.0, 1.2, 1.3]]))
    assert np.all(narrow[1:] > wide[1:])


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("guardrails: [{kind: latency, margin: -1}]", "guardrails.0.latency.margin"),
        ("guardrails: []", "watches nothing"),
        ("- {kind: errors}\n- {kind: errors}", "named twice"),
        ("guardrails: {", "not YAML"),
        ("3", "expected keys and values"),
    ],
)
def test_wrong_guardrails_are_told_by_their_key(tmp_path, text, match):
    path = tmp_path / "g.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=match):
        load_settings(path)
