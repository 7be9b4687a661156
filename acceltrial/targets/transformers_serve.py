"""`transformers serve`, the OpenAI-compatible server of the transformers library, on a local folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from pydantic import Field

from acceltrial.targets.devices import DEVICE_PATTERN, TORCH_DTYPES, torch_availability
from acceltrial.targets.llamacpp import PACKAGED
from acceltrial.targets.process import free_port
from acceltrial.targets.serving import LocalServer, run_local
from acceltrial.targets.spec import Availability, LaunchModel, RunningServer, TargetSpec
from acceltrial.targets.weights import GEMMA_PACKAGE, gemma_folder


class Launch(LaunchModel):
    """How `transformers serve` is started."""

    weights: str = PACKAGED
    """A transformers folder, or the name of the packaged weights, which are converted once."""
    device: str = Field(default="cpu", pattern=DEVICE_PATTERN)
    continuous_batching: bool = True
    cache_blocks: int = Field(default=512, gt=0)
    block_tokens: int = Field(default=32, gt=0)
    max_batch_tokens: int = Field(default=512, gt=0)
    threads: int | None = Field(default=None, gt=0)
    ready_timeout_s: float = Field(default=180, gt=0, le=3600)


class TransformersServe:
    """The adapter for kind `transformers_serve`."""

    def availability(self, spec: TargetSpec) -> Availability:
        """Whether torch, transformers with its server parts, and the weights are installed."""
        launch = spec.parse_launch(Launch)
        packaged = launch.weights == PACKAGED
        modules = ["torch", "transformers", "uvicorn", "fastapi", "openai"]
        modules += [GEMMA_PACKAGE, "gguf", "accelerate"] if packaged else []
        folder = None if packaged else Path(launch.weights)
        return torch_availability(modules, folder, launch.device, spec.precision)

    def weight_files(self, spec: TargetSpec, cache: Path) -> list[Path]:
        """Where the weights lie, assembled or converted if need be. Raises TargetUnavailableError."""
        launch = spec.parse_launch(Launch)
        self.availability(spec).demand(spec.target)
        dtype = TORCH_DTYPES[spec.precision]
        return [gemma_folder(cache, dtype) if launch.weights == PACKAGED else Path(launch.weights)]

    @contextmanager
    def serve(self, spec: TargetSpec, *, workdir: Path, cache: Path) -> Iterator[RunningServer]:
        """A ready server; the first time, packaged weights are converted. Raises TargetUnavailableError."""
        launch = spec.parse_launch(Launch)
        self.availability(spec).demand(spec.target)
        dtype = TORCH_DTYPES[spec.precision]
        folder = gemma_folder(cache, dtype) if launch.weights == PACKAGED else Path(launch.weights)
        port = free_port()
        settings = {
            "force_model": str(folder.resolve()),
            "port": port,
            "device": launch.device,
            "dtype": dtype,
            "continuous_batching": launch.continuous_batching,
            "cb_num_blocks": launch.cache_blocks,
            "cb_block_size": launch.block_tokens,
            "cb_max_batch_tokens": launch.max_batch_tokens,
            "threads": launch.threads,
        }
        server = LocalServer(
            name=spec.target,
            arguments=["acceltrial.targets.local.transformers_server", json.dumps(settings)],
            port=port,
            model_name=str(folder.resolve()),
            api=spec.api,
            # Its batching engine takes the sampling of all later requests from the first one: greedy.
            first_request={"prompt": "The pump", "max_tokens": 2, **GREEDY},
            ready_timeout_s=launch.ready_timeout_s,
            tokenizer_path=folder / "tokenizer.json",
            exact_length_fields=NO_END,
            engine=f"transformers serve {version('transformers')}, torch {version('torch')}, {dtype}",
        )
        with run_local(server, workdir) as running:
            yield running


GREEDY = {"generation_config": json.dumps({"do_sample": False})}
# The server refuses `ignore_eos`; an end token that no vocabulary has says the same.
NO_END = {"generation_config": json.dumps({"do_sample": False, "eos_token_id": -1})}


KIND = TransformersServe()
