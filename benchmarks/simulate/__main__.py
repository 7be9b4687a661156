"""Simulated requests a second on one core, with every feature and every request's percentiles kept.

    python -m benchmarks.simulate [--requests 100000 1000000 10000000] [--out FILE]

Each size and server runs in a process of its own, so that peak memory is its own; compiling is not timed. The
load is Poisson with lognormal lengths (means 270 in, 75 out), sessions and two priorities.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from acceltrial.simulate import Load, Server, Simulation, StepTimes, simulate

STEPS = StepTimes(
    shared=6e-3, cache=5e-8, token=3.5e-5, attention=1e-9, sequence=1.1e-5, layers=5e-4, blend=1.65, base=0.04
)
RATE = 150.0
SERVERS = {
    "four replicas, prefixes": Server(cache_tokens=200_000, replicas=4, router="prefix_aware"),
    "all features": Server(
        cache_tokens=20_000,
        replicas=4,
        prefill_replicas=2,
        transfer_s_per_token=1e-6,
        router="prefix_aware",
        max_replicas=6,
        start_up_s=30.0,
        mtbf_s=20_000.0,
        repair_s=30.0,
        scale_up_at=24.0,
        scale_down_at=4.0,
    ),
}


def main() -> None:
    """Measures and prints; writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--one", nargs=2, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one[0], int(options.one[1]))))
        return
    rows = [_in_child(name, count) for count in options.requests for name in SERVERS]
    for row in rows:
        print(
            f"{row['server']:<26} {row['requests']:>11,} requests {row['requests_per_s']:>11,.0f} a second"
            f" {row['wall_s']:>7.1f} s, peak {row['peak_rss_mb']:>6.0f} MB"
            f" ({row['without_requests_mb']:.0f} MB of it without requests)"
        )
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n")


def measure(name: str, count: int) -> dict[str, object]:
    """One server under `count` requests."""
    simulate(load_of_size(10), STEPS, SERVERS[name])
    before = _peak_mb()
    found = simulate(load_of_size(count), STEPS, SERVERS[name], seed=1)
    return {
        "server": name,
        "requests": count,
        "wall_s": found.wall_s,
        "requests_per_s": count / found.wall_s,
        "peak_rss_mb": _peak_mb(),
        "without_requests_mb": before,
        "preemptions": _count(found, "PREEMPTIONS"),
        "retries": _count(found, "RETRIES"),
        "prefix_tokens_hit": _count(found, "HIT"),
    }


def load_of_size(count: int) -> Load:
    """Requests in sessions of about ten turns, with two priorities, in narrow types to keep memory small."""
    rng = np.random.default_rng(1)
    inputs = np.clip(rng.lognormal(5.2, 0.9, count), 1, 4000).astype(np.int32)
    outputs = np.clip(rng.lognormal(4.0, 0.8, count), 1, 1000).astype(np.int32)
    key = (
        np.arange(count, dtype=np.int32) // 1000 * 100 + rng.integers(0, 100, count, dtype=np.int32)
    ).astype(np.int32)
    return Load.of(
        np.cumsum(rng.exponential(1.0 / RATE, count)),
        inputs,
        outputs,
        key=key,
        prefix=inputs // 2,
        priority=rng.integers(0, 2, count, dtype=np.int8),
    )


def _count(found: Simulation, name: str) -> int:
    from acceltrial.simulate import state

    return int(found.replicas.counts[getattr(state, name)])


def _peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _in_child(name: str, count: int) -> dict[str, object]:
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.simulate", "--one", name, str(count)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    main()
