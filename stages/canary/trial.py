"""One canary on this machine: two real servers, a real split, real traffic."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from acceltrial.canary.controller import Controller
from acceltrial.canary.degrade import degraded
from acceltrial.canary.lever import Lever
from acceltrial.canary.levers.fronts import haproxy_front
from acceltrial.canary.levers.kept import lever_of
from acceltrial.canary.levers.split_proxy import split_proxy
from acceltrial.canary.outcome import Outcome
from acceltrial.canary.plan import CanaryPlan
from acceltrial.canary.probes import HttpProber
from acceltrial.canary.running import feed_of
from acceltrial.canary.source import Feed, FeedSource
from acceltrial.canary.translate import translated
from acceltrial.errors import AcceltrialError, TargetUnavailableError
from acceltrial.load.plan import LoadPlan
from acceltrial.load.run import run_load
from acceltrial.load.schedule import Schedule
from acceltrial.targets import RunningServer, TargetSpec, serve
from acceltrial.targets.memory import tree_rss_mb
from acceltrial.targets.process import free_port
from stages.canary.params import CanaryParams

WARM_REQUESTS = 3
LEAST_RPS = 0.5
SHARES_CORES = frozenset({"llamacpp", "transformers_serve"})
"""Kinds of target that can be told how many threads to use."""


@dataclass(frozen=True)
class Trial:
    """How one trial ended, and what was done to make it fit the machine."""

    outcome: Outcome
    adjustments: str


class _Enough(Exception):  # noqa: N818 - it ends the load; nothing is wrong
    """The canary has ended: the load can stop."""


def run_trial(
    spec: TargetSpec, baseline_spec: TargetSpec, plan: CanaryPlan, lengths: pl.DataFrame,
    params: CanaryParams, *, journal: Path, workdir: Path, cache: Path, progress: Any,
) -> Trial:  # fmt: skip
    """Runs `plan` with `spec` as candidate; in a demonstration it sits behind a degrading hop.

    Raises TargetUnavailableError when the servers do not come up.
    """
    with (
        serve(half_the_cores(baseline_spec), workdir=_folder(workdir, "baseline"), cache=cache) as baseline,
        serve(half_the_cores(spec), workdir=_folder(workdir, "canary"), cache=cache) as candidate,
        _in_own_terms(baseline, candidate, params) as entry,
        _spoilt(entry.canary_url, plan, params) as candidate_url,
        _front(entry.baseline_url, candidate_url, _folder(workdir, "proxy"), params) as (url, lever, feed),
    ):
        arms = {"baseline": baseline, "canary": candidate}
        rate = min(_rate(server, lengths, params) for server in arms.values())
        if None in {server.pid for server in arms.values()}:
            plan = without_memory(plan)
        prober = HttpProber(
            {"baseline": entry.baseline_url, "canary": candidate_url},
            dict.fromkeys(arms, entry.common.model_name),
            baseline.api,
            timeout_s=params.timeout_s / 2,
        )
        source = FeedSource(
            feed, memory=lambda arm: _memory(arms[arm].pid), prober=prober, probe_every=params.probe_every
        )
        seconds = plan.deadline_s + params.baseline_s + 5
        with _traffic(url, entry.common, lengths, rate, params, seconds=seconds):
            _watch_baseline(source, params)
            controller = Controller(
                plan, lever, source, journal, holder=f"stage-{os.getpid()}", progress=progress
            )
            outcome = controller.run()
    judged = {rule.name for rule in plan.judge.guardrails or ()}
    blind = "" if "memory" in judged else "; memory is not judged, as a server runs elsewhere"
    return Trial(outcome, _adjustments(rate, lengths, params) + blind)


@contextmanager
def _front(
    baseline_url: str, canary_url: str, folder: Path, params: CanaryParams
) -> Iterator[tuple[str, Lever, Feed]]:
    """What splits the traffic: where clients go, its lever, and what it tells of the requests."""
    if params.lever == "split":
        with split_proxy(baseline_url, canary_url, timeout_s=params.timeout_s, seed=params.seed) as lever:
            yield lever.address.base_url, lever, lever
        return
    roots = [url.removesuffix("/v1") for url in (baseline_url, canary_url)]
    with (
        haproxy_front(roots[0], roots[1], folder, port=free_port(), timeout_s=params.timeout_s) as front,
        lever_of(front.spec, folder) as kept,
    ):
        yield front.base_url, kept, feed_of(front.spec, kept)


class _Entry(NamedTuple):
    """Where each arm takes its requests, and the server that clients believe to speak to."""

    baseline_url: str
    canary_url: str
    common: RunningServer


@contextmanager
def _in_own_terms(
    baseline: RunningServer, candidate: RunningServer, params: CanaryParams
) -> Iterator[_Entry]:
    """The arms' entries for a client's request, which is written once and may go to either.

    Servers that name their model differently, or want other fields or a key, each get a hop that puts the
    request into their own terms: both, so that both pay for it.
    """
    if _terms(baseline) == _terms(candidate) and not baseline.headers:
        yield _Entry(baseline.base_url, candidate.base_url, baseline)
        return
    common = replace(baseline, exact_length_fields={}, headers={})
    with ExitStack() as stack:
        urls = [
            stack.enter_context(translated(server.base_url, *_terms(server), timeout_s=params.timeout_s))
            for server in (baseline, candidate)
        ]
        yield _Entry(urls[0] + "/v1", urls[1] + "/v1", common)


def _terms(server: RunningServer) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields and headers that a server wants of every request."""
    return {"model": server.model_name, **server.exact_length_fields}, dict(server.headers)


