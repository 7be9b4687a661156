"""LiteLLM's router: one model name a workload, weighted deployments, and the fallback as a second name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from acceltrial.placement.documents import yaml_text
from acceltrial.placement.model import Gap, Placement, Pool, Rendered

_DEFAULT_ALLOWED_FAILS = 3
_MODES = {"chat": "openai", "completions": "text-completion-openai", "embeddings": "openai"}
"""LiteLLM's provider prefix of a server that speaks the OpenAI protocol, by API."""


def render(placements: Sequence[Placement]) -> tuple[list[Rendered], list[Gap]]:
    """`config.yaml` of the LiteLLM proxy.

    `allowed_fails` and `cooldown_time` are always written: without them a lone deployment is never rested, so
    that its fallback waits for every request to fail first.
    """
    models: list[dict[str, Any]] = []
    fallbacks: list[dict[str, list[str]]] = []
    gaps: list[Gap] = []
    served = [placement for placement in placements if placement.api in _MODES]
    for placement in placements:
        if placement.api not in _MODES:
            gaps.append(
                Gap(
                    placement.workload,
                    "litellm",
                    f"no route for the api {placement.api}",
                    "use the HAProxy file for it",
                )
            )
            continue
        shared = placement.fallback is not None and placement.share_primary < 100
        models += _deployments(placement, placement.primary, placement.workload, placement.share_primary)
        if placement.fallback is not None:
            name = f"{placement.workload}-fallback"
            if shared:
                models += _deployments(
                    placement, placement.fallback, placement.workload, 100 - placement.share_primary
                )
            models += _deployments(placement, placement.fallback, name, 100)
            fallbacks.append({placement.workload: [name]})
    if not models:
        return [], gaps
    strictest = [placement.limits for placement in served]
    document = {
        "model_list": models,
        "router_settings": {
            "routing_strategy": "simple-shuffle",
            "fallbacks": fallbacks,
            "allowed_fails": _allowed_fails(min(limits.allowed_failures for limits in strictest)),
            "cooldown_time": max(limits.cooldown_s for limits in strictest),
            "num_retries": max(limits.retries for limits in strictest),
            "timeout": max(limits.answer_s for limits in strictest),
        },
    }
    heading = ("Written by `acceltrial export`; run with `litellm --config config.yaml`.",)
    return [Rendered("litellm/config.yaml", yaml_text([document], heading))], gaps


def _allowed_fails(wanted: int) -> int:
    """The figure, or one less where LiteLLM would take it for its own default.

    It reads its default as "not set" and then never rests the only server of a pool: every request of an
    outage waits through all retries before it reaches the fallback.
    """
    return wanted - 1 if wanted == _DEFAULT_ALLOWED_FAILS else wanted


def _deployments(placement: Placement, pool: Pool, name: str, share: int) -> list[dict[str, Any]]:
    """One entry a server; weights are the pool's share spread over its servers."""
    total = sum(server.weight for server in pool.servers)
    found = []
    for server in pool.servers:
        weight = round(share * server.weight / total, 3)
        if weight <= 0:
            continue
        scheme = "https" if server.tls else "http"
        key = f"os.environ/{pool.api_key_env}" if pool.api_key_env else "none"
        found.append(
            {
                "model_name": name,
                "litellm_params": {
                    "model": f"{_MODES[placement.api]}/{pool.served_model}",
                    "api_base": f"{scheme}://{server.address}/v1",
                    "api_key": key,
                    "weight": weight,
                },
                "model_info": {"id": f"{name}.{pool.option}.{server.name}"},
            }
        )
    return found
