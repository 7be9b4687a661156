"""Placements of an invented company, fixed so that golden files hold."""

from __future__ import annotations

import pytest

from acceltrial.placement.model import Placement, Pool, Server


@pytest.fixture
def specialised() -> Placement:
    """Two servers on a specialised chip; one GPU server takes over."""
    return Placement(
        workload="support-chat",
        api="chat",
        listen_port=8101,
        primary=Pool(
            option="inferentia2-x2-bf16",
            servers=(
                Server("inf-a", "10.0.0.11", 8000, weight=100, max_connections=32),
                Server("inf-b", "fd00::12", 8000, weight=50, max_connections=16),
            ),
            served_model="meta-llama/Llama-3.1-8B-Instruct",
            accelerator="inferentia2",
            accelerator_class="inference_asic",
            count=2,
            replicas=2,
            environment="public_cloud",
            provider="aws",
            region="eu-central-1",
            instance_type="inf2.8xlarge",
        ),
        fallback=Pool(
            option="l40s-x1-fp8",
            servers=(Server("gpu-a", "gpu-a.pools.example", 8443, max_connections=64, tls=True),),
            served_model="meta-llama/Llama-3.1-8B-Instruct",
            accelerator="l40s",
            precision="fp8",
            environment="public_cloud",
            provider="aws",
            region="eu-central-1",
            instance_type="g6e.xlarge",
            api_key_env="POOL_KEY",
        ),
    )


@pytest.fixture
def single() -> Placement:
    """One local server, no fallback, nothing known of its limits."""
    pool = Pool(
        option="local-minilm-torch",
        servers=(Server("local", "127.0.0.1", 8000),),
        served_model="all-minilm-l6-v2",
        accelerator_class="cpu",
        environment="local",
    )
    return Placement(workload="semantic-search", primary=pool, api="embeddings", listen_port=8102)


@pytest.fixture
def canary(specialised: Placement) -> Placement:
    """The same two pools with a tenth of the traffic on the fallback on purpose."""
    from dataclasses import replace

    return replace(
        specialised, workload="reply-suggest", share_primary=90, listen_port=8103, api="completions"
    )
