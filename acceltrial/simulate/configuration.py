"""What is simulated: step times and a server, as plain checked numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

from acceltrial.errors import ConfigurationError

Router = Literal["round_robin", "least_loaded", "prefix_aware"]
ROUTERS: tuple[Router, ...] = ("round_robin", "least_loaded", "prefix_aware")
MOST_SEQUENCES = 65_536
MOST_REPLICAS = 1024
MOST_STATE = 300_000_000
"""Replicas × prefixes that are remembered: about 5 GB beyond it."""


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Figures of the step-time model for one replica, in seconds unless stated.

    Attributes:
        shared: to read the weights that every step reads. experts: to read all experts.
        expert_share: of them that one token touches (1: no experts).
        cache: to read one token's keys and values.
        token: arithmetic of one token. attention: of one token with one other.
        link: exchange of a prompt token.
        sequence, layers: overhead for each sequence, and of each step. prompt: of each prompt in a step.
        blend: the power of the blend of memory and arithmetic.
        base: beside the model, in each request's first token.
        prefill_factor: on the time of prompts, from residuals.
        decode_factors: on the decode step, from residuals, by `decode_batches` or else by batches 1, 2, 4 …
    """

    shared: float
    cache: float
    token: float
    attention: float = 0.0
    experts: float = 0.0
    expert_share: float = 1.0
    link: float = 0.0
    sequence: float = 0.0
    layers: float = 0.0
    prompt: float = 0.0
    blend: float = 1.0
    base: float = 0.0
    prefill_factor: float = 1.0
    decode_factors: Sequence[float] = (1.0,)
    decode_batches: Sequence[int] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            numbers = value if field.name.startswith("decode_") else (value,)
            for number in numbers:
                if not math.isfinite(number) or number < 0:
                    raise _wrong(field.name, value, "finite and not negative")
        if self.shared + self.token + self.layers <= 0:
            raise _wrong("shared", self.shared, "above zero: a step takes time")
        if not 0 < self.expert_share <= 1 or self.blend < 1 or min(self.decode_factors, default=0.0) <= 0:
            raise _wrong("expert_share, blend or decode_factors", self.blend, "inside their ranges")
        batches = list(self.decode_batches)
        if batches and (
            len(batches) != len(self.decode_factors) or batches != sorted(set(batches)) or batches[0] < 1
        ):
            raise _wrong("decode_batches", batches, "one a factor, from 1 and rising")


@dataclass(frozen=True, slots=True)
class Server:
    """Replicas of one model behind a router.

    Attributes:
        cache_tokens: that the memory of one replica holds.
        token_budget: tokens that one step computes at most (chunked prefill).
        prompt_tail: last tokens of a prompt that the step after the others reads; 0: none.
        max_sequences: that run together. longest: tokens of a request at most; longer ones are rejected.
        prefix_cache: whether finished requests' blocks are reused.
        prefill_replicas: of `replicas`, those that only read prompts; 0: no disaggregation.
        transfer_s_per_token: to move a token's keys and values to a decode replica.
        max_replicas: up to which the number grows with the load; None: it does not change.
        scale_up_at: requests a replica above which one is added; one goes below `scale_down_at`.
        mtbf_s: mean time between failures of a replica; None: none fails.
        most_steps: equal decode steps taken at once; 1 is step by step.
    """

    cache_tokens: int
    replicas: int = 1
    token_budget: int = 2048
    prompt_tail: int = 0
    max_sequences: int = 256
    longest: int = 1 << 30
    prefix_cache: bool = True
    router: Router = "least_loaded"
    prefill_replicas: int = 0
    transfer_s_per_token: float = 0.0
    max_replicas: int | None = None
    scaling_interval_s: float = 15.0
    scale_up_at: float = 32.0
    scale_down_at: float = 8.0
    start_up_s: float = 120.0
    mtbf_s: float | None = None
    repair_s: float = 120.0
    most_steps: int = 128

    def __post_init__(self) -> None:
        for name, least, most in (
            ("cache_tokens", 16, 1 << 40),
            ("replicas", 1, MOST_REPLICAS),
            ("token_budget", 1, 1 << 24),
            ("prompt_tail", 0, 1 << 24),
            ("max_sequences", 1, MOST_SEQUENCES),
            ("longest", 2, 1 << 30),
            ("most_steps", 1, 1 << 20),
            ("prefill_replicas", 0, self.replicas - 1),
        ):
            if not least <= getattr(self, name) <= most:
                raise _wrong(name, getattr(self, name), f"from {least} to {most}")
        for name in ("scaling_interval_s", "scale_up_at", "start_up_s", "repair_s"):
            value = getattr(self, name)
            if not math.isfinite(value) or value <= 0:
                raise _wrong(name, value, "finite and above zero")
        if not math.isfinite(self.transfer_s_per_token) or self.transfer_s_per_token < 0:
            raise _wrong("transfer_s_per_token", self.transfer_s_per_token, "finite and not negative")
        if not 0 <= self.scale_down_at < self.scale_up_at:
            raise _wrong("scale_down_at", self.scale_down_at, "below scale_up_at")
        if self.max_replicas is not None and not self.replicas <= self.max_replicas <= MOST_REPLICAS:
            raise _wrong("max_replicas", self.max_replicas, f"from {self.replicas} to {MOST_REPLICAS}")
        if self.mtbf_s is not None and not (math.isfinite(self.mtbf_s) and self.mtbf_s > 0):
            raise _wrong("mtbf_s", self.mtbf_s, "finite and above zero")
        if self.router not in ROUTERS:
            raise _wrong("router", self.router, f"one of {', '.join(ROUTERS)}")

    @property
    def most_replicas(self) -> int:
        """Replicas that there are at most."""
        return self.max_replicas or self.replicas


def _wrong(name: str, value: object, rule: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} must be {rule}, not {value}", where="simulation", remedy=f"correct {name}"
    )
