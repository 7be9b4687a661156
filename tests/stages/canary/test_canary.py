from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import polars as pl
import pytest

from acceltrial.canary.degrade import Degradation
from acceltrial.errors import ConfigurationError
from schemas.base import check_table, table_of
from schemas.canary import CanaryEvents, CanaryObservations, CanaryVerdicts
from schemas.decision import Decisions, Ranking
from schemas.inputs import Requests, Targets, Workloads
from stages.canary.params import CanaryParams
from stages.canary.stage import STAGE
from stages.contract import Inputs

QUICK = CanaryParams(
    look_s=0.5, baseline_s=3, hold_s=3, soak_s=1, deadline_s=25, max_rps=25, max_output_tokens=3,
    degradation=Degradation(delay_share=0.5, delay_ms=300, fail_share=0.5),
)  # fmt: skip


def decision(workload, option):
    return {
        "workload": workload, "status": "recommended", "option": option, "share_measured": 1.0,
        "share_published": 0.0, "share_predicted": 0.0, "share_declared": 0.0, "disagreement": "",
        "flips_when": "", "next_step": "",
    }  # fmt: skip


def workload(name, model="gemma-3-270m"):
    return {
        "workload": name, "title": name, "owner": "o", "kind": "chatbot", "phase": "inference",
        "business_action": "a", "actions_per_month": 1.0, "requests_per_action": 1.0,
        "success_definition": "s", "streaming": True, "slo_percentile": 95.0, "sensitivity": "public",
        "residency": "any", "always_on": False, "event_driven": False, "model": model, "trace": "t",
    }  # fmt: skip


def ranked(workload, option, rank):
    return {
        "workload": workload, "option": option, "score": 0.5, "rank": rank, "pareto": True,
        "vetoed": False, "veto_reason": "",
    }  # fmt: skip


def target(name, kind="openai", launch=None, **more):
    row = {
        "target": name, "kind": kind, "title": name, "device": "local-cpu", "model": "gemma-3-270m",
        "precision": "int4", "api": "completions", "environment": "local", "region": "here",
        "residency": "eu", "enabled": True, "launch": json.dumps(launch or {}),
    }  # fmt: skip
    return {**row, **more}


@pytest.fixture
def workspace(tmp_path):
    def lay(decisions, ranking, targets):
        tables = {
            "collect/workloads": table_of(Workloads, [workload(row["workload"]) for row in decisions]),
            "score/decisions": table_of(Decisions, decisions),
            "score/ranking": table_of(Ranking, ranking),
            "collect/targets": table_of(Targets, targets),
            "collect/requests": table_of(
                Requests,
                [
                    {"workload": "triage", "index": i, "arrival_s": float(i), "input_tokens": 10 + i,
                     "output_tokens": 2}
                    for i in range(40)
                ],
            ),
        }  # fmt: skip
        for name, frame in tables.items():
            path = tmp_path / "data" / "stages" / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(path)
        return Inputs(tmp_path, STAGE.inputs)

    return lay