def without_memory(plan: CanaryPlan) -> CanaryPlan:
    """The plan for servers that run elsewhere, whose memory nobody here can read."""
    rules = tuple(rule for rule in plan.judge.guardrails or () if rule.kind != "memory")
    return plan.model_copy(update={"judge": plan.judge.model_copy(update={"guardrails": rules})})


def half_the_cores(spec: TargetSpec) -> TargetSpec:
    """The target with half the machine's cores, as two instances share them; threads that fight spin."""
    if spec.kind not in SHARES_CORES:
        return spec
    return replace(spec, launch={**spec.launch, "threads": max(1, (os.cpu_count() or 2) // 2)})


def _folder(workdir: Path, name: str) -> Path:
    folder = workdir / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _spoilt(url: str, plan: CanaryPlan, params: CanaryParams) -> Iterator[str]:
    if plan.purpose == "trial":
        yield url
        return
    with degraded(url, params.degradation, seed=params.seed, timeout_s=params.timeout_s) as hop:
        yield hop + "/v1"


def _memory(pid: int | None) -> float | None:
    used = tree_rss_mb(pid) if pid is not None else None
    return None if used is None else used * 1e6


def _watch_baseline(source: FeedSource, params: CanaryParams) -> None:
    """Lets the baseline serve alone, as it fixes what is slow; both arms are asked questions meanwhile."""
    until = time.monotonic() + params.baseline_s
    while (left := until - time.monotonic()) > 0:
        source.poll()
        time.sleep(min(left, params.look_s))


def _rate(server: RunningServer, lengths: pl.DataFrame, params: CanaryParams) -> float:
    """Requests a second that keep one instance busy for the wanted share of the time, by a short probe."""
    drawn = lengths.sample(WARM_REQUESTS, with_replacement=True, seed=params.seed)
    schedule = Schedule.closed_loop(
        1, requests=WARM_REQUESTS, input_tokens=_lengths(drawn, "input_tokens"),
        output_tokens=_lengths(drawn, "output_tokens"), seed=params.seed,
    )  # fmt: skip
    result = run_load(_load_plan(server.base_url, server, schedule, params))
    failed = result.records.filter(pl.col("error_class").is_not_null())
    if failed.height:
        raise TargetUnavailableError(
            f"{failed.height} of {WARM_REQUESTS} first requests failed ({_how(failed)})",
            where=f"{server.model_name} at {server.base_url}",
            remedy="see the target with `acceltrial targets list`",
        )
    took = result.records.select((pl.col("last_s") - pl.col("sent_s")).mean()).item()
    return min(params.max_rps, max(LEAST_RPS, params.utilisation / float(took)))


def _how(failed: pl.DataFrame) -> str:
    row = failed.row(0, named=True)
    return ": ".join(str(row[name]) for name in ("error_class", "error_detail") if row[name])


def _lengths(lengths: pl.DataFrame, column: str) -> list[int]:
    return [int(value) for value in lengths[column].to_list()]


def _load_plan(url: str, server: RunningServer, schedule: Schedule, params: CanaryParams) -> LoadPlan:
    return LoadPlan(
        base_url=url,
        api=server.api,  # type: ignore[arg-type]  # the load engine checks it
        model=server.model_name,
        schedule=schedule,
        timeout_s=params.timeout_s,
        calibrate=False,
        extra_body={"temperature": 0, **server.exact_length_fields},
        extra_headers=dict(server.headers),
        tokenizer=server.tokenizer_path,
    )


@contextmanager
def _traffic(
    url: str,
    server: RunningServer,
    lengths: pl.DataFrame,
    rate: float,
    params: CanaryParams,
    *,
    seconds: float,
) -> Iterator[None]:
    """Open-loop traffic through the split for the length of the block."""
    count = max(int(rate * seconds), 10)
    drawn = lengths.sample(count, with_replacement=True, seed=params.seed)
    schedule = Schedule.open_loop(
        "poisson", rate_rps=rate, requests=count, seed=params.seed,
        input_tokens=_lengths(drawn, "input_tokens"), output_tokens=_lengths(drawn, "output_tokens"),
    )  # fmt: skip
    ended = threading.Event()
    faults: list[BaseException] = []

    def watch(_line: str) -> None:
        if ended.is_set():
            raise _Enough

    def drive() -> None:
        plan = _load_plan(url + "/v1", server, schedule, params)
        try:
            run_load(replace(plan, progress=watch))
        except _Enough:
            pass
        except AcceltrialError as error:
            faults.append(error)

    thread = threading.Thread(target=drive, name="canary-traffic", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(15)
    if faults:
        raise faults[0]


def _adjustments(rate: float, lengths: pl.DataFrame, params: CanaryParams) -> str:
    cut = lengths["cut"].mean()
    return (
        f"time-compressed: looks every {params.look_s:g} s, Poisson traffic of {rate:.1f} requests/s;"
        f" requests cut to {params.max_input_tokens} input and {params.max_output_tokens} output tokens"
        f" ({float(cut or 0):.0%} of them); both servers share the machine's cores"  # type: ignore[arg-type]
    )


def request_lengths(path: Path, workload: str, params: CanaryParams, most: int = 500) -> pl.DataFrame:
    """Input and output tokens of the workload's first requests, cut to the limits, and which were cut."""
    limits = {"input_tokens": params.max_input_tokens, "output_tokens": params.max_output_tokens}
    found = (
        pl.scan_parquet(path).filter(pl.col("workload") == workload).select(list(limits)).head(most).collect()
    )
    if found.is_empty():
        found = pl.DataFrame({name: [limit] for name, limit in limits.items()})
    known = found.with_columns(pl.col(name).fill_null(limit) for name, limit in limits.items())
    return known.with_columns(
        pl.any_horizontal(pl.col(name) > limit for name, limit in limits.items()).alias("cut"),
        *(pl.col(name).clip(1, limit) for name, limit in limits.items()),
    )
