"""Against moto, a stand-in of AWS that answers in process."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.sagemaker import SageMakerWeights

REGION = "eu-central-1"


@pytest.fixture
def endpoint(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("sagemaker", region_name=REGION)
        role = "arn:aws:iam::123456789012:role/r"
        for name in ("old", "new"):
            client.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": "i"})
        client.create_endpoint_config(
            EndpointConfigName="c",
            ProductionVariants=[
                {"VariantName": name, "ModelName": name, "InitialInstanceCount": 1,
                 "InstanceType": "ml.m5.large", "InitialVariantWeight": weight}
                for name, weight in (("old", 1.0), ("new", 0.0))
            ],
        )  # fmt: skip
        client.create_endpoint(EndpointName="chat", EndpointConfigName="c")
        yield SageMakerWeights("chat", REGION, "old", "new")


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_a_share_is_written_and_read_back(endpoint, share):
    endpoint.write(share)
    assert endpoint.read().share == pytest.approx(share)


def test_invocations_are_counted_once_cloudwatch_has_them(endpoint):
    endpoint.write(0.5)
    assert endpoint.read().canary is None
    boto3.client("cloudwatch", region_name=REGION).put_metric_data(
        Namespace="AWS/SageMaker",
        MetricData=[
            {"MetricName": "Invocations", "Value": 42, "Unit": "None",
             "Dimensions": [{"Name": "EndpointName", "Value": "chat"},
                            {"Name": "VariantName", "Value": "new"}]}
        ],
    )  # fmt: skip
    found = endpoint.read()
    assert (found.baseline, found.canary) == (None, 42)


def test_what_is_not_there_is_a_lever_error(endpoint):
    with pytest.raises(LeverError, match="no variant 'other'"):
        SageMakerWeights("chat", REGION, "old", "other").read()
    with pytest.raises(LeverError, match="describe_endpoint failed"):
        SageMakerWeights("nowhere", REGION, "old", "new").read()
    with pytest.raises(LeverError):
        SageMakerWeights("nowhere", REGION, "old", "new").write(0.5)


class Slow:
    """A client whose endpoint stays in an update, or ends it badly."""

    def __init__(self, *states):
        self.states = list(states)

    def __call__(self, *_args, **_more):
        return self

    def update_endpoint_weights_and_capacities(self, **_arguments):
        return {}

    def describe_endpoint(self, **_arguments):
        return {"EndpointStatus": self.states.pop(0) if len(self.states) > 1 else self.states[0]}


def test_a_share_counts_once_the_update_is_over():
    SageMakerWeights(
        "chat", REGION, "old", "new", poll_s=0, client_factory=Slow("Updating", "Updating", "InService")
    ).write(0.5)
    for states, match in ((("Updating",), "still updating"), (("Updating", "Failed"), "endpoint is Failed")):
        lever = SageMakerWeights(
            "chat", REGION, "old", "new", poll_s=0.01, patience_s=0.05, client_factory=Slow(*states)
        )
        with pytest.raises(LeverError, match=match):
            lever.write(0.5)
