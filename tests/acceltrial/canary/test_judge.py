from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.canary.guardrails import (
    CostGuardrail,
    ErrorGuardrail,
    JudgeSettings,
    LatencyGuardrail,
    MemoryGuardrail,
    QualityGuardrail,
)
from acceltrial.canary.judge import judge
from acceltrial.canary.records import records_from_frame
from acceltrial.errors import ConfigurationError, DataContractError


def stream(seed=0, rate=20, minutes=60, share=0.05, scale=1.0, errors=(0.01, 0.01), cold=None, **more):
    rng = np.random.default_rng(seed)
    n = rng.poisson(rate * 60 * minutes)
    t = np.sort(rng.random(n) * 60 * minutes)
    canary = rng.random(n) < share
    latency = 100 * np.exp(0.5 * rng.standard_normal(n)) * np.where(canary, scale, 1.0)
    if cold:
        latency = np.where(canary & (t < 180), latency * cold, latency)
    ok = rng.random(n) >= np.where(canary, errors[1], errors[0])
    columns = {"t_s": t, "arm": np.where(canary, "canary", "baseline"), "latency_ms": latency, "ok": ok}
    columns |= {name: make(rng, t, canary) for name, make in more.items()}
    return pl.DataFrame(columns)


def verdict(frame, **changes):
    return judge(records_from_frame(frame, "test"), JudgeSettings(**changes))


def test_identical_arms_are_promoted():
    found = verdict(stream())
    assert (found.verdict, found.guardrail) == ("promote", None), found.reason


@pytest.mark.parametrize(
    ("harm", "guardrail", "by_s"),
    [
        ({"errors": (0.01, 0.05)}, "errors", 400),
        ({"scale": 1.25}, "latency", 900),
        ({"scale": 3.0, "errors": (0.0, 0.0)}, "latency", 420),
    ],
)
def test_harm_is_rolled_back_by_its_guardrail(harm, guardrail, by_s):
    found = verdict(stream(seed=2, **harm))
    assert (found.verdict, found.guardrail) == ("rollback", guardrail)
    assert found.at_s <= by_s


@pytest.mark.parametrize("cold", [1.5, 3.0, 10.0])
def test_a_cold_start_is_waited_for(cold):
    assert verdict(stream(seed=4, cold=cold)).verdict in {"promote", "hold"}


def test_thin_traffic_is_said_with_what_it_could_show():
    found = verdict(stream(rate=2))
    assert found.verdict == "insufficient_traffic"
    assert "canary requests can show" in found.reason


@pytest.mark.parametrize("missing", ["canary", "baseline"])
def test_an_arm_without_requests_is_insufficient_traffic(missing):
    found = verdict(stream().filter(pl.col("arm") != missing))
    assert found.verdict == "insufficient_traffic"
    assert missing in found.reason


def test_a_degraded_baseline_is_not_promoted():
    frame = stream(errors=(0.01, 0.01)).with_columns(
        ok=pl.when(pl.col("t_s") > 1500).then(pl.col("t_s") * 1000 % 1 > 0.3).otherwise(pl.col("ok"))
    )
    found = verdict(frame)
    assert (found.verdict, found.guardrail) == ("hold", "baseline")


def test_absolute_bounds_hold_whatever_the_baseline_does():
    rules = (ErrorGuardrail(max_rate=0.02), LatencyGuardrail(max_ms=5000))
    worse = stream(errors=(0.04, 0.04))
    assert verdict(worse, guardrails=rules).verdict == "hold"
    only_canary = verdict(stream(errors=(0.0, 0.1)), guardrails=rules)
    assert only_canary.verdict == "rollback"


def test_missing_metrics_hold():
    frame = stream().with_columns(
        latency_ms=pl.when((pl.col("arm") == "canary") & (pl.col("t_s") % 5 < 1))
        .then(float("nan"))
        .otherwise(pl.col("latency_ms"))
    )
    found = verdict(frame)
    assert (found.verdict, found.guardrail) == ("hold", "latency")
    assert "missing" in found.reason


def test_a_canary_that_falls_silent_holds():
    frame = stream(share=0.2).filter((pl.col("arm") == "baseline") | (pl.col("t_s") < 3000))
    assert verdict(frame).guardrail == "silence"


@pytest.mark.parametrize("apart_s", [150.0, 600.0, 3000.0, 1.7e9])
def test_clocks_far_apart_hold(apart_s):
    frame = stream(minutes=30).with_columns(
        t_s=pl.when(pl.col("arm") == "canary").then(pl.col("t_s") + apart_s).otherwise(pl.col("t_s"))
    )
    assert verdict(frame).guardrail == "clock"


def test_a_canary_that_begins_later_and_ends_with_the_baseline_is_no_clock_apart():
    frame = stream(minutes=70, share=0.2).filter((pl.col("arm") == "baseline") | (pl.col("t_s") > 600))
    assert verdict(frame).verdict == "promote"


