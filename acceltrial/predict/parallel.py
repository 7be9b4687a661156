"""What splitting a model over devices costs: bubbles of pipelines, exchange of tensors and of experts.

pipeline   (p - 1) ÷ (m + p - 1) of a step is idle: p stages, m micro-batches (Huang et al. 2019, GPipe)
tensor     two all-reduces a layer, forward and again backward (Shoeybi et al. 2019, Megatron-LM)
experts    a token goes to k experts and back: 2·k·width·bytes·(n-1)/n a layer (Lepikhin et al. 2020)
data       one all-reduce of the gradients a step: 2·(n-1)/n times their bytes (ring)
"""

from __future__ import annotations

from dataclasses import dataclass

from acceltrial.predict.shape import ModelShape
from acceltrial.predict.steptime import all_reduce_gb

BYTES_EACH = 2.0


@dataclass(frozen=True, slots=True)
class Split:
    """Devices that share a layer (tensor), follow one another (pipeline) and hold the experts (expert)."""

    tensor: int = 1
    pipeline: int = 1
    expert: int = 1
    micro_batches: int = 1

    def __post_init__(self) -> None:
        if min(self.tensor, self.pipeline, self.expert, self.micro_batches) < 1:
            raise ValueError("each part of a split must be at least 1")

    def copies(self, count: int) -> int:
        """Copies of the model on `count` devices, side by side. Raises ValueError where none fits evenly."""
        size = self.tensor * self.pipeline
        if count % size:
            raise ValueError(f"{count} devices cannot be split into groups of {size}")
        return count // size


def bubble_share(split: Split) -> float:
    """Share of a step in which a stage of the pipeline waits."""
    return (split.pipeline - 1) / (split.micro_batches + split.pipeline - 1)


def tensor_gb(shape: ModelShape, tokens: float, split: Split, *, backward: bool = False) -> float:
    """GB that each device sends for tensor parallelism over `tokens` tokens of its pipeline stage."""
    layers = (shape.layers or 0) / split.pipeline
    once = float(all_reduce_gb(tokens, shape.hidden_size or 0, layers, split.tensor, BYTES_EACH))
    return once * (2.0 if backward else 1.0)


def expert_gb(shape: ModelShape, tokens: float, split: Split) -> float:
    """GB that each device sends to hand tokens to experts and back in a pass; 0 without experts."""
    if not (shape.experts and shape.active_experts) or split.expert < 2:
        return 0.0
    share = (split.expert - 1) / split.expert
    width = (shape.hidden_size or 0) * BYTES_EACH * shape.active_experts
    return 2.0 * (shape.layers or 0) / split.pipeline * tokens / split.expert * width * share / 1e9


def handover_gb(shape: ModelShape, tokens: float, split: Split) -> float:
    """GB that a stage sends to the next for `tokens` tokens."""
    return tokens * (shape.hidden_size or 0) * BYTES_EACH / 1e9 if split.pipeline > 1 else 0.0


def gradient_gb(shape: ModelShape, count: int, split: Split) -> float:
    """GB of gradients that each device sends a step, to the copies beside its own."""
    copies = split.copies(count)
    own = shape.params_b * BYTES_EACH / (split.tensor * split.pipeline)
    return 2.0 * (copies - 1) / copies * own
