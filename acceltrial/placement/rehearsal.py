"""The spill path tried for real: HAProxy between the load engine and two reference servers.

The accelerator pool is killed or overloaded under load; the requests' own records say what was lost, what was
slow, and the servers' logs say who answered.
"""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from acceltrial.load import LoadPlan, Reference, Schedule, run_load, serve_reference
from acceltrial.load.bounds import Bounds
from acceltrial.load.reference_server import Behaviour
from acceltrial.placement.model import Limits, Placement, Pool, Server
from acceltrial.placement.proxy import running

if TYPE_CHECKING:
    import polars as pl

Fault = Literal["none", "killed", "frozen", "overloaded"]
SETTLED_S = 2.0
"""After this a failure counts against the spill path itself."""
SLOW_FACTOR = 3.0
_ACCELERATOR = Behaviour(ttft_ms=20.0, itl_ms=2.0)
_SIGNALS = {"killed": signal.SIGKILL, "frozen": signal.SIGSTOP}
_GPU = Behaviour(ttft_ms=40.0, itl_ms=4.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """One rehearsal.

    Attributes:
        kill_after_s: whole seconds of load before the primary pool is killed (SIGKILL) or frozen (SIGSTOP:
            connections stay open and nothing answers, as when a driver hangs).
        slots: requests the overloaded primary pool serves at once.
    """

    fault: Fault
    stream: bool = True
    rate_rps: float = 200.0
    seconds: float = 15.0
    kill_after_s: int = 5
    tokens: int = 8
    slots: int = 4
    primary: Behaviour = _ACCELERATOR
    fallback: Behaviour = _GPU
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the requests.

    Attributes:
        failed_late: failures of requests that were due more than 2 s after the kill; all failures
            where nothing was killed.
        last_failure_s: seconds from the kill to when the last failed request was due; None without one.
        slow: answered, but later than three times what the slower pool takes alone.
        by_fallback: answered requests that stand in the fallback's own log; by_primary: the others (a killed
            server takes its log along).
        lag_ms_p99: how late the load engine itself sent; a judgement about small delays needs it small.
    """

    fault: str
    stream: bool
    requests: int
    failed: int
    failed_late: int
    last_failure_s: float | None
    failure_classes: dict[str, int]
    slow: int
    by_primary: int
    by_fallback: int
    e2e_ms_p50: float | None
    e2e_ms_p99: float | None
    slowest_ms: float | None
    lag_ms_p99: float | None

    @property
    def failed_share(self) -> float:
        """Failed ÷ planned."""
        return self.failed / self.requests

    def as_dict(self) -> dict[str, Any]:
        """All figures, JSON-able."""
        return asdict(self) | {"failed_share": self.failed_share}


def rehearse(trial: Trial) -> Outcome:
    """Runs one trial and gives its figures. Raises TargetUnavailableError where HAProxy is absent."""
    slots = trial.slots if trial.fault == "overloaded" else 0
    primary_behaviour = Behaviour(trial.primary.ttft_ms, trial.primary.itl_ms, slots=slots)
    with (
        tempfile.TemporaryDirectory(prefix="spill-") as folder,
        serve_reference(primary_behaviour) as primary,
        serve_reference(trial.fallback) as fallback,
    ):
        placement = _placement(primary.port, fallback.port, slots or 10_000)
        with running([placement], Path(folder)):
            killed_ns: list[int] = []
            result = run_load(_plan(trial, placement, _killer(trial, primary, killed_ns)))
        answered = fallback.log()["requests"]
    return _judge(trial, result.records, answered, killed_ns)


def _placement(primary_port: int, fallback_port: int, connections: int) -> Placement:
    def pool(option: str, port: int, most: int) -> Pool:
        return Pool(
            option=option,
            servers=(Server("a", "127.0.0.1", port, max_connections=most),),
            served_model="reference",
        )

    return Placement(
        workload="rehearsal",
        primary=pool("accelerator-pool", primary_port, connections),
        fallback=pool("gpu-pool", fallback_port, 10_000),
        api="completions",
        listen_port=_free_port(),
        limits=Limits(answer_s=20),
    )


def _plan(trial: Trial, placement: Placement, progress: Callable[[str], None]) -> LoadPlan:
    schedule = Schedule.open_loop(
        "constant", rate_rps=trial.rate_rps, duration_s=trial.seconds, input_tokens=16,
        output_tokens=trial.tokens, seed=trial.seed,
    )  # fmt: skip
    return LoadPlan(
        base_url=f"http://127.0.0.1:{placement.listen_port}/v1",
        api="completions",
        model="reference",
        schedule=schedule,
        stream=trial.stream,
        timeout_s=15.0,
        calibrate=False,
        bounds=Bounds(),
        progress=progress,
    )


def _killer(trial: Trial, primary: Reference, killed_ns: list[int]) -> Callable[[str], None]:
    """Kills the primary pool when the load engine reports for the n-th time (it does so each second)."""
    import time

    calls = 0

    def progress(_line: str) -> None:
        nonlocal calls
        calls += 1
        if trial.fault in _SIGNALS and calls >= trial.kill_after_s and not killed_ns:
            killed_ns.append(time.monotonic_ns())
            os.kill(primary.pid, _SIGNALS[trial.fault])

    return progress


def _judge(trial: Trial, records: pl.DataFrame, answered: list[Any], killed_ns: list[int]) -> Outcome:
    import polars as pl

    failed = records.filter(pl.col("error_class").is_not_null())
    done = records.filter(pl.col("error_class").is_null() & pl.col("last_s").is_not_null())
    numbered = {int(one.request_id): one.read_ns for one in answered if one.request_id.isdigit()}
    killed_s = _seconds(records, numbered, killed_ns)
    late = failed if killed_s is None else failed.filter(pl.col("intended_s") > killed_s + SETTLED_S)
    e2e = ((done["last_s"] - done["intended_s"]) * 1e3).sort()
    alone = trial.fallback.ttft_ms + trial.fallback.itl_ms * trial.tokens
    last = failed["intended_s"].max()
    classes = failed["error_class"].value_counts().sort("error_class")
    lag = ((records["sent_s"] - records["intended_s"]) * 1e3).quantile(0.99)
    served = len(set(numbered) & set(done["index"].to_list()))
    return Outcome(
        fault=trial.fault,
        stream=trial.stream,
        requests=records.height,
        failed=failed.height,
        failed_late=late.height,
        last_failure_s=None if killed_s is None or last is None else float(last) - killed_s,  # type: ignore[arg-type]
        failure_classes={str(name): int(count) for name, count in classes.iter_rows()},
        slow=int((e2e > SLOW_FACTOR * alone).sum()),
        by_primary=done.height - served,
        by_fallback=served,
        e2e_ms_p50=e2e.quantile(0.5),
        e2e_ms_p99=e2e.quantile(0.99),
        slowest_ms=None if e2e.is_empty() else float(e2e[-1]),
        lag_ms_p99=lag,
    )


def _seconds(records: pl.DataFrame, numbered: dict[int, int], killed_ns: list[int]) -> float | None:
    """The kill in seconds of the run: the fallback's log joins the two clocks."""
    if not killed_ns or not numbered:
        return None
    sent = dict(zip(records["index"].to_list(), records["sent_s"].to_list(), strict=True))
    origin = min(
        read - sent[number] * 1e9 for number, read in numbered.items() if sent.get(number) is not None
    )
    return float(killed_ns[0] - origin) / 1e9


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])