@pytest.fixture
def reference():
    process = subprocess.Popen(
        [sys.executable, "-m", "acceltrial.load.reference_server", "--port", "0", "--ttft-ms", "10",
         "--itl-ms", "2"],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    yield {"url": f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}/v1", "served_model": "m"}
    process.kill()
    process.wait()
    process.stdout.close()


def run(inputs, params, context):
    grid = STAGE.grid
    cells = grid.split(inputs, params)
    results = {}
    for cell in cells:
        scratch = context.root / "cells" / cell.key
        scratch.mkdir(parents=True)
        grid.run_cell(cell, inputs, params, replace(context, scratch=scratch))
        results[cell.key] = scratch
    found = grid.join(cells, results, inputs, params, context)
    models = {
        "canary_verdicts": CanaryVerdicts, "canary_observations": CanaryObservations,
        "canary_events": CanaryEvents,
    }  # fmt: skip
    return cells, {name: check_table(models[name], frame, name) for name, frame in found.items()}


def test_without_a_local_target_there_is_no_verdict_but_the_reason(workspace, make_context):
    cloud = target("cloud", environment="public_cloud")
    off = target("here", enabled=False)
    inputs = workspace([decision("triage", "h100-x1-bf16")], [], [cloud, off])
    cells, tables = run(inputs, CanaryParams(), make_context())
    assert [cell.key for cell in cells] == ["not-possible"]
    assert tables["canary_verdicts"].is_empty()
    assert tables["canary_observations"].is_empty()
    [event] = tables["canary_events"].to_dicts()
    assert event["event"] == "not_possible"
    assert "here: disabled" in event["reason"]


def test_a_server_that_cannot_be_reached_is_told_not_faked(workspace, make_context):
    dead = target("dead", launch={"url": "http://127.0.0.1:9/v1", "served_model": "m"})
    inputs = workspace([decision("triage", "dead")], [ranked("triage", "dead", 1)], [dead])
    _, tables = run(inputs, CanaryParams(), make_context())
    assert tables["canary_verdicts"].is_empty()
    assert set(tables["canary_events"]["event"]) == {"not_possible"}


def test_the_recommended_local_option_comes_before_a_merely_ranked_one(workspace, reference):
    here = target("here", launch=reference)
    inputs = workspace(
        [decision("alpha", "h100-x1-bf16"), decision("triage", "here")],
        [ranked("alpha", "here", 2), ranked("triage", "here", 1)],
        [here],
    )
    cells = STAGE.grid.split(inputs, CanaryParams())
    assert [cell.key for cell in cells] == ["trial-triage", "demonstration-triage"]
    assert {cell.device for cell in cells} == {"local-cpu"}
    other = STAGE.grid.split(inputs, CanaryParams(workload="alpha", demonstration=False))
    assert other[0].spec["why"].startswith("here is rank 2 for alpha")


def test_a_server_of_another_model_serves_no_workload(workspace, reference):
    other = target("here", launch=reference, model="llama-3.1-8b")
    inputs = workspace([decision("triage", "here")], [ranked("triage", "here", 1)], [other])
    [cell] = STAGE.grid.split(inputs, CanaryParams())
    assert cell.key == "not-possible"
    assert "no workload of its model" in cell.spec["why"]


def test_an_unknown_workload_is_refused(workspace):
    inputs = workspace([decision("triage", "x")], [], [target("here")])
    with pytest.raises(ConfigurationError, match="no workload 'nobody'"):
        STAGE.grid.split(inputs, CanaryParams(workload="nobody"))


def test_contradictory_steps_are_refused(workspace, reference, make_context):
    inputs = workspace([decision("triage", "here")], [], [target("here", launch=reference)])
    params = CanaryParams(shares=(0.5, 0.25, 1.0))
    cells = STAGE.grid.split(inputs, params)
    with pytest.raises(ConfigurationError, match="shares must rise"):
        STAGE.grid.run_cell(cells[0], inputs, params, make_context())


@pytest.mark.slow
@pytest.mark.live
def test_the_winner_is_promoted_and_the_degraded_candidate_rolled_back(workspace, reference, make_context):
    here = target("here", launch=reference)
    inputs = workspace([decision("triage", "here")], [ranked("triage", "here", 1)], [here])
    _, tables = run(inputs, QUICK, make_context())
    verdicts = {row["purpose"]: row for row in tables["canary_verdicts"].to_dicts()}
    trial, bad = verdicts["trial"], verdicts["demonstration"]
    assert bad["verdict"] == "rollback", bad["reason"]
    assert bad["guardrail"] in {"errors", "latency", "quality"}
    assert bad["final_share"] == 0
    assert "degraded on purpose" in bad["reason"]
    assert trial["verdict"] in {"promote", "hold", "insufficient_traffic"}, trial["reason"]
    assert "time-compressed" in trial["reason"]
    assert tables["canary_observations"].filter(pl.col("requests") > 0).height > 4
    assert tables["canary_events"].filter(pl.col("event") == "rolled_back").height == 1


@pytest.mark.slow
@pytest.mark.live
def test_two_servers_that_name_their_model_differently_are_tried_beside_each_other(
    workspace, reference, make_context
):
    here = target("here", launch=reference)
    there = target("there", launch={**reference, "served_model": "another/name", "ignore_eos": False})
    ranks = [ranked("triage", "here", 1), ranked("triage", "there", 2)]
    inputs = workspace([decision("triage", "here")], ranks, [here, there])
    params = QUICK.model_copy(update={"baseline": "next", "demonstration": False})
    _, tables = run(inputs, params, make_context())
    [trial] = tables["canary_verdicts"].to_dicts()
    assert (trial["candidate"], trial["baseline"]) == ("here", "there")
    assert trial["verdict"] in {"promote", "hold", "insufficient_traffic"}, trial["reason"]
    assert "another option of the workload" in trial["reason"]
