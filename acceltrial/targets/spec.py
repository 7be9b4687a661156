"""What a target is, what a running server offers, and what every kind of target can do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from acceltrial.errors import ConfigurationError, DataContractError, TargetUnavailableError

if TYPE_CHECKING:
    from acceltrial.targets.memory import MemorySampler

L = TypeVar("L", bound="LaunchModel")


class LaunchModel(BaseModel):
    """The `launch` section of one kind of target. An unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """One row of the Targets table, with `launch` parsed.

    Attributes:
        target: the id, which is also the option's name in every table.
        kind: which adapter serves it (`llamacpp`, `openai`, …).
        device: two measurements never run on one device at the same time.
        launch: how to start or reach it; the kind's own keys, without secrets.
    """

    target: str
    kind: str
    title: str
    device: str
    model: str
    precision: str
    api: str
    environment: str = "local"
    region: str = ""
    accelerator: str | None = None
    enabled: bool = True
    launch: Mapping[str, Any] = field(default_factory=dict)

    def parse_launch(self, model: type[L]) -> L:
        """The launch section as `model`. Raises ConfigurationError naming the first wrong key."""
        try:
            return model.model_validate(dict(self.launch))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"]) or "launch"
            raise ConfigurationError(
                f"launch setting '{key}': {first['msg']}",
                where=f"target {self.target} (kind {self.kind})",
                remedy=f"allowed keys: {', '.join(sorted(model.model_fields)) or 'none'}",
                details={"target": self.target, "key": key, "value": repr(first.get("input"))},
            ) from error


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a target can be used from here, and if not, why and what to do."""

    available: bool
    reason: str = ""
    remedy: str = ""

    def demand(self, target: str) -> None:
        """Raises TargetUnavailableError with the reason and the remedy, unless the target is available."""
        if not self.available:
            raise TargetUnavailableError(self.reason, where=target, remedy=self.remedy)


@dataclass(frozen=True, slots=True)
class Startup:
    """Seconds of each step before a server is useful; None where it was not observed.

    Attributes:
        process_start_s: from the start of the process until its code is imported.
        model_load_s: from there until the server answers its health check.
        first_request_s: the first small request, sent to the ready server.
    """

    process_start_s: float | None = None
    model_load_s: float | None = None
    first_request_s: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that is ready.

    Attributes:
        base_url: with the `/v1` that the OpenAI protocol puts before its paths.
        pid: the server's process, None when it runs elsewhere.
        exact_length_fields: request fields that make an answer as long as asked; empty when the
            server has none, and answers may then end early.
        headers: request headers, authorisation included; never logged.
        memory: samples the process tree from start to end; None when it runs elsewhere.
    """

    base_url: str
    model_name: str
    api: str
    pid: int | None
    startup: Startup
    tokenizer_path: Path | None = None
    exact_length_fields: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    memory: MemorySampler | None = None
    engine: str = ""


class TargetKind(Protocol):
    """What an adapter offers. A third party registers one under the entry point `acceltrial.targets`.

    A kind whose server reads its weights from files of this machine may also have
    `weight_files(spec, cache) -> Sequence[Path]` (files or folders), so that a start from cold storage can
    be measured.
    """

    def availability(self, spec: TargetSpec) -> Availability:
        """Whether the target can be used now. Answers within seconds, whatever the other side does."""
        ...

    def serve(self, spec: TargetSpec, *, workdir: Path, cache: Path) -> AbstractContextManager[RunningServer]:
        """A ready server for the length of the block; what was started is stopped in every case.

        Raises:
            TargetUnavailableError: it cannot be started or reached.
        """
        ...


def spec_from_row(row: Mapping[str, Any]) -> TargetSpec:
    """The specification in one row of the Targets table.

    Raises:
        DataContractError: `launch` is not a JSON object.
    """
    raw = row.get("launch") or "{}"
    try:
        launch = json.loads(raw) if isinstance(raw, str) else raw
    except json.JSONDecodeError as error:
        raise DataContractError(
            f"launch is not JSON ({error})", where=f"target {row.get('target')}", remedy="run collect again"
        ) from error
    if not isinstance(launch, Mapping):
        raise DataContractError(
            "launch is not a JSON object", where=f"target {row.get('target')}", remedy="run collect again"
        )
    plain = ("target", "kind", "title", "device", "model", "precision", "api", "environment", "region")
    return TargetSpec(
        **{name: str(row.get(name) or "") for name in plain},
        accelerator=row.get("accelerator"),
        enabled=bool(row.get("enabled", True)),
        launch=launch,
    )
