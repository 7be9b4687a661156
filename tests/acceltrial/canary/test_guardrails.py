from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.canary.guardrails import LatencyGuardrail, load_settings
from acceltrial.errors import ConfigurationError

RULE = LatencyGuardrail(levels=(0.5, 0.95, 0.99), margin=0.1, tail_margin=0.05)


@given(st.lists(st.floats(-1.0, 3.0), min_size=1, max_size=9))
def test_the_tails_margin_follows_the_ordinary_requests_and_never_beyond_its_end(slower):
    margins = RULE.margins(np.array(slower))
    assert np.all(margins[:, 0] == 0.1), "below the tail it is always open"
    assert np.all((margins[:, 1:] >= 0) & (margins[:, 1:] <= 0.05))
    assert np.all((margins[:, 1] > 0) == (np.array(slower) > 0))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("guardrails: [{kind: latency, margin: -1}]", "guardrails.0.latency.margin"),
        ("guardrails: []", "watches nothing"),
        ("- {kind: errors}\n- {kind: errors}", "named twice"),
        ("guardrails: {", "not YAML"),
        ("3", "expected keys and values"),
        ("interval_s: 1.0e-320", "interval_s"),
        ("reference_s: 1.0e+300", "reference_s"),
        ("warmup: {min_s: .inf, max_s: .inf}", "warmup.min_s"),
        ("restart_looks: 1000000000000000000000000000000", "restart_looks"),
        ("guardrails: [{kind: errors, weight: 5.0e-324}]", "guardrails.0.errors.weight"),
    ],
)
def test_wrong_guardrails_are_told_by_their_key(tmp_path, text, match):
    path = tmp_path / "g.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=match):
        load_settings(path)
