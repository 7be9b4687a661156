"""SkyPilot: one serving task a workload; the pools in their order are what it may provision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from acceltrial.placement import safe
from acceltrial.placement.documents import yaml_text
from acceltrial.placement.model import Gap, Placement, Pool, Rendered

PORT = 8000
_CLOUDS = ("aws", "gcp", "azure", "lambda", "nebius", "oci", "runpod", "fluidstack", "vast")
_NAMES = {
    "h100-sxm": "H100", "h100-pcie": "H100", "h200-sxm": "H200", "b200-sxm": "B200", "gh200": "GH200",
    "a100-80-sxm": "A100-80GB", "a100-80-pcie": "A100-80GB", "a100-40-sxm": "A100", "l4": "L4", "l40": "L40",
    "l40s": "L40S", "a10g": "A10G", "a10": "A10", "a40": "RTXA40", "t4": "T4", "v100-sxm2-32": "V100-32GB",
    "mi300x": "MI300X", "trainium1": "Trainium", "trainium2": "Trainium2", "inferentia1": "Inferentia",
    "inferentia2": "Inferentia2",
}  # fmt: skip
"""SkyPilot's name of an accelerator, by catalogue id; TPU slices are named by size, so they stay a gap."""


def render(placements: Sequence[Placement]) -> tuple[list[Rendered], list[Gap]]:
    """One file a workload with at least one pool on an accelerator that SkyPilot names."""
    files, gaps = [], []
    heading = ("Written by `acceltrial export`; start with `sky serve up`.",)
    for placement in placements:
        known = [pool for pool in placement.pools if _NAMES.get(pool.accelerator or "")]
        gaps += [
            Gap(
                placement.workload,
                "skypilot",
                f"SkyPilot's name of {pool.accelerator or pool.option} is not known here",
                "run this pool elsewhere",
            )
            for pool in placement.pools
            if pool not in known
        ]
        if known:
            path = f"skypilot/{safe.label(placement.workload)}.yaml"
            files.append(Rendered(path, yaml_text([_task(placement, known)], heading)))
    return files, gaps


def _task(placement: Placement, pools: Sequence[Pool]) -> dict[str, Any]:
    first = pools[0]
    # MODEL reaches the shell as one quoted variable, never as text of the script.
    return {
        "name": safe.label(placement.workload),
        "envs": {"MODEL": first.served_model},
        "resources": {"ports": PORT, "ordered": [_resources(pool) for pool in pools]},
        "service": {
            "readiness_probe": {"path": placement.health.path, "initial_delay_seconds": 1_200},
            "replicas": first.replicas,
        },
        "setup": "pip install vllm\n",
        "run": f'vllm serve "$MODEL" --port {PORT} --tensor-parallel-size "$SKYPILOT_NUM_GPUS_PER_NODE"\n',
    }


def _resources(pool: Pool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "accelerators": {_NAMES[pool.accelerator or ""]: pool.count},
        "use_spot": pool.spot,
    }
    if pool.provider in _CLOUDS:
        found["cloud"] = pool.provider
        if pool.region is not None:
            found["region"] = pool.region
    return found
