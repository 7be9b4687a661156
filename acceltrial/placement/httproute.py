"""Gateway API: one HTTPRoute a workload, with the pools' shares as weights. The portable form of a split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from acceltrial.placement import safe
from acceltrial.placement.documents import yaml_text
from acceltrial.placement.kserve import NAMESPACE, service_name
from acceltrial.placement.model import Gap, Placement, Rendered

GATEWAY = "acceltrial"
SERVICE_PORT = 80


def render(placements: Sequence[Placement]) -> tuple[list[Rendered], list[Gap]]:
    """One file a workload. The core of the API has no failover: health-based spill is told as a gap."""
    files, gaps = [], []
    heading = (
        "Written by `acceltrial export`; apply with `kubectl apply -f`.",
        "Change `weight` to move traffic.",
    )
    for placement in placements:
        path = f"httproute/{safe.label(placement.workload)}.yaml"
        files.append(Rendered(path, yaml_text([_route(placement)], heading)))
        if placement.fallback is not None and placement.share_primary == 100:
            gaps.append(
                Gap(
                    placement.workload, "httproute",
                    "a weight of 0 is never raised by itself: the standard has no failover between backends",
                    "let the gateway's own policy or the HAProxy file spill, or set the weights by hand",
                )
            )  # fmt: skip
    return files, gaps


def _route(placement: Placement) -> dict[str, Any]:
    shares = (placement.share_primary, 100 - placement.share_primary)
    backends = [
        {"name": f"{service_name(placement, role)}-predictor", "port": SERVICE_PORT, "weight": share}
        for role, share, _ in zip(("primary", "fallback"), shares, placement.pools, strict=False)
    ]
    name = safe.label(placement.workload)
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"acceltrial.dev/workload": name}},
        "spec": {
            "parentRefs": [{"name": GATEWAY}],
            "rules": [
                {
                    "matches": [
                        {
                            "path": {"type": "PathPrefix", "value": "/v1"},
                            "headers": [{"name": "x-workload", "value": placement.workload}],
                        }
                    ],
                    "backendRefs": backends,
                    "timeouts": {"request": f"{placement.limits.answer_s}s"},
                }
            ],
        },
    }
