from __future__ import annotations

import pytest

from acceltrial.canary.plan import CanaryPlan, load_plan
from acceltrial.errors import ConfigurationError

GOOD = "canary: c\nworkload: w\nbaseline: a\ncandidate: b\n"


def load(tmp_path, text):
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    return load_plan(path)


def test_a_plan_needs_only_its_names(tmp_path):
    plan = load(tmp_path, GOOD)
    assert plan.shares == (0.01, 0.05, 0.25, 0.5, 1.0)
    assert CanaryPlan.model_validate_json(plan.model_dump_json()) == plan


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("shares: [5, 25, 100]", "parts of one, not per cent"),
        ("shares: [0.5, 0.25, 1.0]", "must rise"),
        ("shares: [0.5, 0.5, 1.0]", "must rise"),
        ("shares: [0.1, 0.5]", "must end at 1"),
        ("shares: [1.0]", "must end at 1"),
        ("shares: []", "shares"),
        ("shares: [0.0, 1.0]", "parts of one"),
        ("shares: [.nan, 1.0]", "shares must lie"),
        ("hold_s: 10", "shorter than one look"),
        ("lease_s: 60", "must span two looks"),
        ("deadline_s: 700", "before the end of all holds"),
        ("deadline_s: .inf", "deadline_s"),
        ("colour: red", "colour"),
        ("canary: ../../etc", "canary"),
        ("canary: <script>", "canary"),
        ("judge: {alpha: 0.9}", "judge.alpha"),
        ("judge: {guardrails: []}", "watches nothing"),
        ("judge: {guardrails: [{kind: errors}, {kind: errors}]}", "named twice"),
        ("judge: {guardrails: [{kind: vibes}]}", "guardrails"),
        ("judge: {warmup: {min_s: 9, max_s: 1}}", "larger than max_s"),
        ("purpose: fun", "purpose"),
        ("ramp_down_s: 5000", "longer than the leases"),
        ("ramp_down_s: -1", "ramp_down_s"),
        ("usd_per_h: {canary: 1.0}", "needs both arms"),
        ("usd_per_h: {canary: 0, baseline: 1}", "usd_per_h"),
        ("usd_per_h: {other: 1}", "usd_per_h"),
        ("approve_steps: perhaps", "approve_steps"),
    ],
)
def test_contradictions_are_refused_by_name(tmp_path, text, match):
    key = text.split(":")[0]
    kept = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{key}:"))
    with pytest.raises(ConfigurationError, match=match):
        load(tmp_path, f"{kept}\n{text}\n")


@pytest.mark.parametrize("text", ["- a\n- b\n", "canary: [", "\tx: 1", "\x00", "just words", ""])
def test_what_is_no_plan_is_refused(tmp_path, text):
    with pytest.raises(ConfigurationError):
        load(tmp_path, text)


def test_an_absent_plan_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_plan(tmp_path / "none.yaml")
