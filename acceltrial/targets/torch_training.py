"""Training steps of a causal language model in torch, in a child process."""

from __future__ import annotations

import json
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import Field

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets.devices import DEVICE_PATTERN, TORCH_DTYPES, torch_availability
from acceltrial.targets.llamacpp import PACKAGED
from acceltrial.targets.marks import read_marks
from acceltrial.targets.process import Child, child
from acceltrial.targets.spec import Availability, LaunchModel, RunningServer, Startup, TargetSpec
from acceltrial.targets.weights import GEMMA_PACKAGE, gemma_folder, module_environment


class Launch(LaunchModel):
    """How training is run."""

    weights: str = PACKAGED
    """A transformers folder, or the name of the packaged weights, which are converted once."""
    device: str = Field(default="cpu", pattern=DEVICE_PATTERN)
    threads: int | None = Field(default=None, gt=0)
    learning_rate: float = Field(default=1e-5, gt=0)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How much to train.

    Attributes:
        steps: at most so many; the first one, which warms up, is reported apart.
        budget_s: no step is begun after so long, once `min_steps` are done.
        timeout_s: the whole run is ended after so long.
    """

    steps: int
    batch_size: int
    sequence_tokens: int
    seed: int
    min_steps: int = 2
    budget_s: float = 20.0
    timeout_s: float = 300.0
    checkpoint: bool = True


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a training run did; a field is None when the run ended before it was known.

    Attributes:
        steps_s: seconds of each step, the first included.
        flops_per_step: operations of one forward and backward pass, counted, not estimated.
        gemm_flops_per_s: the best matrix product rate of the same device and number format.
        problem: why the run ended early; empty when it did not.
    """

    startup: Startup
    steps_s: tuple[float, ...]
    losses: tuple[float, ...]
    tokens_per_step: int
    flops_per_step: int | None
    gemm_flops_per_s: float | None
    checkpoint_s: float | None
    checkpoint_bytes: int | None
    peak_memory_mb: float | None
    engine: str
    problem: str = ""


class TorchTraining:
    """The adapter for kind `torch_training`."""

    def availability(self, spec: TargetSpec) -> Availability:
        """Whether torch, transformers and the weights are installed."""
        launch = spec.parse_launch(Launch)
        packaged = launch.weights == PACKAGED
        modules = ["torch", "transformers", *([GEMMA_PACKAGE, "gguf", "accelerate"] if packaged else [])]
        folder = None if packaged else Path(launch.weights)
        return torch_availability(modules, folder, launch.device, spec.precision)

    def serve(self, spec: TargetSpec, *, workdir: Path, cache: Path) -> AbstractContextManager[RunningServer]:  # noqa: ARG002
        """Never: raises TargetUnavailableError, since a training target answers no requests."""
        raise TargetUnavailableError(
            "a training target answers no requests",
            where=spec.target,
            remedy="use it for a training workload",
        )

    def train(self, spec: TargetSpec, plan: TrainingPlan, *, workdir: Path, cache: Path) -> TrainingResult:
        """What `plan` gave. A run that dies half-way is a result with its `problem`.

        Raises:
            TargetUnavailableError: it cannot be started, or did not finish one step.
        """
        launch = spec.parse_launch(Launch)
        self.availability(spec).demand(spec.target)
        dtype = TORCH_DTYPES[spec.precision]
        folder = gemma_folder(cache, dtype) if launch.weights == PACKAGED else Path(launch.weights)
        out = workdir / "training.jsonl"
        out.unlink(missing_ok=True)
        settings = _settings(spec, launch, plan, folder, workdir, out)
        command = [sys.executable, "-m", "acceltrial.targets.local.training_run", json.dumps(settings)]
        with child(spec.target, command, workdir=workdir, environment=module_environment()) as process:
            problem = _wait(process, plan.timeout_s)
            result = _result(process, out, plan, spec, problem)
        (workdir / "checkpoint.pt").unlink(missing_ok=True)
        if not result.steps_s:
            raise TargetUnavailableError(
                problem or "no training step was finished",
                where=spec.target,
                remedy=f"read {process.log}",
                details={"log_tail": process.log_tail()},
            )
        return result


def _settings(
    spec: TargetSpec, launch: Launch, plan: TrainingPlan, folder: Path, workdir: Path, out: Path
) -> dict[str, Any]:
    return {
        "folder": str(folder.resolve()),
        "dtype": TORCH_DTYPES[spec.precision],
        "device": launch.device,
        "threads": launch.threads,
        "learning_rate": launch.learning_rate,
        "steps": plan.steps,
        "min_steps": plan.min_steps,
        "budget_s": plan.budget_s,
        "batch_size": plan.batch_size,
        "sequence_tokens": plan.sequence_tokens,
        "seed": plan.seed,
        "checkpoint": str((workdir / "checkpoint.pt").resolve()) if plan.checkpoint else "",
        "out": str(out.resolve()),
    }


def _wait(process: Child, timeout_s: float) -> str:
    deadline = time.monotonic() + timeout_s
    while not process.ended():
        if time.monotonic() > deadline:
            return f"training was ended after {timeout_s:.0f} s"
        time.sleep(0.05)
    status = process.supervisor.returncode
    if status == 0:
        return ""
    lines = process.log_tail().splitlines() or ["it wrote nothing"]
    return f"training ended with status {status}: {lines[-1].strip()[:200]}"


def _result(process: Child, out: Path, plan: TrainingPlan, spec: TargetSpec, problem: str) -> TrainingResult:
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    events = [json.loads(line) for line in lines if line.endswith("}")]
    steps = [event for event in events if event["event"] == "step"]
    last = {event["event"]: event for event in events}
    marks = read_marks(process.marks)
    imported, loaded = marks.get("imported"), marks.get("loaded")
    return TrainingResult(
        startup=Startup(
            process_start_s=imported["t"] - process.spawned if imported else None,
            model_load_s=loaded["t"] - imported["t"] if imported and loaded else None,
            reason="a training run answers no request",
        ),
        steps_s=tuple(step["seconds"] for step in steps),
        losses=tuple(step["loss"] for step in steps),
        tokens_per_step=plan.batch_size * plan.sequence_tokens,
        flops_per_step=last.get("operations", {}).get("flops_per_step"),
        gemm_flops_per_s=last.get("operations", {}).get("gemm_flops_per_s"),
        checkpoint_s=last.get("checkpoint", {}).get("seconds"),
        checkpoint_bytes=last.get("checkpoint", {}).get("bytes"),
        peak_memory_mb=last.get("memory", {}).get("peak_mb"),
        engine=f"torch {version('torch')}, {spec.precision}, eager, AdamW",
        problem=problem,
    )


KIND = TorchTraining()
