"""`transformers serve`, the OpenAI-compatible server of the transformers library, on a local folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pydantic import Field

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets.llamacpp import PACKAGED
from acceltrial.targets.process import free_port
from acceltrial.targets.serving import LocalServer, run_local
from acceltrial.targets.spec import Availability, LaunchModel, RunningServer, TargetSpec
from acceltrial.targets.weights import GEMMA_PACKAGE, INSTALL_LOCAL, gemma_folder, missing_modules


class Launch(LaunchModel):
    """How `transformers serve` is started."""

    weights: str = PACKAGED
    """A transformers folder, or the name of the packaged weights, which are converted once."""
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    device: str = Field(default="cpu", pattern=r"^(cpu|cuda(:\d+)?)$")
    continuous_batching: bool = True
    kv_blocks: int = Field(default=512, gt=0)
    kv_block_size: int = Field(default=32, gt=0)
    max_batch_tokens: int = Field(default=512, gt=0)
    ready_timeout_s: float = Field(default=180, gt=0, le=3600)


class TransformersServe:
    """The adapter for kind `transformers_serve`."""

    def availability(self, spec: TargetSpec) -> Availability:
        """Whether torch, transformers with its server parts, and the weights are installed."""
        launch = spec.parse_launch(Launch)
        packaged = launch.weights == PACKAGED
        needed = ["torch", "transformers", "uvicorn", "fastapi", "openai"]
        missing = missing_modules(*needed, *([GEMMA_PACKAGE, "gguf", "accelerate"] if packaged else []))
        if missing:
            return Availability(
                available=False, reason=f"not installed: {', '.join(missing)}", remedy=INSTALL_LOCAL
            )
        if not packaged and not (Path(launch.weights) / "config.json").is_file():
            return Availability(
                available=False,
                reason=f"{launch.weights} is not a transformers folder",
                remedy="correct `launch.weights` in targets.yaml",
            )
        return device_availability(launch.device)

    @contextmanager
    def serve(self, spec: TargetSpec, *, workdir: Path, cache: Path) -> Iterator[RunningServer]:
        """A ready server. The first time, the packaged weights are converted. Raises TargetUnavailableError."""
        launch = spec.parse_launch(Launch)
        found = self.availability(spec)
        if not found.available:
            raise TargetUnavailableError(found.reason, where=spec.target, remedy=found.remedy)
        folder = gemma_folder(cache, launch.dtype) if launch.weights == PACKAGED else Path(launch.weights)
        port = free_port()
        settings = {
            "force_model": str(folder.resolve()),
            "port": port,
            "device": launch.device,
            "dtype": launch.dtype,
            "continuous_batching": launch.continuous_batching,
            "cb_num_blocks": launch.kv_blocks,
            "cb_block_size": launch.kv_block_size,
            "cb_max_batch_tokens": launch.max_batch_tokens,
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
            engine=f"transformers serve {version('transformers')}, torch {version('torch')}, {launch.dtype}",
        )
        with run_local(server, workdir) as running:
            yield running


GREEDY = {"generation_config": json.dumps({"do_sample": False})}
# The server refuses `ignore_eos`; an end token that no vocabulary has says the same.
NO_END = {"generation_config": json.dumps({"do_sample": False, "eos_token_id": -1})}


def device_availability(device: str) -> Availability:
    """Whether this machine has the torch device. The NVIDIA driver is asked, not torch: no slow import."""
    if device == "cpu" or Path("/dev/nvidiactl").exists():
        return Availability(available=True)
    return Availability(
        available=False,
        reason=f"device {device}: this machine has no NVIDIA driver",
        remedy="run on a machine with a GPU, or set `launch.device: cpu`",
    )


KIND = TransformersServe()
