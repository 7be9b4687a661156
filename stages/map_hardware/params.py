"""What a person may set for the mapping."""

from __future__ import annotations

from pydantic import Field

from stages.contract import StageParams


class MapHardwareParams(StageParams):
    """Limits of the search for options.

    Attributes:
        counts: how many devices one replica may use.
        max_replicas: replicas that a workload may run beside one another to reach its rate.
        max_batch: sequences that an engine runs together at most, however much memory is free.
        usable_memory_share: of a device's memory, what an engine may fill.
        runtime_overhead_gb: a device's share of runtime, graphs and buffers, at most a tenth of its memory.
        optimizer_bytes_per_parameter: weights, gradients, master copy and two moments of Adam in training.
        activation_bytes_per_token_layer_width: bytes kept for the backward pass for each token, layer and
            hidden unit (Korthikanti et al. 2022, arXiv 2205.05198, eq. 1 without the attention scores).
        link_share: the share of a step that communication may take.
    """

    counts: tuple[int, ...] = Field(default=(1, 2, 4, 8), min_length=1)
    max_replicas: int = Field(default=64, ge=1)
    max_batch: int = Field(default=256, ge=1)
    usable_memory_share: float = Field(default=0.92, gt=0, le=1)
    runtime_overhead_gb: float = Field(default=1.5, ge=0)
    optimizer_bytes_per_parameter: float = Field(default=16.0, gt=0)
    activation_bytes_per_token_layer_width: float = Field(default=34.0, gt=0)
    link_share: float = Field(default=0.5, gt=0, le=1)
