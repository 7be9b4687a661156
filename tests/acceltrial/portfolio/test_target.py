from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from acceltrial.portfolio import target as declared
from acceltrial.portfolio.target import launch_settings, targets_file
from acceltrial.targets.registry import BUILT_IN

BASE: dict[str, Any] = {
    "id": "t",
    "title": "t",
    "device": "d",
    "model": "m",
    "precision": "bf16",
    "api": "chat",
    "environment": "private",
    "region": "here",
    "residency": "eu",
}
OPENAI = {"url": "https://host:8000/v1/", "served_model": "org/model:1"}
SAGEMAKER = {"endpoint": "my-endpoint", "region": "eu-central-1"}


def target(kind: str, **launch: Any) -> Any:
    entry = {**BASE, "kind": kind, **({"launch": launch} if launch else {})}
    return targets_file().model_validate({"targets": [entry]}).targets[0]


def test_every_built_in_kind_can_be_declared() -> None:
    needed = {"openai": OPENAI, "sagemaker": SAGEMAKER}
    assert {target(kind, **needed.get(kind, {})).kind for kind in BUILT_IN} == set(BUILT_IN)


def test_defaults_are_those_of_the_adapter() -> None:
    from acceltrial.targets import llamacpp

    assert launch_settings(target("llamacpp")) == llamacpp.Launch().model_dump(exclude_none=True)


def test_units_are_read_and_the_url_is_tidied() -> None:
    launch = launch_settings(target("openai", **OPENAI, timeout="2 min", api_key_env="MY_KEY"))
    assert launch["timeout"] == 120
    assert launch["url"] == "https://host:8000/v1"
    assert launch["api_key_env"] == "MY_KEY"


@pytest.mark.parametrize(
    ("kind", "launch"),
    [
        ("openai", {}),
        ("openai", {**OPENAI, "timeout": 120}),
        ("openai", {**OPENAI, "timeout": "0 s"}),
        ("openai", {**OPENAI, "api_key": "x"}),
        ("openai", {**OPENAI, "api_key_env": "my key"}),
        ("openai", {**OPENAI, "url": "file:///etc/passwd"}),
        ("openai", {**OPENAI, "url": "https://host/../v1?x"}),
        ("openai", {**OPENAI, "served_model": "<b>"}),
        ("openai", {**OPENAI, "served_model": ""}),
        ("sagemaker", {**SAGEMAKER, "endpoint": "a/b"}),
        ("sagemaker", {**SAGEMAKER, "region": "Frankfurt"}),
        ("sagemaker", {"endpoint": "x"}),
        ("llamacpp", {"parallel": 0}),
        ("llamacpp", {"parallel": "4"}),
        ("llamacpp", {"parallel": True}),
        ("llamacpp", {"url": "https://host"}),
        ("transformers_serve", {"block_tokens": -1}),
        ("smoke_signals", {"x": 1}),
    ],
)
def test_wrong_launch_settings_are_refused(kind: str, launch: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        targets_file().model_validate({"targets": [{**BASE, "kind": kind, "launch": launch}]})


def test_built_in_kinds_are_those_of_the_registry() -> None:
    assert set(declared.BUILT_IN) == set(BUILT_IN)


def test_a_kind_that_a_package_brings_can_be_declared() -> None:
    entry = {**BASE, "kind": "loihi", "launch": {"board": 3, "driver": "x"}}
    found = targets_file(["loihi"]).model_validate({"targets": [entry]}).targets[0]
    assert found.kind == "loihi"
    assert launch_settings(found) == {"board": 3, "driver": "x"}


@pytest.mark.parametrize("launch", [{"deep": {"er": 1}}, {"n": float("nan")}, [1], {"x": [1]}])
def test_a_packages_launch_settings_are_plain_values(launch: Any) -> None:
    with pytest.raises(ValidationError):
        targets_file(["loihi"]).model_validate({"targets": [{**BASE, "kind": "loihi", "launch": launch}]})
