"""The benchmark stage's section of params.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from stages.contract import StageParams

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Rate = Annotated[float, Field(gt=0, le=1e6)]


class BenchmarkParams(StageParams):
    """How long to measure, how far to cut, and when evidence expires."""

    seed: int = 20261122
    max_age_h: float | None = Field(default=24 * 30, gt=0)
    """A measurement older than this is made again; empty never expires."""

    concurrency_levels: tuple[int, ...] = (1, 2, 4, 8, 16)
    """Streams of the synthetic screen's closed loops; the ladder ends one level beyond its knee."""
    screen_seconds: Seconds = 6.0
    """For all levels together; a level always finishes the requests that it has begun."""
    replay_seconds: Seconds = 20.0
    """Length of the replayed window."""
    replay_min_requests: int = Field(default=20, ge=1)
    """A sparser window is compressed in time until it holds so many, as far as the rate allows."""
    replay_longest_s: Seconds = 60.0
    """A window that is still sparser is made longer, up to this: a slow server is not overloaded instead."""
    rate_ceiling_rps: dict[str, Rate] = Field(
        default_factory=lambda: {
            "llamacpp": 2.0,
            "transformers_serve": 1.0,
            "torch_embeddings": 20.0,
            "openai": 20.0,
            "sagemaker": 5.0,
        }
    )
    """By target kind: no replay asks for more, whatever the trace does."""
    utilisation: float = Field(default=0.6, gt=0, le=1)
    """Share of the throughput seen in the same cell's screen that a replay asks for at most."""
    max_input_tokens: int = Field(default=256, gt=0)
    """Longer prompts are cut to this on local targets."""
    max_output_tokens: int = Field(default=48, gt=0)
    request_timeout_s: Seconds = 60.0
    calibrate: bool = True
    """Measure the instrument against the reference server before each replay."""
    quality_items: int = Field(default=200, ge=0, le=5000)
    """Questions with checkable answers: those of the replay count first, the rest follow in a closed loop."""
    quality_seconds: float = Field(default=10.0, ge=0, le=3600)
    """The most time for that closed loop; a slow server answers fewer, and every figure says how many."""
    quality_tasks: dict[str, str] = Field(default_factory=dict)
    """Task by workload, where the one of its kind is not wanted (docs/quality.md lists them)."""
    quality_agreement_seconds: float = Field(default=4.0, ge=0, le=3600)
    """The most time for comparing tokens with a reference; 0 compares none."""
    quality_references: dict[str, str] = Field(default_factory=dict)
    """A transformers folder by model, for servers whose weights are not known here."""
    retrieval_vectors: int = Field(default=10_000, ge=0, le=10_000_000)
    """Size of the corpus in which an embedding workload searches; 0 measures no search."""

    training_steps: int = Field(default=6, ge=2)
    training_seconds: Seconds = 15.0
    training_batch_size: int = Field(default=1, gt=0)
    training_sequence_tokens: int = Field(default=64, gt=1)
    training_checkpoint: bool = True

    probe_seconds: Seconds = 1.0
    """For each rate of the local device's measured peak."""

    @field_validator("concurrency_levels")
    @classmethod
    def _ascending(cls, levels: tuple[int, ...]) -> tuple[int, ...]:
        if not levels or any(level < 1 for level in levels) or list(levels) != sorted(set(levels)):
            raise ValueError("give ascending numbers of streams, each at least 1")
        return levels


QUICK = {
    "concurrency_levels": (1, 2),
    "screen_seconds": 1.0,
    "replay_seconds": 3.0,
    "replay_min_requests": 3,
    "replay_longest_s": 6.0,
    "max_input_tokens": 64,
    "max_output_tokens": 8,
    "quality_items": 10,
    "quality_seconds": 1.0,
    "quality_agreement_seconds": 0.0,
    "retrieval_vectors": 200,
    "calibrate": False,
    "training_steps": 2,
    "training_seconds": 1.0,
    "training_sequence_tokens": 16,
    "training_checkpoint": False,
    "probe_seconds": 0.1,
}
"""Parameters for tests: everything happens, nothing long enough to mean anything."""
