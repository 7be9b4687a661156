"""Tables of an evaluation become placements; what is missing is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.placement.assembly import Evaluation, assemble
from acceltrial.placement.endpoints import server_of_url

OFFER = "0.35 USD an accelerator and hour (on_demand, aws eu-central-1, as of 2026-09: x)"
ROWS: dict[str, list[dict[str, Any]]] = {
    "placements": [
        {"workload": "tune", "option": "l4-x1-bf16", "fallback_option": None, "region": "r",
         "environment": "public_cloud", "rule": "", "reason": "", "fallback_reason": ""},
        {"workload": "fraud", "option": None, "fallback_option": None, "environment": "none",
         "region": "none", "rule": "none", "reason": "all vetoed", "fallback_reason": ""},
        {"workload": "chat", "option": "inferentia2-x2-bf16", "fallback_option": "eu-h100",
         "rule": "cheapest", "environment": "public_cloud", "region": "eu-central-1", "reason": "",
         "fallback_reason": ""},
    ],
    "workloads": [{"workload": "chat", "model": "llama-3.1-8b"}, {"workload": "tune", "model": "m"}],
    "profiles": [{"workload": "chat", "api": "chat"}, {"workload": "tune", "api": "training"}],
    "candidates": [
        {"workload": "chat", "option": "inferentia2-x2-bf16", "accelerator": "inferentia2", "count": 2,
         "accelerator_class": "inference_asic", "precision": "bf16", "max_batch": 64},
    ],
    "targets": [
        {"target": "eu-h100", "accelerator": "h100-sxm", "precision": "bf16", "environment": "private",
         "region": "this machine",
         "launch": json.dumps({"url": "https://l.example", "served_model": "meta/l", "api_key_env": "KEY"})},
    ],
    "costs": [{"workload": "chat", "option": "inferentia2-x2-bf16", "metric": "replicas", "value": 3.0,
               "source": OFFER}],
    "prices": [
        {"accelerator": "inferentia2", "model": "spot", "provider": "aws", "region": "eu-central-1",
         "environment": "public_cloud", "instance_type": "inf2.xlarge", "accelerators_per_instance": 1.0},
        {"accelerator": "inferentia2", "model": "on_demand", "provider": "aws", "region": "eu-central-1",
         "environment": "public_cloud", "instance_type": "inf2.24xlarge", "accelerators_per_instance": 6.0},
    ],
    "measurements": [
        {"workload": "chat", "option": "inferentia2-x2-bf16", "metric": "capacity_rps", "statistic": "max",
         "value": 10.0, "valid": True},
        {"workload": "chat", "option": "inferentia2-x2-bf16", "metric": "e2e_ms", "statistic": "p95",
         "value": 2_050.0, "valid": True},
    ],
}  # fmt: skip


def changed(table: str, **values: Any) -> Evaluation:
    """The rows with values of the first or only row of a table replaced."""
    rows = {name: [dict(row) for row in found] for name, found in ROWS.items()}
    rows[table][-1].update(values)
    return Evaluation(**rows)


def test_the_placed_workload_is_whole() -> None:
    placements, gaps = assemble(Evaluation(**ROWS))
    assert [p.workload for p in placements] == ["chat"]
    primary, fallback = placements[0].pools
    assert (primary.instance_type, primary.instances, primary.replicas) == ("inf2.24xlarge", 1, 3)
    assert primary.spot is False
    assert primary.connections == 21 * 3  # ⌈10/s × 2.05 s⌉, less than the 64 of the memory
    assert primary.servers[0].host == "chat-inferentia2-x2-bf16.pools.internal"
    assert (fallback.served_model, fallback.api_key_env, fallback.servers[0].tls) == ("meta/l", "KEY", True)
    assert fallback.region == "this-machine"
    assert sum("catalogue id" in gap.detail for gap in gaps) == 1
    assert {gap.workload for gap in gaps} == {"chat", "fraud", "tune"}


def test_memory_alone_limits_where_nothing_was_measured() -> None:
    placements, _ = assemble(changed("measurements", valid=False))
    assert placements[0].primary.connections == 64 * 3


def test_an_offer_that_the_cost_does_not_name_is_not_guessed() -> None:
    placements, _ = assemble(changed("costs", source="somewhere else"))
    assert (placements[0].primary.provider, placements[0].primary.instances) == (None, None)


@pytest.mark.parametrize("hostile", ["a\nb", "{{x}}", "a b'", "$(x)"])
def test_hostile_cells_are_refused(hostile: str) -> None:
    for table, column in (("workloads", "model"), ("prices", "instance_type"), ("candidates", "accelerator")):
        evaluation = changed(table, **{column: hostile})
        if table == "workloads":
            evaluation.workloads[0]["model"] = hostile  # type: ignore[index]
        if table == "candidates":
            evaluation.prices[-1]["accelerator"] = hostile  # type: ignore[index]
        with pytest.raises(ConfigurationError):
            assemble(evaluation)


@pytest.mark.parametrize(
    "url",
    ["ftp://a/v1", "http://", "http://a:99999/v1", "http://user:pw@a/v1", "http://a/v1?x=1", "http://a/other",
     "http://a b/v1", "http://a\n/v1", "", "http://[::1/v1", "http://a_b/v1", "http://a/v1#x"],
)  # fmt: skip
def test_bad_addresses_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        server_of_url(url, "a", "here")


def test_good_addresses_are_taken() -> None:
    assert server_of_url("https://a.example/v1/", "a", "here").address == "a.example:443"
    assert server_of_url("http://[fd00::1]:8000", "a", "here").address == "[fd00::1]:8000"
