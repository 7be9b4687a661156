from __future__ import annotations

import pytest

from acceltrial.canary.controller import Controller
from acceltrial.canary.guardrails import ErrorGuardrail, JudgeSettings, LatencyGuardrail, Warmup
from acceltrial.canary.journal import read_journal
from acceltrial.canary.plan import CanaryPlan
from acceltrial.errors import BusyError, DataContractError

SETTINGS = JudgeSettings(
    guardrails=(
        ErrorGuardrail(harm=0.1),
        LatencyGuardrail(levels=(0.5, 0.9), harm_odds=4, margin=0.1),
    ),
    interval_s=10,
    reference_s=120,
    warmup=Warmup(min_s=10, max_s=20),
    needs_power=False,
    silence_s=60,
)


def plan(**changes):
    base = {
        "canary": "c1", "workload": "w", "baseline": "old", "candidate": "new",
        "shares": (0.1, 0.5, 1.0), "hold_s": 30, "min_requests": 20, "soak_s": 30, "lease_s": 30,
        "hold_limit_s": 40, "deadline_s": 600, "judge": SETTINGS,
    }  # fmt: skip
    return CanaryPlan(**{**base, **changes})


@pytest.fixture
def world(tmp_path, simulation):
    clock, lever, source = simulation

    def make(journal="j.jsonl", holder="a", **changes):
        more = {k: changes.pop(k) for k in ("approve", "approve_step", "abort") if k in changes}
        return Controller(
            plan(**changes), lever, source, tmp_path / journal, holder=holder, clock=clock, **more
        )

    make.clock, make.lever, make.source, make.folder = clock, lever, source, tmp_path
    return make


def test_a_healthy_candidate_climbs_every_step_and_is_settled(world):
    outcome = world().run()
    assert (outcome.verdict, outcome.final_share) == ("promote", 1.0)
    assert [a for a in world.lever.acts if a[0] == "set"] == [("set", 0.1), ("set", 0.5), ("set", 1.0)]
    assert world.lever.acts[-1] == ("settle", 1.0)
    events = [e.event for e in read_journal(world.folder / "j.jsonl")]
    assert events[0] == "started"
    assert events[-1] == "promoted"
    for i, event in enumerate(events):
        if event == "share_set":
            assert events[i - 1] == "intent_share"


@pytest.mark.parametrize(
    ("spoil", "guardrail"),
    [("error", "errors"), ("scale", "latency")],
)
def test_a_bad_candidate_is_rolled_back_by_the_right_guardrail(world, spoil, guardrail):
    getattr(world.source, spoil)["canary"] = {"error": 0.3, "scale": 1.6}[spoil]
    outcome = world().run()
    assert (outcome.verdict, outcome.guardrail, outcome.final_share) == ("rollback", guardrail, 0.0)
    assert world.lever.effective == 0
    assert outcome.rollback_s is not None
    assert outcome.rollback_s <= 2
    events = [e.event for e in read_journal(world.folder / "j.jsonl")]
    assert events[-2:] == ["intent_rollback", "rolled_back"]


def test_a_break_in_the_soak_is_rolled_back(world):
    lever, source = world.lever, world.source
    world.clock.on_sleep.insert(0, lambda: source.error.update(canary=0.4) if lever.share == 1 else None)
    outcome = world(soak_s=100).run()
    assert (outcome.verdict, outcome.guardrail) == ("rollback", "errors")
    assert lever.effective == 0


def test_a_degraded_baseline_does_not_promote(world):
    lever, source = world.lever, world.source

    def spoil_both():
        if lever.share > 0:
            source.error.update(canary=0.3, baseline=0.3)

    world.clock.on_sleep.insert(0, spoil_both)
    outcome = world().run()
    assert outcome.verdict in {"rollback", "hold"}
    assert outcome.guardrail == "baseline"
    assert lever.effective == 0


def test_a_lever_that_lies_about_the_share_is_rolled_back(world):
    world.source.true_share = 0.6
    outcome = world().run()
    assert (outcome.verdict, outcome.guardrail) == ("rollback", "lever")
    world.lever.claims = None


