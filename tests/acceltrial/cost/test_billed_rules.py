from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.cost.billed_rules import Rule, load_billing, owner_of
from acceltrial.errors import ConfigurationError

CHARGE = {"ResourceId": "i-1", "SkuId": None, "ServiceName": "EC2"}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "billing.yaml"
    path.write_text(text)
    return path


def test_the_first_rule_that_takes_a_charge_owns_it(tmp_path: Path) -> None:
    file = load_billing(
        written(
            tmp_path,
            "files: [oct.csv]\ntag_keys: {workload: app}\n"
            "rules:\n  - {workload: chat, resource: 'i-*', service: EC2}\n"
            "  - {workload: lab, service: EC2}\n",
        )
    )
    assert file.files == ("oct.csv",)
    assert owner_of(CHARGE, {"app": "lab"}, file).workload == "chat"
    assert owner_of({**CHARGE, "ResourceId": None}, {}, file).workload == "lab"
    assert owner_of({**CHARGE, "ServiceName": None}, {"app": "web"}, file).workload == "web"
    assert (
        owner_of({**CHARGE, "ServiceName": None}, {}, file).reason == "no rule takes it and it has no tag app"
    )


def test_every_pattern_of_a_rule_must_match() -> None:
    rule = Rule(workload="chat", tags={"env": "prod*"}, sku="p5*")
    assert not rule.takes({**CHARGE, "SkuId": "p5"}, {"env": "test"})
    assert rule.takes({**CHARGE, "SkuId": "p5"}, {"env": "production"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("files: [a.csv]\n", "whose a charge is"),
        ("rules: [{workload: chat}]\n", "takes every charge"),
        ("rules: [{workload: chat, skus: x}]\n", "unknown key 'skus'"),
        ("tag_keys: {workload: app}\ncurrency: {EUR: {usd: 0, source: s, as_of: '2026'}}\n", "usd"),
        ("tag_keys: {workload: app}\ncost: list\n", "cost"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        load_billing(written(tmp_path, text))
    assert caught.value.where.startswith("billing.yaml")