def test_a_guardrail_that_never_has_data_holds():
    rules = (ErrorGuardrail(), LatencyGuardrail(), QualityGuardrail())
    assert verdict(stream(), guardrails=rules).guardrail == "quality"


def test_a_loss_of_quality_and_a_leak_are_seen():
    good = lambda rng, t, c: (rng.random(len(t)) < np.where(c, 0.7, 0.95)).astype(float)  # noqa: E731
    found = verdict(stream(quality=good))
    assert (found.verdict, found.guardrail) == ("rollback", "quality")
    leak = lambda rng, t, c: 1e9 * np.where(c, 1 + t / 1500, 1.0) + 1e6 * rng.random(len(t))  # noqa: E731
    found = verdict(stream(memory_bytes=leak))
    assert (found.verdict, found.guardrail) == ("rollback", "memory")


def test_memory_without_headroom_is_rolled_back_at_once():
    rules = (ErrorGuardrail(), LatencyGuardrail(), MemoryGuardrail(limit_bytes=1e9))
    full = lambda rng, t, c: np.where(c & (t > 600), 0.97e9, 0.5e9)  # noqa: E731
    found = verdict(stream(memory_bytes=full), guardrails=rules)
    assert (found.verdict, found.guardrail) == ("rollback", "memory")
    assert 600 < found.at_s <= 780


def test_another_mix_of_classes_is_no_regression():
    """The canary gets mostly slow, error-prone requests; within each class the arms are the same."""
    rng = np.random.default_rng(9)
    frame = stream(seed=9)
    heavy = rng.random(len(frame)) < np.where(frame["arm"] == "canary", 0.8, 0.2)
    frame = frame.with_columns(
        pl.Series("class", np.where(heavy, "heavy", "light")),
        latency_ms=frame["latency_ms"].to_numpy() * np.where(heavy, 5.0, 1.0),
        ok=frame["ok"].to_numpy() & ~(heavy & (rng.random(len(frame)) < 0.05)),
    )
    assert verdict(frame).verdict != "rollback"
    assert verdict(frame.drop("class")).verdict == "rollback"


@given(seed=st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_order_and_repeated_records_change_nothing(seed):
    frame = stream(seed=seed, minutes=10, scale=1.2)
    mixed = pl.concat([frame, frame.head(500)]).sample(fraction=1.0, shuffle=True, seed=seed)
    one, two = verdict(frame), verdict(mixed)
    assert (one.verdict, one.at_s, one.guardrail) == (two.verdict, two.at_s, two.guardrail)
    assert any("repeat another" in note for note in two.notes)


@given(cut=st.integers(5, 58))
@settings(max_examples=15, deadline=None)
def test_a_verdict_never_depends_on_what_comes_later(cut):
    records = records_from_frame(stream(seed=5, scale=1.2), "test")
    whole = judge(records, JudgeSettings())
    early = judge(records, JudgeSettings(), until_s=cut * 60.0)
    if early.verdict == "rollback":
        assert (early.at_s, early.guardrail) == (whole.at_s, whole.guardrail)
    else:
        assert whole.verdict != "rollback" or whole.at_s > cut * 60.0


def test_times_may_count_from_any_origin():
    frame = stream(seed=3, errors=(0.01, 0.1), minutes=20)
    near = verdict(frame)
    far = verdict(frame.with_columns(t_s=pl.col("t_s") + 60.0 * 30_000_000))
    assert (far.verdict, far.guardrail) == (near.verdict, near.guardrail) == ("rollback", "errors")
    assert far.at_s - 60.0 * 30_000_000 == pytest.approx(near.at_s)


def test_one_time_far_off_is_refused_rather_than_filling_the_memory():
    frame = stream(minutes=5)
    times = frame["t_s"].to_list()
    times[3] = 1.7e9
    with pytest.raises(DataContractError, match="looks of 60 s"):
        verdict(frame.with_columns(t_s=pl.Series(times)))


def test_no_records_at_all_are_insufficient_traffic():
    assert verdict(stream(minutes=1).clear()).verdict == "insufficient_traffic"


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        ("t_s", -1.0, "a finite time"),
        ("t_s", float("nan"), "a finite time"),
        ("arm", "treatment", "`baseline` or `canary`"),
        ("latency_ms", -5.0, "no negative number"),
        ("quality", 1.5, r"a score in \[0, 1\]"),
        ("ok", None, "true or false"),
    ],
)
def test_what_cannot_be_true_is_refused_with_its_row(column, value, match):
    frame = stream(minutes=2).with_columns(quality=pl.lit(0.5))
    values = frame[column].to_list()
    values[7] = value
    with pytest.raises(DataContractError, match=match) as error:
        records_from_frame(frame.with_columns(pl.Series(column, values)), "here")
    assert "row 7" in str(error.value)