def test_a_lever_that_does_not_follow_is_rolled_back(world):
    world.lever.claims = 0.9
    outcome = world().run()
    assert (outcome.verdict, outcome.guardrail) == ("rollback", "lever")
    assert "90.0%" in outcome.reason


def test_lost_metrics_hold_and_then_roll_back(world):
    world.clock.on_sleep.append(lambda: setattr(world.source, "lost", world.clock.t > 1020))
    outcome = world().run()
    assert (outcome.verdict, outcome.guardrail) == ("rollback", "metrics")
    reasons = [e.reason for e in read_journal(world.folder / "j.jsonl") if e.event == "look"]
    assert any("held" in reason for reason in reasons)
    assert "the metrics are lost" in outcome.reason


def test_a_lease_that_ran_out_is_not_waited_for(world):
    """A controller that was stopped for longer than its lease wakes up: nothing can come back."""
    world.lever.fenced = True
    world.clock.on_sleep.append(
        lambda: setattr(world.clock, "t", world.clock.t + 60 * (world.clock.t == 1020))
    )
    outcome = world().run()
    assert (outcome.verdict, outcome.guardrail) == ("rollback", "lever")
    assert "the lease ran out" in outcome.reason
    assert outcome.at_s < 100


def test_a_lost_lever_ends_by_its_lease(world):
    world.clock.on_sleep.append(lambda: setattr(world.lever, "lost", world.clock.t > 1015))
    outcome = world().run()
    assert outcome.verdict == "rollback"
    assert world.lever.effective == 0
    assert "lease" in read_journal(world.folder / "j.jsonl")[-1].reason


def test_the_deadline_is_kept_and_says_what_was_missing(world):
    world.source.rps = 0.5
    outcome = world(deadline_s=120, min_requests=1).run()
    assert outcome.verdict == "insufficient_traffic"
    assert outcome.at_s <= 120 + SETTINGS.interval_s
    assert world.lever.effective == 0


def test_too_little_expected_traffic_is_said_before_the_start(world):
    outcome = world(expected_rps=0.5, deadline_s=200).run()
    assert outcome.verdict == "insufficient_traffic"
    assert world.lever.acts == []
    assert "can show" in outcome.reason


def test_without_approval_nothing_is_touched(world):
    outcome = world(approve=lambda _plan: False).run()
    assert outcome.verdict == "aborted"
    assert world.lever.acts == []


def test_a_person_can_abort_at_any_look(world):
    outcome = world(abort=lambda: "the shop opens" if world.clock.t > 1025 else "").run()
    assert (outcome.verdict, outcome.reason) == ("aborted", "the shop opens")
    assert world.lever.effective == 0


def test_each_step_waits_for_its_approval_and_is_watched_meanwhile(world):
    def asked(step):
        return True if world.clock.t > 1000 + 60 * step else None

    outcome = world(approve_steps=True, approve_step=asked).run()
    assert outcome.verdict == "promote"
    events = read_journal(world.folder / "j.jsonl")
    sets = [e.t_s for e in events if e.event == "share_set"]
    assert sets[1] >= 60
    assert sets[2] >= 120
    assert any("waits for the approval of the step to 50%" in e.reason for e in events)


def test_a_step_that_is_refused_ends_the_canary(world):
    outcome = world(approve_steps=True, approve_step=lambda _step: False).run()
    assert (outcome.verdict, outcome.reason) == ("aborted", "the step to 50% was not approved")
    assert world.lever.effective == 0


def test_harm_while_an_approval_is_awaited_is_rolled_back(world):
    world.source.error["canary"] = 0.3
    outcome = world(approve_steps=True, approve_step=lambda _step: None).run()
    assert (outcome.verdict, outcome.guardrail) == ("rollback", "errors")


def test_an_end_without_harm_ramps_down_through_the_earlier_steps(world):
    abort = lambda: "enough" if world.lever.share == 0.5 else ""  # noqa: E731
    outcome = world(shares=(0.1, 0.3, 0.5, 1.0), ramp_down_s=20, abort=abort).run()
    assert outcome.verdict == "aborted"
    assert [share for _, share in world.lever.acts] == [0.1, 0.3, 0.5, 0.3, 0.1, 0.0]


