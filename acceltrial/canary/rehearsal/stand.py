"""The stand of a rehearsal: two llama.cpp servers, a proxy before them, and open-loop traffic through it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from acceltrial.canary.degrade import Degradation, degraded
from acceltrial.canary.levers.fronts import Front, haproxy_front
from acceltrial.canary.rehearsal.faults import RIGHT_TEMPLATE, Fault
from acceltrial.errors import AcceltrialError, TargetUnavailableError
from acceltrial.load.plan import LoadPlan
from acceltrial.load.run import run_load
from acceltrial.load.schedule import Schedule
from acceltrial.targets.llamacpp import Launch, LlamaCpp
from acceltrial.targets.process import free_port
from acceltrial.targets.serving import LocalServer, run_local
from acceltrial.targets.spec import RunningServer, TargetSpec
from acceltrial.targets.weights import gemma_gguf

MODEL = "gemma-3-270m"
INPUT_TOKENS, OUTPUT_TOKENS = 1, 1
MOST_RPS = 16.0
UTILISATION = 0.25
STEP_TOKENS = 4
"""A quality question is read in short steps that requests join: read at once, it would take a third of a
second of a core, and a slower candidate would hide behind the waiting for it."""
CLIENT_MEDIANS = 1.5
"""What clients see is half as long again as the server's own answers (37 and 55 ms here): hop and proxy take
their part, and a fault is told as the clients see it."""
TIMEOUT_S = 6.0
SEED = 20261122
PIECE_S = 15.0


@dataclass
class Stand:
    """What a rehearsal works with.

    Attributes:
        baseline, canary: the servers; their process ids are real.
        urls: where the proxy and the probes find each arm (a hop, where the fault is one).
        rate_rps: what one server bears at `UTILISATION`.
        median_ms: of a request to one idle server.
    """

    front: Front
    baseline: RunningServer
    canary: RunningServer
    urls: dict[str, str]
    rate_rps: float
    median_ms: float
    folder: Path


@contextmanager
def stand(fault: Fault, folder: Path, cache: Path) -> Iterator[Stand]:
    """Servers, fault and HAProxy, up. Raises TargetUnavailableError for what is not installed."""
    spec = TargetSpec(
        "rehearsal", "llamacpp", "llama.cpp on this machine", "local-cpu", MODEL, "int4", "completions",
        launch={
            "threads": max(1, (os.cpu_count() or 2) // 2), "parallel": 4, "context_tokens": 512,
            "step_tokens": STEP_TOKENS,
        },
    )  # fmt: skip
    with ExitStack() as up:
        baseline = up.enter_context(LlamaCpp().serve(spec, workdir=_in(folder, "baseline"), cache=cache))
        if fault.leak_bytes_per_s:
            canary = up.enter_context(_leaky(spec, fault.leak_bytes_per_s, _in(folder, "canary"), cache))
        else:
            canary = up.enter_context(LlamaCpp().serve(spec, workdir=_in(folder, "canary"), cache=cache))
        median_ms = _median_ms(baseline)
        urls = {"baseline": baseline.base_url, "canary": canary.base_url}
        spoilt = {}
        if fault.spoils_requests:
            right = RIGHT_TEMPLATE if fault.template else ""
            # The baseline has a hop too: what the hop itself costs is not the candidate's fault.
            spoilt = {"canary": _degradation(fault), "baseline": Degradation(delay_share=0, template=right)}
        for arm, degradation in spoilt.items():
            urls[arm] = up.enter_context(degraded(urls[arm], degradation, seed=SEED)) + "/v1"
        front = up.enter_context(
            haproxy_front(
                _root(urls["baseline"]),
                _root(urls["canary"]),
                _in(folder, "proxy"),
                port=free_port(),
                timeout_s=TIMEOUT_S,
            )
        )
        rate = min(MOST_RPS, UTILISATION * 1e3 / median_ms)
        yield Stand(front, baseline, canary, urls, rate, median_ms, folder)


def _degradation(fault: Fault) -> Degradation:
    share, slower = (1.0, fault.slower) if fault.slower else (fault.tail_share, fault.tail_slower)
    return Degradation(
        delay_share=share, delay_ms=0, delay_medians=slower * CLIENT_MEDIANS,
        fail_share=fault.fail_share, template=fault.template,
    )  # fmt: skip


@contextmanager
def _leaky(spec: TargetSpec, bytes_per_s: int, workdir: Path, cache: Path) -> Iterator[RunningServer]:
    launch, port = spec.parse_launch(Launch), free_port()
    settings = {
        "weights": str(gemma_gguf(cache)), "port": port, "alias": spec.model, "parallel": launch.parallel,
        "context_tokens": launch.context_tokens * launch.parallel, "threads": launch.threads,
        "cache_prompt": launch.cache_prompt, "step_tokens": launch.step_tokens,
        "leak_bytes_per_s": bytes_per_s,
    }  # fmt: skip
    server = LocalServer(
        "leaky", ["acceltrial.canary.rehearsal.leaky_server", json.dumps(settings)], port, spec.model,
        spec.api, {"prompt": "The pump", "max_tokens": 2}, exact_length_fields={"ignore_eos": True},
    )  # fmt: skip
    with run_local(server, workdir) as running:
        yield running


def _in(folder: Path, name: str) -> Path:
    (folder / name).mkdir(parents=True, exist_ok=True)
    return folder / name


def _root(url: str) -> str:
    return url.removesuffix("/v1")


def _load(url: str, server: RunningServer, schedule: Schedule) -> LoadPlan:
    return LoadPlan(
        base_url=url, api="completions", model=server.model_name, schedule=schedule, timeout_s=2 * TIMEOUT_S,
        calibrate=False, extra_body={"temperature": 0, **server.exact_length_fields},
    )  # fmt: skip


def _median_ms(server: RunningServer) -> float:
    schedule = Schedule.closed_loop(
        1, requests=12, input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS, seed=SEED
    )
    records = run_load(_load(server.base_url, server, schedule)).records
    good = records.filter(pl.col("error_class").is_null())
    if good.height < 6:
        raise TargetUnavailableError(
            f"{records.height - good.height} of {records.height} first requests failed",
            where=server.base_url,
            remedy="see the server's log",
        )
    return float(good.select((pl.col("last_s") - pl.col("sent_s")).median()).item()) * 1e3


@dataclass
class Traffic:
    """Open-loop traffic in the background, and what became of it once it has ended."""

    records: pl.DataFrame = field(default_factory=pl.DataFrame)
    ended: threading.Event = field(default_factory=threading.Event)
    faults: list[AcceltrialError] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """Requests that were sent."""
        return self.records.height

    @property
    def lost(self) -> int:
        """Requests that their client lost: without a whole answer, or with a server's error."""
        return self.records.filter(pl.col("error_class").is_not_null()).height if self.sent else 0


