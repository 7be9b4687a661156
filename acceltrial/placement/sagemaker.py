"""SageMaker: the request of `CreateEndpointConfig`, one production variant a pool that SageMaker can run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from acceltrial.placement import safe
from acceltrial.placement.model import Gap, Placement, Pool, Rendered


def render(placements: Sequence[Placement]) -> tuple[list[Rendered], list[Gap]]:
    """One JSON file a workload with a pool on an AWS instance; the others are told as gaps."""
    files, gaps = [], []
    for placement in placements:
        weights = (placement.share_primary, 100 - placement.share_primary)
        variants = [
            _variant(placement, pool, weight)
            for pool, weight in zip(placement.pools, weights, strict=False)
            if on_aws(pool)
        ]
        gaps += [
            Gap(
                placement.workload,
                "sagemaker",
                f"{pool.option} is no AWS instance",
                "run this pool elsewhere",
            )
            for pool in placement.pools
            if not on_aws(pool)
        ]
        if not variants:
            continue
        if all(variant["InitialVariantWeight"] == 0 for variant in variants):
            variants[0]["InitialVariantWeight"] = 1.0
            gaps.append(
                Gap(
                    placement.workload,
                    "sagemaker",
                    "only the fallback runs there: it has all the traffic of this endpoint",
                    "send it only what spills",
                )
            )
        name = safe.label(placement.workload)
        request = {
            "EndpointConfigName": name,
            "ProductionVariants": variants,
            "Tags": [{"Key": "acceltrial:workload", "Value": placement.workload}],
        }
        files.append(Rendered(f"sagemaker/{name}.json", json.dumps(request, indent=2) + "\n"))
        if len(variants) > 1:
            gaps.append(
                Gap(
                    placement.workload,
                    "sagemaker",
                    "variants split by weight; a dead variant does not spill into the other",
                    "alarm on its errors and set its weight to 0 (update_endpoint_weights_and_capacities)",
                )
            )
    return files, gaps


def on_aws(pool: Pool) -> bool:
    """Whether the pool's machine is one that SageMaker rents."""
    return pool.provider in ("aws", "amazon") and pool.instance_type is not None


def _variant(placement: Placement, pool: Pool, weight: int) -> dict[str, Any]:
    kind = pool.instance_type or ""
    return {
        "VariantName": safe.label(pool.option),
        "ModelName": safe.label(placement.workload, pool.option),
        "InstanceType": kind if kind.startswith("ml.") else f"ml.{kind}",
        "InitialInstanceCount": pool.instances or pool.replicas,
        "InitialVariantWeight": float(weight),
    }
