"""What can be reached from here: how it is launched or addressed, and what it costs.

The keys of each `launch` section are those of the target's adapter; here they are read strictly, with
units and without secrets.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from acceltrial.portfolio.model import Precision
from acceltrial.portfolio.section import AsOf, Name, Region, Seconds, Section, Text, UsdPerHour
from acceltrial.targets import (
    llamacpp,
    openai,
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
    """What all kinds of target share."""

    id: Name
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


AnyTarget = Annotated[
    LlamaCppTarget
    | TransformersServeTarget
    | TorchEmbeddingsTarget
    | TorchTrainingTarget
    | OpenAiTarget
    | SageMakerTarget,
    Field(discriminator="kind"),
]


def launch_settings(target: Target) -> dict[str, Any]:
    """The launch section with the settings that are given or have a default; nothing in it is secret."""
    launch: BaseModel = target.launch  # type: ignore[attr-defined]
    return launch.model_dump(exclude_none=True)
