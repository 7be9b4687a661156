"""SageMaker's production variants as a lever: their weights behind one endpoint.

An update takes SageMaker up to minutes, during which the endpoint says `Updating` and the old weights
serve: a share counts as set once `CurrentWeight` says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.weights import Reading

MANY_DAYS = timedelta(days=14)
"""CloudWatch gives an hour's sums for so long and more: the span over which requests are counted."""


@dataclass(frozen=True)
class SageMakerWeights:
    """See `Weights`. Credentials come from boto3's own chain.

    Attributes:
        endpoint, region: which endpoint.
        baseline, canary: the variants' names.
        patience_s: how long an update may take.
        poll_s: time between two looks at a running update.
        client_factory: makes boto3 clients; for tests.
    """

    endpoint: str
    region: str
    baseline: str
    canary: str
    granularity: float = 1e-6
    patience_s: float = 300.0
    poll_s: float = 1.0
    client_factory: Any = field(default=None, compare=False, repr=False)

    def write(self, share: float) -> None:
        """See `Weights.write`. Blocks until the weights are the current ones."""
        wanted = {self.baseline: 1 - share, self.canary: share}
        self._call(
            "sagemaker",
            "update_endpoint_weights_and_capacities",
            EndpointName=self.endpoint,
            DesiredWeightsAndCapacities=[
                {"VariantName": name, "DesiredWeight": weight} for name, weight in wanted.items()
            ],
        )
        until = time.monotonic() + self.patience_s
        while (found := self._describe())["EndpointStatus"] == "Updating":
            if time.monotonic() > until:
                raise self._error(f"the endpoint is still updating after {self.patience_s:g} s")
            time.sleep(self.poll_s)
        if found["EndpointStatus"] != "InService":
            raise self._error(f"the endpoint is {found['EndpointStatus']}")

    def read(self) -> Reading:
        """See `Weights.read`. Counts are CloudWatch's `Invocations`, which come a minute or more late."""
        variants = {v["VariantName"]: v for v in self._describe().get("ProductionVariants", [])}
        missing = [name for name in (self.baseline, self.canary) if name not in variants]
        if missing:
            raise self._error(f"the endpoint has no variant '{missing[0]}'")
        weights = [float(variants[name].get("CurrentWeight", 0)) for name in (self.baseline, self.canary)]
        if not sum(weights) > 0:
            raise self._error("both variants have a weight of 0: nobody is served")
        return Reading(
            weights[1] / sum(weights), self._invocations(self.baseline), self._invocations(self.canary)
        )

    def _describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self._call("sagemaker", "describe_endpoint", EndpointName=self.endpoint)
        return found

    def _invocations(self, variant: str) -> int | None:
        now = datetime.now(UTC)
        names = {"EndpointName": self.endpoint, "VariantName": variant}
        found = self._call(
            "cloudwatch",
            "get_metric_statistics",
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[{"Name": key, "Value": value} for key, value in names.items()],
            StartTime=now - MANY_DAYS,
            EndTime=now + timedelta(minutes=1),
            Period=3600,
            Statistics=["Sum"],
        )
        points = found.get("Datapoints", [])
        return round(sum(point["Sum"] for point in points)) if points else None

    def _call(self, service: str, operation: str, **arguments: Any) -> Any:
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise LeverError(
                "boto3 is not installed", where=self.endpoint, remedy="pip install 'acceltrial[aws]'"
            ) from error
        try:
            make = self.client_factory or boto3.client
            config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
            return getattr(make(service, region_name=self.region, config=config), operation)(**arguments)
        except (BotoCoreError, ClientError) as error:
            raise self._error(f"SageMaker's {operation} failed: {error}") from error

    def _error(self, what: str) -> LeverError:
        return LeverError(
            what, where=self.endpoint, remedy="see the endpoint in the console, and the credentials"
        )
