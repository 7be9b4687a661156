from __future__ import annotations

import pytest

from acceltrial.errors import ConfigurationError


def test_a_wrong_lever_is_refused(tmp_path):
    from flows.canary import run_canary

    plan = tmp_path / "p.yaml"
    plan.write_text("canary: c\nworkload: w\nbaseline: a\ncandidate: b\n")
    for text in ("{}", "no json", '{"port": 1}'):
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(ConfigurationError, match=r"kind|keys and values|control_port"):
            run_canary.fn(str(plan), str(tmp_path / "a.json"), folder=str(tmp_path), yes=True)


@pytest.mark.slow
def test_the_flow_runs_a_plan_and_shows_it(tmp_path, monkeypatch):
    """The flow around a split whose arms are both gone: it ends on the baseline, with its record."""
    from acceltrial.canary.levers.split_proxy import split_proxy
    from acceltrial.canary.plan import CanaryPlan
    from flows.canary import run_canary

    plan = CanaryPlan(
        canary="Flow.c_1", workload="w", baseline="a", candidate="b", shares=(0.5, 1.0), hold_s=1,
        min_requests=1, soak_s=1, lease_s=2, deadline_s=3, judge={"interval_s": 0.5},
    )  # fmt: skip
    (tmp_path / "p.yaml").write_text(plan.model_dump_json())
    with split_proxy("http://127.0.0.1:9", "http://127.0.0.1:9") as lever:
        (tmp_path / "a.json").write_text(lever.address.to_json())
        verdict = run_canary(
            str(tmp_path / "p.yaml"), str(tmp_path / "a.json"), folder=str(tmp_path / "f"), yes=True
        )
        assert lever.read().share == 0
    assert verdict == "insufficient_traffic"
    assert (tmp_path / "f" / "Flow.c_1.jsonl").is_file()