def test_columns_of_the_wrong_type_are_refused():
    with pytest.raises(DataContractError, match="not numbers"):
        records_from_frame(stream(minutes=1).with_columns(latency_ms=pl.lit("12 ms")), "here")
    with pytest.raises(DataContractError, match="not true or false"):
        records_from_frame(stream(minutes=1).with_columns(ok=pl.lit(b"yes")), "here")


@pytest.mark.slow
def test_false_rollbacks_of_identical_arms_stay_below_one_per_cent():
    bad = sum(verdict(stream(seed=seed)).verdict == "rollback" for seed in range(300))
    assert bad <= 6


def narrow_and_drifting(seed):
    """Latencies within a fifth of their median; each arm wanders by 3 % of it."""
    frame = stream(seed=seed)
    rng = np.random.default_rng([seed, 1])
    drift = np.zeros((2, 61))
    for minute in range(1, 61):
        drift[:, minute] = 0.9 * drift[:, minute - 1] + 0.03 * np.sqrt(0.19) * rng.standard_normal(2)
    arm = (frame["arm"] == "canary").cast(int).to_numpy()
    minute = (frame["t_s"].to_numpy() // 60).astype(int)
    latency = 100 * (frame["latency_ms"].to_numpy() / 100) ** 0.4 * np.exp(drift[arm, minute])
    return frame.with_columns(latency_ms=latency)


@pytest.mark.slow
def test_narrow_latencies_that_drift_are_no_harm():
    bad = sum(verdict(narrow_and_drifting(seed)).verdict == "rollback" for seed in range(300))
    assert bad <= 9


def flags(rate):
    return lambda rng, t, c: (rng.random(len(t)) < np.where(c, rate[1], rate[0])).astype(float)


def gamma(baseline=1.0, canary=1.0, unit=1.0):
    return lambda rng, t, c: np.ceil(unit * rng.gamma(4, 25, len(t)) * np.where(c, canary, baseline))


WATCHED = {
    "itl": ("itl_ms", gamma(), gamma(canary=1.4)),
    "ttft": ("ttft_ms", gamma(), gamma(canary=1.4)),
    "length": ("output_tokens", gamma(), gamma(canary=0.6)),
    "refused": ("refused", flags((0.02, 0.02)), flags((0.02, 0.08))),
    "throttled": ("throttled", flags((0.01, 0.01)), flags((0.01, 0.06))),
    "hardware_error": ("hardware_error", flags((0.0, 0.0)), flags((0.0, 0.05))),
    "cost": ("cost_usd", gamma(unit=1e-5), gamma(canary=1.6, unit=1.0)),
    "quality": ("quality", flags((0.95, 0.95)), flags((0.95, 0.8))),
}


@pytest.mark.parametrize("name", WATCHED)
def test_each_guardrail_sees_its_fault_and_nothing_else(name):
    column, healthy, faulty = WATCHED[name]
    found = verdict(stream(seed=21, rate=40, **{column: healthy}))
    assert found.verdict == "promote", found.reason
    found = verdict(stream(seed=22, rate=40, **{column: faulty}))
    assert (found.verdict, found.guardrail) == ("rollback", name)


@pytest.mark.slow
@pytest.mark.parametrize("name", WATCHED)
def test_false_alarms_of_each_guardrail_stay_rare(name):
    column, healthy, _ = WATCHED[name]
    found = [verdict(stream(seed=seed, minutes=30, **{column: healthy})) for seed in range(60)]
    assert sum(one.verdict == "rollback" for one in found) <= 3


def test_failures_make_success_dearer_though_each_request_costs_the_same():
    rules = (CostGuardrail(),)
    frame = stream(
        seed=5, share=0.3, errors=(0.02, 0.4), cost_usd=lambda rng, t, c: 1.0 + 0.1 * rng.random(len(t))
    )
    assert verdict(frame, guardrails=rules).guardrail == "cost"
    frame = stream(
        seed=5, share=0.3, errors=(0.4, 0.02), cost_usd=lambda rng, t, c: 1.0 + 0.1 * rng.random(len(t))
    )
    assert verdict(frame, guardrails=rules).verdict == "promote"


def test_longer_answers_are_a_shift_too():
    found = verdict(stream(seed=2, output_tokens=gamma(canary=1.5)))
    assert (found.verdict, found.guardrail) == ("rollback", "length")


def test_a_tail_that_grows_while_the_mean_stays_is_seen():
    frame = stream(seed=6)
    latency, slow = frame["latency_ms"].to_numpy(), 227.6
    stretched = np.where(latency > slow, slow + 3.0 * (latency - slow), latency * 0.955)
    worse = pl.when(pl.col("arm") == "canary").then(pl.Series(stretched)).otherwise(pl.col("latency_ms"))
    found = verdict(frame.with_columns(latency_ms=worse))
    assert (found.verdict, found.guardrail) == ("rollback", "latency")
    assert found.at_s <= 900


@pytest.mark.parametrize(
    "spelling",
    [
        lambda ok: ok.cast(float),
        lambda ok: ok.cast(pl.Int8),
        lambda ok: pl.Series("ok", ["True " if one else "0" for one in ok]),
        lambda ok: pl.Series("ok", ["true" if one else "FALSE" for one in ok], dtype=pl.Categorical),
    ],
)
def test_an_ok_may_be_written_as_number_or_text(spelling):
    frame = stream(minutes=2)
    wanted = records_from_frame(frame, "test").ok
    assert np.array_equal(
        records_from_frame(frame.with_columns(spelling(frame["ok"]).alias("ok")), "x").ok, wanted
    )


@pytest.mark.parametrize("wrong", [2.0, 0.5, float("nan"), -1.0])
def test_an_ok_that_is_neither_is_refused(wrong):
    frame = stream(minutes=1).with_columns(ok=pl.col("ok").cast(float))
    values = frame["ok"].to_list()
    values[7] = wrong
    with pytest.raises(DataContractError, match="at row 7"):
        records_from_frame(frame.with_columns(ok=pl.Series(values)), "x")


def test_a_word_that_is_no_ok_is_quoted():
    with pytest.raises(DataContractError, match="'maybe' at row 0"):
        records_from_frame(stream(minutes=1).with_columns(ok=pl.lit("maybe")), "x")


def test_looks_too_short_to_count_are_refused():
    settings = JudgeSettings().model_copy(update={"interval_s": 1e-320})
    with pytest.raises(ConfigurationError, match="shorter"):
        judge(records_from_frame(stream(minutes=1), "x"), settings)


def test_the_reason_names_the_quantile_at_which_the_arms_differ():
    frame = stream(share=0.2)
    slower = (pl.col("arm") == "canary") & (pl.col("latency_ms") < 100)
    found = verdict(
        frame.with_columns(latency_ms=pl.col("latency_ms") * pl.when(slower).then(1.4).otherwise(1))
    )
    assert (found.verdict, found.guardrail) == ("rollback", "latency")
    assert "beyond the baseline's p50" in found.reason


@pytest.mark.parametrize("arm", ["both", "canary"])
def test_bursts_of_an_arm_s_own_are_no_harm(arm):
    """Every third minute each arm stalls for 3 s at a time of its own; a canary that stalls alone is harm."""
    frame = stream(seed=3)
    t, canary = frame["t_s"].to_numpy(), (frame["arm"] == "canary").to_numpy()
    stalled = np.where(canary, t % 171 < 3, (t % 180 < 3) & (arm == "both"))
    if arm == "canary":
        stalled = canary & (t % 30 < 3)
    found = verdict(
        frame.with_columns(latency_ms=frame["latency_ms"] * pl.Series(np.where(stalled, 4.0, 1.0)))
    )
    assert (found.verdict == "rollback") == (arm == "canary"), found.reason


def test_classes_that_the_arms_do_not_share_hold_with_the_reason():
    named = pl.when(pl.col("arm") == "canary").then(pl.lit("chat v2")).otherwise(pl.lit("chat"))
    found = verdict(stream().with_columns(named.alias("class")))
    assert (found.verdict, found.guardrail) == ("hold", "class")
    assert "the baseline never had" in found.reason


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_handful_of_requests_is_too_little(rows):
    frame = pl.DataFrame(
        {"t_s": [5.0, 6.0, 7.5], "arm": ["canary", "baseline", "canary"], "latency_ms": [0.0, 1e12, 5.0],
         "ok": [False, True, True]}
    )  # fmt: skip
    assert verdict(frame.head(rows)).verdict == "insufficient_traffic"


def test_no_canary_is_promoted_that_only_matches_a_baseline_gone_bad():
    """The baseline fails five times as often as at its start, the canary three times: fewer, but not good."""
    rng = np.random.default_rng(8)
    frame = stream(errors=(0.0, 0.0), share=0.2)
    late = frame["t_s"].to_numpy() > 1200
    rate = np.where(late, np.where(frame["arm"].to_numpy() == "canary", 0.03, 0.05), 0.01)
    found = verdict(frame.with_columns(ok=pl.Series(rng.random(len(frame)) >= rate)))
    assert (found.verdict, found.guardrail) == ("hold", "baseline"), found.reason


def test_short_looks_and_far_outliers_take_bounded_memory():
    frame = stream(minutes=20, rate=5)
    latency = frame["latency_ms"].to_list()
    latency[3:5] = [1e-5, 1e9]
    found = verdict(frame.with_columns(latency_ms=pl.Series(latency)), interval_s=0.2)
    assert found.verdict in {"promote", "hold", "insufficient_traffic"}