@contextmanager
def traffic(place: Stand, seconds: float) -> Iterator[Traffic]:
    """Poisson traffic through the proxy while the block runs, `seconds` at most.

    It goes on in pieces of some seconds each, so that it can end soon after the block.
    """
    found = Traffic()
    thread = threading.Thread(
        target=_drive, args=(place, seconds, found), name="rehearsal-traffic", daemon=True
    )
    thread.start()
    try:
        yield found
    finally:
        found.ended.set()
        thread.join(PIECE_S + 2 * TIMEOUT_S + 10)
    if found.faults:
        raise found.faults[0]


def _drive(place: Stand, seconds: float, found: Traffic) -> None:
    pieces: list[pl.DataFrame] = []
    for number in range(int(seconds / PIECE_S) + 1):
        if found.ended.is_set():
            break
        schedule = Schedule.open_loop(
            "poisson", rate_rps=place.rate_rps, duration_s=PIECE_S, input_tokens=INPUT_TOKENS,
            output_tokens=OUTPUT_TOKENS, seed=SEED + number,
        )  # fmt: skip
        try:
            plan = _load(place.front.base_url + "/v1", place.baseline, schedule)
            pieces.append(run_load(replace(plan, stream=False)).records.with_columns(piece=pl.lit(number)))
        except AcceltrialError as error:
            found.faults.append(error)
            break
    if pieces:
        found.records = pl.concat(pieces, how="vertical_relaxed")
