"""Which lever moves the traffic, as a user writes it: one tagged model a kind."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from acceltrial.canary.levers.weights import Weights
from acceltrial.errors import ConfigurationError

Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$")]
Port = Annotated[int, Field(gt=0, lt=65536)]


class _Spec(BaseModel):
    """What every lever's specification has.

    Attributes:
        access_log: the proxy's log, from which the controller learns how requests went; the embedded split
            tells it by itself. See `acceltrial.canary.access_log` for the format.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    access_log: Path | None = None


class SplitSpec(_Spec):
    """The embedded split, by the address that it gave when it was started."""

    kind: Literal["split"] = "split"
    port: Port
    control_port: Port
    token: str


class HaproxySpec(_Spec):
    """Server weights in one HAProxy backend. See `HaproxyWeights`."""

    kind: Literal["haproxy"]
    socket: str
    backend: Word
    baseline: Word = "baseline"
    canary: Word = "canary"

    def weights(self) -> Weights:
        """The traffic system."""
        from acceltrial.canary.levers.haproxy import HaproxyWeights

        return HaproxyWeights(self.socket, self.backend, self.baseline, self.canary)


class EnvoySpec(_Spec):
    """An Envoy runtime fraction. See `EnvoyWeights`."""

    kind: Literal["envoy"]
    host: str = "127.0.0.1"
    port: Port
    runtime_key: Word
    baseline: Word = "baseline"
    canary: Word = "canary"

    def weights(self) -> Weights:
        """The traffic system."""
        from acceltrial.canary.levers.envoy import EnvoyWeights

        return EnvoyWeights(self.host, self.port, self.runtime_key, self.baseline, self.canary)


class SageMakerSpec(_Spec):
    """Weights of an endpoint's production variants. See `SageMakerWeights`."""

    kind: Literal["sagemaker"]
    endpoint: Annotated[str, Field(pattern=r"^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$")]
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    baseline: Word
    canary: Word
    patience_s: Annotated[float, Field(gt=0, le=3600)] = 300.0

    def weights(self) -> Weights:
        """The traffic system."""
        from acceltrial.canary.levers.sagemaker import SageMakerWeights

        return SageMakerWeights(
            self.endpoint, self.region, self.baseline, self.canary, patience_s=self.patience_s
        )


class HttpRouteSpec(_Spec):
    """Weights in a Gateway API HTTPRoute. See `HttpRouteWeights`."""

    kind: Literal["httproute"]
    manifest: str
    baseline: Word
    canary: Word
    kubectl: tuple[str, ...] = ()

    def weights(self) -> Weights:
        """The traffic system."""
        from acceltrial.canary.levers.httproute import HttpRouteWeights

        return HttpRouteWeights(self.manifest, self.baseline, self.canary, self.kubectl)


WeightsSpec = Annotated[HaproxySpec | EnvoySpec | SageMakerSpec | HttpRouteSpec, Field(discriminator="kind")]
LeverSpec = Annotated[
    SplitSpec | HaproxySpec | EnvoySpec | SageMakerSpec | HttpRouteSpec, Field(discriminator="kind")
]
_LEVER: TypeAdapter[Any] = TypeAdapter(LeverSpec)


def parse_lever(document: Any, where: str) -> Any:
    """The lever's specification. Raises ConfigurationError that names the first failing key."""
    if not isinstance(document, dict):
        raise ConfigurationError(
            f"a lever is given by keys and values, not {type(document).__name__}", where=where, remedy=_KINDS
        )
    try:
        return _LEVER.validate_python({"kind": "split", **document} if "token" in document else document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "kind"
        raise ConfigurationError(f"{key}: {first['msg']}", where=where, remedy=_KINDS) from error


def load_lever(path: Path) -> Any:
    """The specification in a YAML or JSON file. Raises ConfigurationError."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"the lever cannot be read ({str(error).splitlines()[0]})", where=str(path), remedy=_KINDS
        ) from error
    return parse_lever(document, str(path))


_KINDS = "give `kind`: split, haproxy, envoy, sagemaker or httproute, and that kind's keys (docs/canary.md)"
