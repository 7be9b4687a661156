"""KServe: one InferenceService a pool, in standard (raw) deployment mode.

`canaryTrafficPercent` is not used: it works in serverless mode only. Shares stand in the HTTPRoute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from acceltrial.placement import safe
from acceltrial.placement.documents import yaml_text
from acceltrial.placement.model import Gap, Placement, Pool, Rendered

NAMESPACE = "inference"
_RESOURCES = {
    "gpu": "nvidia.com/gpu",
    "tpu": "google.com/tpu",
    "training_accelerator": "aws.amazon.com/neuron",
    "inference_asic": "aws.amazon.com/neuron",
}
_NAME_LENGTH = 49
_VENDOR_RESOURCES = {"mi": "amd.com/gpu", "gaudi": "habana.ai/gaudi"}


def render(placements: Sequence[Placement]) -> tuple[list[Rendered], list[Gap]]:
    """One file a workload: the services of its pools."""
    files, gaps = [], []
    for placement in placements:
        documents = [
            _service(placement, pool, role)
            for pool, role in zip(placement.pools, ("primary", "fallback"), strict=False)
        ]
        path = f"kserve/{safe.label(placement.workload)}.yaml"
        heading = ("Written by `acceltrial export`; apply with `kubectl apply -f`.",)
        files.append(Rendered(path, yaml_text(documents, heading)))
        gaps += [
            _resource_gap(placement, pool)
            for pool in placement.pools
            if resource_of(pool) is None and pool.accelerator_class != "cpu"
        ]
    return files, gaps


def service_name(placement: Placement, role: str) -> str:
    """The name of the InferenceService of a pool; KServe makes the Service `<name>-predictor` for it."""
    return safe.label(placement.workload, role, longest=_NAME_LENGTH)


def resource_of(pool: Pool) -> str | None:
    """The extended resource of the pool's device plugin; None when not known here."""
    for start, resource in _VENDOR_RESOURCES.items():
        if (pool.accelerator or "").startswith(start):
            return resource
    return _RESOURCES.get(pool.accelerator_class)


def _service(placement: Placement, pool: Pool, role: str) -> dict[str, Any]:
    resource = resource_of(pool)
    quantity = {resource: str(pool.count)} if resource else {}
    predictor: dict[str, Any] = {
        "minReplicas": pool.replicas,
        "maxReplicas": pool.replicas,
        "timeout": placement.limits.answer_s,
        "model": {
            "modelFormat": {"name": "huggingface"},
            "args": [f"--model_name={placement.workload}", f"--model_id={pool.served_model}"],
            "resources": {"requests": quantity, "limits": quantity},
        },
    }
    if pool.servers[0].max_connections is not None:
        predictor["containerConcurrency"] = pool.servers[0].max_connections
    if pool.accelerator is not None:
        predictor["nodeSelector"] = {"acceltrial.dev/accelerator": safe.label(pool.accelerator)}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": service_name(placement, role),
            "namespace": NAMESPACE,
            "labels": {
                "acceltrial.dev/workload": safe.label(placement.workload),
                "acceltrial.dev/option": safe.label(pool.option),
                "acceltrial.dev/role": role,
            },
            "annotations": {"serving.kserve.io/deploymentMode": "RawDeployment"},
        },
        "spec": {"predictor": predictor},
    }


def _resource_gap(placement: Placement, pool: Pool) -> Gap:
    return Gap(
        placement.workload,
        "kserve",
        f"no device plugin's resource is known for {pool.accelerator or pool.accelerator_class}",
        "add the resource of its device plugin to the InferenceService",
    )
