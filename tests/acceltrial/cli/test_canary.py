from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from acceltrial.cli.canary import app
from acceltrial.errors import ConfigurationError, DataContractError


def run(*arguments):
    app([str(a) for a in arguments], result_action="return_value", exit_on_error=False)


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    rng = np.random.default_rng(0)
    parts = []
    for name, rate in (("<b>good", 0.01), ("bad", 0.3)):
        n = 36_000
        canary = rng.random(n) < 0.2
        parts.append(
            pl.DataFrame(
                {
                    "stream": [name] * n,
                    "t_s": np.sort(rng.random(n) * 1800),
                    "arm": np.where(canary, "canary", "baseline"),
                    "latency_ms": 100 * np.exp(0.3 * rng.standard_normal(n)),
                    "ok": rng.random(n) >= np.where(canary, rate, 0.01),
                }
            )
        )
    path = tmp_path_factory.mktemp("s") / "streams.parquet"
    pl.concat(parts).sample(fraction=1.0, shuffle=True, seed=1).write_parquet(path)
    return path


def test_judge_gives_a_verdict_a_stream(streams, capfdbinary):
    run("judge", streams, "--json")
    found = {s["stream"]: s for s in json.loads(capfdbinary.readouterr().out)["streams"]}
    assert set(found["bad"]) == {"stream", "verdict", "at_s", "guardrail", "evidence"}
    assert (found["bad"]["verdict"], found["bad"]["guardrail"]) == ("rollback", "errors")
    assert found["bad"]["at_s"] <= 180
    assert found["<b>good"]["verdict"] == "promote"


def test_guardrails_and_interval_are_taken(streams, tmp_path, capfdbinary):
    rules = tmp_path / "g.yaml"
    rules.write_text("alpha: 0.02\nguardrails:\n  - {kind: latency, margin: 0.2}\n")
    run("judge", streams, "--guardrails", rules, "--interval", "30", "--json")
    found = json.loads(capfdbinary.readouterr().out)["streams"]
    assert all(s["verdict"] != "rollback" for s in found)
    assert set(found[0]["evidence"]["guardrails"]) == {"latency"}


def test_the_guardrails_own_interval_holds_unless_another_is_asked_for(streams, tmp_path, capfdbinary):
    rules = tmp_path / "g.yaml"
    rules.write_text("interval_s: 7\n")
    ends = []
    for more in ((), ("--interval", "50")):
        run("judge", streams, "--guardrails", rules, *more, "--json")
        ends.append([s["at_s"] for s in json.loads(capfdbinary.readouterr().out)["streams"]])
    assert all(at % 7 == 0 for at in ends[0])
    assert all(at % 50 == 0 for at in ends[1])


def test_people_get_a_table(streams, capsys):
    run("judge", streams)
    assert "rollback" in capsys.readouterr().out


def test_a_streams_name_commands_no_terminal(streams, tmp_path, capsys):
    path = tmp_path / "s.parquet"
    pl.read_parquet(streams).head(50).with_columns(stream=pl.lit("\x1b[2Jx")).write_parquet(path)
    run("judge", path)
    shown = capsys.readouterr().out
    assert "\x1b[2J" not in shown
    assert "x1b[2Jx" in shown


def test_plan_says_what_can_be_seen(capfdbinary):
    run("plan", "--rps", "20", "--json")
    assert json.loads(capfdbinary.readouterr().out)["verdict"] == "sufficient"
    run("plan", "--rps", "2", "--json")
    thin = json.loads(capfdbinary.readouterr().out)
    assert thin["verdict"] == "insufficient_traffic"
    errors = thin["guardrails"][0]
    assert errors["smallest_detectable_share"] > errors["demanded_share"]


def test_plan_reads_a_whole_plan(tmp_path, capsys):
    path = tmp_path / "p.yaml"
    path.write_text("canary: c\nworkload: w\nbaseline: a\ncandidate: b\nexpected_rps: 50\n")
    run("plan", path)
    assert "sufficient" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [("plan",), ("plan", "--rps", "-1"), ("plan", "--rps", "nan"), ("plan", "--rps", "5", "--share", "1.5"),
     ("judge", "x.parquet", "--interval", "0")],
)  # fmt: skip
def test_wrong_use_is_a_configuration_error(arguments):
    with pytest.raises(ConfigurationError):
        run(*arguments)


def test_a_wrong_file_is_a_broken_contract(tmp_path):
    path = tmp_path / "s.parquet"
    path.write_text("no parquet")
    with pytest.raises(DataContractError):
        run("judge", path)
