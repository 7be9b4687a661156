"""Workers as Ray actors, on a cluster or on this machine. Ray is loaded on use only."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any, TypeVar

from acceltrial.errors import ConfigurationError, TargetUnavailableError
from acceltrial.load.job import SETTINGS
from acceltrial.load.processes import child_environment
from acceltrial.load.scale_out.clocks import Stamps
from acceltrial.load.scale_out.run import WorkerLostError
from acceltrial.load.scale_out.worker import Collected, ShardWorker

T = TypeVar("T")
_COME_UP_S = 120.0


class RayWorker:
    """One actor."""

    def __init__(self, actor: Any, number: int) -> None:
        self._actor = actor
        self._number = number

    def about(self) -> dict[str, Any]:
        """Where it runs."""
        found: dict[str, Any] = self._get(self._actor.about.remote())
        return found

    def stamps(self) -> Stamps:
        """Its clock."""
        return Stamps(*self._get(self._actor.stamps.remote()))

    def prepare(self, files: dict[str, bytes], shard: int) -> None:
        """Lays a shard down and has it warm up, which takes as long as the server does."""
        warms_up = json.loads(files[SETTINGS])["warm_up"]
        self._get(self._actor.prepare.remote(files, shard), None if warms_up else _COME_UP_S)

    def start(self, start_ns: int) -> None:
        """Starts at a time of its clock."""
        self._get(self._actor.start.remote(start_ns))

    def collect(self, deadline_s: float) -> Collected:
        """Waits for the end."""
        found: Collected = self._get(self._actor.collect.remote(deadline_s))
        return found

    def _get(self, reference: Any, timeout_s: float | None = None) -> Any:
        import ray

        try:
            return ray.get(reference, timeout=timeout_s)
        except ray.exceptions.RayTaskError as error:
            raise error.as_instanceof_cause() from error
        except (ray.exceptions.RayError, TimeoutError) as error:
            raise WorkerLostError(
                f"it does not answer ({type(error).__name__})", where=f"worker {self._number}"
            ) from error


@contextmanager
def ray_workers(address: str, count: int) -> Iterator[list[RayWorker]]:
    """`count` workers on the cluster at `address`, or on a cluster of this machine where it is empty.

    Raises:
        ConfigurationError: Ray is not installed.
        TargetUnavailableError: no cluster answers at the address, or it has no room for the workers.
    """
    if find_spec("ray") is None:
        raise ConfigurationError(
            "ray is not installed", where="--scale-out ray", remedy="pip install 'acceltrial[ray]'"
        )
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    path = {"PYTHONPATH": child_environment()["PYTHONPATH"]}
    settings: dict[str, Any] = {"log_to_driver": False, "runtime_env": {"env_vars": path}}
    local = {"num_cpus": max(count, os.cpu_count() or 1), "include_dashboard": False}
    try:
        ray.init(**settings, **({"address": address} if address else local), logging_level="ERROR")
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise TargetUnavailableError(
            f"no Ray cluster can be used ({str(error).splitlines()[0][:200]})",
            where=address or "this machine",
            remedy="check `ray status` and the address",
        ) from error
    try:
        yield _started(ray, count)
    finally:
        ray.shutdown()


def _started(ray: Any, count: int) -> list[RayWorker]:
    """Spread over the machines, one core each."""
    actor: Callable[..., Any] = ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(
        ShardWorker
    )
    actors = [actor.remote() for _ in range(count)]  # type: ignore[attr-defined]
    ready, missing = ray.wait([one.about.remote() for one in actors], num_returns=count, timeout=_COME_UP_S)
    if missing:
        with suppress(Exception):
            for one in actors:
                ray.kill(one)
        raise TargetUnavailableError(
            f"{len(ready)} of {count} workers came up within {_COME_UP_S:.0f} s",
            where="Ray cluster",
            remedy="ask for fewer workers, or add machines",
        )
    return [RayWorker(one, number) for number, one in enumerate(actors)]
