"""llama.cpp's own server, run by xllamacpp in a child process on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from pydantic import Field

from acceltrial.targets.process import free_port
from acceltrial.targets.serving import LocalServer, run_local
from acceltrial.targets.spec import Availability, LaunchModel, RunningServer, TargetSpec
from acceltrial.targets.weights import GEMMA_PACKAGE, INSTALL_LOCAL, gemma_gguf, missing_modules

PACKAGED = "gemma-3-270m-q4_k_m"


class Launch(LaunchModel):
    """How llama.cpp is started."""

    weights: str = PACKAGED
    """A GGUF file, or the name of the packaged weights."""
    parallel: int = Field(default=4, gt=0, le=256)
    """Requests that are decoded together."""
    context_tokens: int = Field(default=4096, gt=0)
    """Context of each of them."""
    threads: int | None = Field(default=None, gt=0)
    """Empty: all cores."""
    cache_prompt: bool = False
    """Reuse of a common prefix. Off, so that a repeated prompt costs what a new one costs."""
    step_tokens: int | None = Field(default=None, gt=0)
    """Most tokens of all requests together in one step; a small number keeps a long prompt from holding up
    the others. Empty: the engine's own limit."""
    ready_timeout_s: float = Field(default=120, gt=0, le=3600)


class LlamaCpp:
    """The adapter for kind `llamacpp`."""

    def availability(self, spec: TargetSpec) -> Availability:
        """Whether xllamacpp and the weights are installed."""
        launch = spec.parse_launch(Launch)
        if missing_modules("xllamacpp"):
            return Availability(available=False, reason="xllamacpp is not installed", remedy=INSTALL_LOCAL)
        if launch.weights == PACKAGED:
            if missing_modules(GEMMA_PACKAGE):
                return Availability(
                    available=False,
                    reason="the packaged Gemma weights are not installed",
                    remedy=INSTALL_LOCAL,
                )
        elif not Path(launch.weights).is_file():
            return Availability(
                available=False,
                reason=f"no weights file {launch.weights}",
                remedy="correct `launch.weights` in targets.yaml",
            )
        return Availability(available=True)

    def weight_files(self, spec: TargetSpec, cache: Path) -> list[Path]:
        """Where the weights lie, assembled or converted if need be. Raises TargetUnavailableError."""
        launch = spec.parse_launch(Launch)
        return [gemma_gguf(cache) if launch.weights == PACKAGED else Path(launch.weights)]

    @contextmanager
    def serve(self, spec: TargetSpec, *, workdir: Path, cache: Path) -> Iterator[RunningServer]:
        """A ready llama.cpp server. Raises TargetUnavailableError."""
        launch = spec.parse_launch(Launch)
        self.availability(spec).demand(spec.target)
        weights = gemma_gguf(cache) if launch.weights == PACKAGED else Path(launch.weights)
        port = free_port()
        settings = {
            "weights": str(weights),
            "port": port,
            "alias": spec.model,
            "parallel": launch.parallel,
            "context_tokens": launch.context_tokens * launch.parallel,
            "threads": launch.threads,
            "cache_prompt": launch.cache_prompt,
            "step_tokens": launch.step_tokens,
        }
        server = LocalServer(
            name=spec.target,
            arguments=["acceltrial.targets.llamacpp_server", json.dumps(settings)],
            port=port,
            model_name=spec.model,
            api=spec.api,
            first_request={"prompt": "The pump", "max_tokens": 2, "temperature": 0},
            ready_timeout_s=launch.ready_timeout_s,
            exact_length_fields={"ignore_eos": True},
            engine=f"llama.cpp (xllamacpp {version('xllamacpp')})",
        )
        with run_local(server, workdir) as running:
            yield running


KIND = LlamaCpp()