def test_harm_is_rolled_back_at_once_even_with_a_ramp(world):
    world.source.error["canary"] = 0.3
    world(ramp_down_s=20).run()
    assert [act[0] for act in world.lever.acts][-2:] == ["set", "restore"]


def test_an_abort_does_not_wait_for_the_next_look(world):
    outcome = world(abort=lambda: "now" if world.clock.t > 1013 else "").run()
    assert outcome.at_s <= 15


def test_the_deadline_does_not_wait_for_the_next_look(world):
    world.source.rps = 0.5
    outcome = world(deadline_s=125, min_requests=1).run()
    assert outcome.at_s == pytest.approx(125, abs=0.1)


def test_a_canary_that_the_lever_finds_down_is_rolled_back(world):
    world.clock.on_sleep.append(lambda: setattr(world.lever, "up", world.clock.t < 1025))
    outcome = world().run()
    assert (outcome.verdict, outcome.guardrail) == ("rollback", "health")
    assert "down for" in outcome.reason


def test_a_lever_that_does_not_count_is_checked_by_the_source(world):
    world.lever.counts = False
    assert world().run().verdict == "promote"
    world.source.true_share = 0.6
    outcome = world(journal="k.jsonl").run()
    assert (outcome.verdict, outcome.guardrail) == ("rollback", "lever")


def test_jumps_of_the_wall_clock_change_nothing(world):
    from datetime import timedelta

    true = world.clock.now
    world.clock.now = lambda: true() + timedelta(days=-400 if world.clock.t > 1040 else 3)
    outcome = world().run()
    assert outcome.verdict == "promote"
    assert outcome.at_s < 600
    assert read_journal(world.folder / "j.jsonl")[-1].t_s < 600


class KilledError(BaseException):
    pass


@pytest.mark.parametrize("moment", range(1, 9))
def test_killed_at_any_moment_the_next_controller_restores_and_starts_anew(world, moment):
    """The kill leaves the journal as it is: the first controller writes nothing more."""
    first = world()
    first._panic = lambda error: None
    count = iter(range(100))

    def die():
        if next(count) == moment:
            raise KilledError

    world.clock.on_sleep.insert(0, die)
    with pytest.raises(KilledError):
        first.run()
    world.clock.on_sleep.remove(die)
    share = world.lever.share
    ended = world(holder="b").run(restart=False)
    assert ended.verdict == "aborted"
    assert world.lever.effective == 0
    events = read_journal(world.folder / "j.jsonl")
    assert [e.event for e in events[-2:]] == ["recovered", "aborted"]
    assert share in (0.1, 0.5, 1.0)
    again = world(holder="c").run()
    assert again.verdict == "promote"


def test_an_error_inside_restores_the_baseline_and_is_told(world):
    def burst():
        if world.clock.t > 1025:
            raise RuntimeError("boom")

    world.clock.on_sleep.append(burst)
    with pytest.raises(RuntimeError, match="boom"):
        world().run()
    assert world.lever.effective == 0
    assert read_journal(world.folder / "j.jsonl")[-1].event == "aborted"


def test_a_second_controller_is_refused_and_leaves_the_first_alone(world):
    with world()._journal, pytest.raises(BusyError):
        world(holder="b").run()
    assert world.lever.acts == []


def test_a_journal_that_was_tampered_with_restores_the_baseline_and_stops(world):
    world().run()
    path = world.folder / "j.jsonl"
    path.write_text(path.read_text().replace('"share":0.5', '"share":0.4', 1))
    world.lever.share = 1.0
    with pytest.raises(DataContractError, match="changed after it was written"):
        world(holder="b").run()
    assert world.lever.effective == 0


def test_observations_have_a_row_a_look_and_arm(world):
    outcome = world().run()
    assert {row["arm"] for row in outcome.observations} == {"baseline", "canary"}
    assert all(row["ttft_p50_ms"] is None for row in outcome.observations)
    assert sum(row["requests"] for row in outcome.observations) > 1000
