from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.policy.judge import run_cases
from stages.score.admission import FIELDS, Gate, explained, rules_for, values
from stages.score.world import Workload, build_world


def judged(rows: Any, build: Callable[..., Any], option: str, workload: str = "chat") -> Any:
    world = build_world(build(rows))
    gate = Gate(rules_for(Path("nowhere")))
    subject = next(w for w in world.workloads if w.id == workload)
    return gate, gate.admit(world, subject, next(o for o in world.options[workload] if o.id == option))


def test_shipped_rules_pass_their_own_tests() -> None:
    assert run_cases(rules_for(Path("nowhere"))) == []


def test_the_fields_that_rules_may_read_are_the_fields_that_are_given(
    rows: Any, build: Callable[..., Any]
) -> None:
    world = build_world(build(rows))
    workload = world.workloads[0]
    given = values(workload, world.options[workload.id][0], world.offers["gpu-a"][0])
    assert {name: frozenset(fields) for name, fields in given.items()} == dict(FIELDS)


def test_offers_abroad_and_spot_are_refused_for_customers(rows: Any, build: Callable[..., Any]) -> None:
    gate, found = judged(rows, build, "gpu-a-x1-bf16")
    assert [offer.offer for offer, _ in found.allowed] == ["a-eu"]
    assert ("chat", "spot-only-for-what-can-wait", "deny") in {key[:3] for key in gate.log}


def test_refusals_name_their_reason(rows: Any, build: Callable[..., Any]) -> None:
    assert judged(rows, build, "chip-x1-int8")[1].unpriced
    rows["prices"] = [row for row in rows["prices"] if row["price"] in ("a-us", "a-spot")]
    assert "spot-only" in judged(rows, build, "gpu-a-x1-bf16")[1].refusal
    rows["prices"] = [row for row in rows["prices"] if row["price"] == "a-us"]
    assert judged(rows, build, "gpu-a-x1-bf16")[1].refusal.startswith("residency: data must stay in eu")


@pytest.mark.parametrize(("sensitivity", "allowed"), [("internal", True), ("regulated", True)])
def test_regulated_work_prefers_a_private_region(
    rows: Any, build: Callable[..., Any], sensitivity: str, allowed: bool
) -> None:
    rows["workloads"][0]["sensitivity"] = sensitivity
    private = {
        **rows["prices"][0],
        "price": "a-private",
        "environment": "private",
        "usd_per_accelerator_hour": 9.0,
    }
    rows["prices"].append(private)
    preferences = {offer.offer: count for offer, count in judged(rows, build, "gpu-a-x1-bf16")[1].allowed}
    assert preferences["a-private"] == (1 if sensitivity == "regulated" else 0)
    assert ("a-eu" in preferences) is allowed


def test_own_rules_that_fail_their_tests_are_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(
        "version: 1\nrules:\n  - {id: r, severity: deny, when: workload.always_on, reason: x}\n"
        "tests:\n  - {name: t, given: {workload: {always_on: true}}, applies: []}\n"
    )
    with pytest.raises(ConfigurationError, match="fails its own tests"):
        rules_for(tmp_path)


def test_a_workload_without_class_still_has_every_field(rows: Any, build: Callable[..., Any]) -> None:
    world = build_world(build(rows))
    bare = Workload(world.workloads[0].row, {}, {})
    given = values(bare, world.options[bare.id][0], world.offers["gpu-a"][0])
    assert given["workload"]["stability"] == "unknown"


def test_every_offer_is_explained_with_all_rules(rows: Any, build: Callable[..., Any]) -> None:
    world = build_world(build(rows))
    chat = next(w for w in world.workloads if w.id == "chat")
    option = next(o for o in world.options["chat"] if o.id == "gpu-a-x1-bf16")
    found = explained(world, chat, option, Path("nowhere"))
    offers = {offer["offer"]: offer for offer in found["offers"]}
    assert {name: offer["allowed"] for name, offer in offers.items()} == {
        "a-eu": True, "a-us": False, "a-spot": False,
    }  # fmt: skip
    assert "stay in eu" in offers["a-us"]["residency_refusal"]
    denied = [v["rule"] for v in offers["a-spot"]["verdicts"] if v["outcome"] == "deny"]
    assert denied == ["spot-only-for-what-can-wait"]
    assert found["summary"] == "1 of 3 offers are allowed"
