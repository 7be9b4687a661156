"""MiniLM, or another sentence encoder, in torch behind a small OpenAI-compatible server of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from pydantic import Field

from acceltrial.targets.devices import DEVICE_PATTERN, torch_availability
from acceltrial.targets.process import free_port
from acceltrial.targets.serving import LocalServer, run_local
from acceltrial.targets.spec import Availability, LaunchModel, RunningServer, TargetSpec
from acceltrial.targets.weights import MINILM_PACKAGE, minilm_folder

PACKAGED = "all-minilm-l6-v2"


class Launch(LaunchModel):
    """How the embedding server is started."""

    weights: str = PACKAGED
    """A transformers folder, or the name of the packaged weights."""
    device: str = Field(default="cpu", pattern=DEVICE_PATTERN)
    max_batch: int = Field(default=32, gt=0, le=4096)
    max_input_tokens: int = Field(default=256, gt=0, le=65536)
    threads: int | None = Field(default=None, gt=0)
    ready_timeout_s: float = Field(default=120, gt=0, le=3600)


class TorchEmbeddings:
    """The adapter for kind `torch_embeddings`."""

    def availability(self, spec: TargetSpec) -> Availability:
        """Whether torch, transformers and the weights are installed."""
        launch = spec.parse_launch(Launch)
        packaged = launch.weights == PACKAGED
        modules = ["torch", "transformers", "uvicorn", *([MINILM_PACKAGE] if packaged else [])]
        return torch_availability(modules, None if packaged else Path(launch.weights), launch.device)

    def weight_files(self, spec: TargetSpec, cache: Path) -> list[Path]:  # noqa: ARG002
        """Where the weights lie, assembled or converted if need be. Raises TargetUnavailableError."""
        launch = spec.parse_launch(Launch)
        return [minilm_folder() if launch.weights == PACKAGED else Path(launch.weights)]

    @contextmanager
    def serve(self, spec: TargetSpec, *, workdir: Path, cache: Path) -> Iterator[RunningServer]:  # noqa: ARG002
        """A ready embedding server. Raises TargetUnavailableError."""
        launch = spec.parse_launch(Launch)
        self.availability(spec).demand(spec.target)
        folder = minilm_folder() if launch.weights == PACKAGED else Path(launch.weights)
        port = free_port()
        settings = {
            "folder": str(folder),
            "model_name": spec.model,
            "port": port,
            "device": launch.device,
            "max_batch": launch.max_batch,
            "max_input_tokens": launch.max_input_tokens,
            "threads": launch.threads,
        }
        server = LocalServer(
            name=spec.target,
            arguments=["acceltrial.targets.local.embeddings_server", json.dumps(settings)],
            port=port,
            model_name=spec.model,
            api="embeddings",
            first_request={"input": "pump"},
            ready_timeout_s=launch.ready_timeout_s,
            tokenizer_path=folder / "tokenizer.json",
            engine=f"torch {version('torch')}, transformers {version('transformers')}, fp32",
        )
        with run_local(server, workdir) as running:
            yield running


KIND = TorchEmbeddings()
