"""What can be reached from here: how it is launched or addressed, and what it costs.

The keys of each `launch` section are those of the target's adapter; here they are read strictly, with
units and without secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from acceltrial.portfolio.model import Precision
from acceltrial.portfolio.section import AsOf, Name, Region, Seconds, Section, Text, UsdPerHour
from acceltrial.targets import (
    llamacpp,
    openai,
    registry,
    sagemaker,
    torch_embeddings,
    torch_training,
    transformers_serve,
)

_ENVIRONMENT_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_URL = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?(?:/[A-Za-z0-9._~/-]*)?")


def _environment_variable(value: str) -> str:
    if not _ENVIRONMENT_VARIABLE.fullmatch(value):
        raise ValueError(
            "give the NAME of the environment variable that holds the key (capital letters, digits, _), "
            "never the key itself"
        )
    return value


def _url(value: str) -> str:
    if not _URL.fullmatch(value):
        raise ValueError(
            "a URL looks like https://host:8000/v1, with http or https, without user, password or query"
        )
    return value.rstrip("/")


EnvironmentVariable = Annotated[str, AfterValidator(_environment_variable)]
Url = Annotated[str, AfterValidator(_url)]


class Price(Section):
    """What an hour of the target costs, before tax."""

    amount: UsdPerHour
    source: Text
    as_of: AsOf
    grade: Literal["published", "declared", "measured"]


class Target(Section):
    """What all kinds of target share; each kind narrows `kind` and adds `launch`."""

    id: Name
    kind: str
    title: Text
    device: Name
    """Two measurements never run on one device at the same time."""
    accelerator: Text | None = None
    """Its catalogue id or any name that the catalogue knows."""
    model: Name
    precision: Precision
    api: Literal["completions", "chat", "embeddings", "rerank", "training", "none"]
    environment: Literal["public_cloud", "private", "edge", "local"]
    region: Text
    """The provider's name of the region, or of the site."""
    residency: Region
    price: Price | None = None
    enabled: bool = True


class LlamaCppLaunch(llamacpp.Launch):
    """A llama.cpp server in a child process."""

    model_config = ConfigDict(strict=True)


class TransformersServeLaunch(transformers_serve.Launch):
    """`transformers serve` in a child process."""

    model_config = ConfigDict(strict=True)


class TorchEmbeddingsLaunch(torch_embeddings.Launch):
    """An embedding model in torch behind the OpenAI protocol."""

    model_config = ConfigDict(strict=True)


class TorchTrainingLaunch(torch_training.Launch):
    """Training steps in torch."""

    model_config = ConfigDict(strict=True)


class OpenAiLaunch(openai.Launch):
    """Any server that speaks the OpenAI HTTP protocol."""

    model_config = ConfigDict(strict=True)

    url: Url
    served_model: Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[A-Za-z0-9._:/@+-]+$")]
    api_key_env: EnvironmentVariable | None = None
    timeout: Seconds = 120.0


class SageMakerLaunch(sagemaker.Launch):
    """A SageMaker endpoint."""

    model_config = ConfigDict(strict=True)

    timeout: Seconds = 60.0


class LlamaCppTarget(Target):
    """Local: llama.cpp."""

    kind: Literal["llamacpp"]
    launch: LlamaCppLaunch = LlamaCppLaunch()


class TransformersServeTarget(Target):
    """Local: transformers serve."""

    kind: Literal["transformers_serve"]
    launch: TransformersServeLaunch = TransformersServeLaunch()


class TorchEmbeddingsTarget(Target):
    """Local: embeddings in torch."""

    kind: Literal["torch_embeddings"]
    launch: TorchEmbeddingsLaunch = TorchEmbeddingsLaunch()


class TorchTrainingTarget(Target):
    """Local: training in torch."""

    kind: Literal["torch_training"]
    launch: TorchTrainingLaunch = TorchTrainingLaunch()


class OpenAiTarget(Target):
    """Anywhere: a server by its URL."""

    kind: Literal["openai"]
    launch: OpenAiLaunch


class SageMakerTarget(Target):
    """Cloud: a SageMaker endpoint."""

    kind: Literal["sagemaker"]
    launch: SageMakerLaunch


BUILT_IN: dict[str, type[Target]] = {
    "llamacpp": LlamaCppTarget,
    "transformers_serve": TransformersServeTarget,
    "torch_embeddings": TorchEmbeddingsTarget,
    "torch_training": TorchTrainingTarget,
    "openai": OpenAiTarget,
    "sagemaker": SageMakerTarget,
}


class TargetsFile(Section):
    """targets.yaml; `targets_file` gives the model that knows the kinds of this installation."""

    targets: Annotated[list[Any], Field(max_length=1000)]


def targets_file(kinds: Iterable[str] | None = None) -> type[TargetsFile]:
    """The model of targets.yaml with the built-in kinds and those that installed packages bring.

    The launch settings of a package's own kind are plain values here; its adapter checks them.

    Args:
        kinds: the kinds of this installation; None asks the registry.
    """
    known = set(registry.kinds() if kinds is None else kinds) | set(BUILT_IN)
    models = tuple(BUILT_IN.get(kind) or _foreign(kind) for kind in sorted(known))
    entry: Any = Annotated[Union[models], Field(discriminator="kind")]  # noqa: UP007
    return create_model(
        "TargetsFile", __base__=TargetsFile, targets=(Annotated[list[entry], Field(max_length=1000)], ...)
    )


def launch_settings(target: Target) -> dict[str, Any]:
    """The launch section with the settings that are given or have a default; nothing in it is secret."""
    launch: BaseModel | dict[str, Any] = getattr(target, "launch", {})
    return launch.model_dump(exclude_none=True) if isinstance(launch, BaseModel) else dict(launch)


def _foreign(kind: str) -> type[Target]:
    return create_model(
        f"Target_{kind}",
        __base__=Target,
        kind=(Literal[kind], ...),  # type: ignore[arg-type]
        launch=(dict[str, str | int | float | bool | None], Field(default_factory=dict)),
    )
