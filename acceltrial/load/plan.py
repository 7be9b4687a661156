"""What a load run is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceltrial.errors import ConfigurationError
from acceltrial.load.apis import APIS, Api, generates
from acceltrial.load.bounds import Bounds
from acceltrial.load.schedule import Schedule
from acceltrial.load.server_metrics import ServerMetrics

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class LoadPlan:
    """One load run.

    Attributes:
        base_url: as OpenAI clients take it, with `/v1`.
        schedule: when to send what; its `prompts` win over written text.
        timeout_s: per request, from the first byte sent (from dialling on a new connection).
        slo: a service level such as `ttft_ms<=500,tpot_ms<=50`; goodput is reported against it.
        calibrate: measure the instrument against the reference server first.
        keep_text: keep each response's text in the records; of embeddings and rerank the whole JSON.
        negotiate: ask the server first, and leave out the optional fields that it refuses.
        extra_body: fields added to every request body (`temperature`, `seed`, `logprobs`, …).
        api_key_env: name of the environment variable that holds the key; never the key itself.
        tokenizer: folder or file of the model's tokenizer, for exact lengths and our own counts.
        out_dir: gets requests.parquet, schedule.parquet and summary.json; None keeps no files.
        warm_up: requests sent ahead of the schedule and left out of every figure.
        processes: load processes; 0 chooses by the schedule's rate.
        deadline_s: end the run after so long whatever happens; 0 trusts the per-request timeouts.
        progress: called about once a second with a short line.
    """

    base_url: str
    api: Api
    model: str
    schedule: Schedule
    stream: bool = True
    timeout_s: float = 300.0
    slo: str | None = None
    calibrate: bool = True
    keep_text: bool = False
    ignore_eos: bool = False
    negotiate: bool = False
    extra_body: Mapping[str, Any] | None = None
    extra_headers: Mapping[str, str] | None = None
    api_key_env: str | None = None
    tokenizer: Path | None = None
    out_dir: Path | None = None
    warm_up: int = 0
    processes: int = 1
    max_connections: int = 8_192
    max_response_bytes: int = 33_554_432
    keep_alive: bool = True
    verify_tls: bool = True
    ca_file: Path | None = None
    deadline_s: float = 0.0
    bounds: Bounds = field(default_factory=Bounds)
    progress: Callable[[str], None] = field(default=lambda _line: None)

    def __post_init__(self) -> None:
        if self.api not in APIS:
            raise ConfigurationError(
                f"unknown API '{self.api}'", where="load plan", remedy=f"use one of {', '.join(APIS)}"
            )
        if not 0 < self.timeout_s < 1e7:
            raise ConfigurationError(f"timeout {self.timeout_s} s must be positive", where="load plan")
        if not len(self.schedule):
            raise ConfigurationError("the schedule has no request", where="load plan")
        if (
            min(self.warm_up, self.processes) < 0
            or self.max_connections < 1
            or self.max_response_bytes < 1_024
        ):
            raise ConfigurationError("a count of the load plan is out of range", where="load plan")

    @property
    def streams(self) -> bool:
        """Whether answers come token by token."""
        return self.stream and generates(self.api)


@dataclass(frozen=True)
class LoadResult:
    """What a run found.

    Attributes:
        records: one row a request, see `acceltrial.load.records.COLUMNS`.
        summary: JSON-able, the shape of `acceltrial bench --json`.
        instrument: validity, reasons and the instrument's error (also under `summary["instrument"]`).
        started_s: when the schedule began, on the monotonic clock.
        server: the server's own metrics, read while the load ran.
    """

    records: pl.DataFrame
    summary: dict[str, Any]
    instrument: dict[str, Any]
    started_s: float = 0.0
    server: ServerMetrics = field(default_factory=ServerMetrics)

    @property
    def valid(self) -> bool:
        """False when the instrument's error broke its bounds: show such a run, never average it in."""
        return bool(self.instrument["valid"])
