"""Against moto's stand-in for the AWS API, not a real endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acceltrial.errors import ConfigurationError, TargetUnavailableError
from acceltrial.targets import TargetSpec, availability, serve
from acceltrial.targets.http import post_json

moto = pytest.importorskip("moto")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import boto3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with moto.mock_aws():
        yield boto3.client("sagemaker", region_name="us-east-1")


def spec(endpoint: str = "trial", api: str = "completions", **launch: Any) -> TargetSpec:
    return TargetSpec(
        "cloud", "sagemaker", "t", "d", "m", "bf16", api,
        launch={"endpoint": endpoint, "region": "us-east-1", **launch},
    )  # fmt: skip


def create(client: Any, name: str) -> None:
    client.create_model(
        ModelName="m", ExecutionRoleArn="arn:aws:iam::123456789012:role/r", PrimaryContainer={"Image": "x"}
    )
    variant = {
        "VariantName": "v",
        "ModelName": "m",
        "InstanceType": "ml.g4dn.xlarge",
        "InitialInstanceCount": 1,
    }
    client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    client.create_endpoint(EndpointName=name, EndpointConfigName="c")


def test_an_endpoint_that_is_not_there_is_unavailable(aws: Any) -> None:
    found = availability(spec())
    assert not found.available
    assert "trial" in found.reason


def test_an_endpoint_in_service_is_available_and_answers_through_the_bridge(aws: Any, tmp_path: Path) -> None:
    create(aws, "trial")
    assert availability(spec()).available
    with serve(spec(), workdir=tmp_path, cache=tmp_path) as server:
        assert server.base_url.startswith("http://127.0.0.1:")
        answer = post_json(server.base_url + "/completions", {"prompt": "x"}, connect_s=2, total_s=10)
        assert answer.status == 200
        assert answer.body
        assert server.startup.process_start_s is None


def test_no_credentials_is_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert availability(spec()).reason == "no AWS credentials"
    with pytest.raises(TargetUnavailableError), serve(spec(), workdir=tmp_path, cache=tmp_path):
        raise AssertionError("nothing is served")


@pytest.mark.parametrize("endpoint", ["../x", "a b", "<b>", ""])
def test_a_hostile_endpoint_name_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigurationError):
        availability(spec(endpoint))
