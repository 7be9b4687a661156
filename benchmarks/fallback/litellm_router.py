"""`python -m benchmarks.fallback.litellm_router PEER_PYTHON`: LiteLLM's router, a pool killed and back.

PEER_PYTHON is the Python of an environment in which `litellm` is installed.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from acceltrial.load import Reference, serve_reference
from acceltrial.load.reference_server import Behaviour
from acceltrial.placement import litellm
from acceltrial.placement.model import Limits, Placement, Pool, Server

RATE, SECONDS, KILL_AFTER_S, BACK_AFTER_S = 20.0, 24.0, 5.0, 11.0
LIMITS = Limits(answer_s=10, cooldown_s=5)
PRIMARY, FALLBACK = Behaviour(ttft_ms=20.0, itl_ms=2.0), Behaviour(ttft_ms=40.0, itl_ms=4.0)


def main() -> None:
    """Kills the primary pool, starts it again, and tells lost, slowed and moved requests."""
    python = sys.argv[1]
    with (
        tempfile.TemporaryDirectory(prefix="litellm-") as folder,
        serve_reference(PRIMARY) as primary,
        serve_reference(FALLBACK) as fallback,
    ):
        files, _ = litellm.render([_placement(primary.port, fallback.port)])
        config = Path(folder) / "config.yaml"
        config.write_text(files[0].text, encoding="utf-8")
        _tell(_run(python, config, primary))


def _placement(primary_port: int, fallback_port: int) -> Placement:
    pools = [
        Pool(option=name, servers=(Server("a", "127.0.0.1", port),), served_model="reference")
        for name, port in (("accelerator-pool", primary_port), ("gpu-pool", fallback_port))
    ]
    return Placement(workload="rehearsal", primary=pools[0], fallback=pools[1], api="chat", limits=LIMITS)


def _run(python: str, config: Path, primary: Reference) -> list[list[Any]]:
    script = Path(__file__).with_name("litellm_peer.py")
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "*"}
    with subprocess.Popen(
        [python, str(script), str(config), "rehearsal", str(RATE), str(SECONDS)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
    ) as peer:  # fmt: skip
        assert peer.stdout is not None
        if peer.stdout.readline().strip() != "ready":
            raise SystemExit(f"LiteLLM did not start under {python}")
        time.sleep(KILL_AFTER_S)
        os.kill(primary.pid, signal.SIGKILL)
        time.sleep(BACK_AFTER_S - KILL_AFTER_S)
        with serve_reference(PRIMARY, port=primary.port):
            found: list[list[Any]] = json.loads(peer.stdout.readline())
    return found


def _tell(found: list[list[Any]]) -> None:
    edges = (0.0, KILL_AFTER_S - 0.5, BACK_AFTER_S, SECONDS)
    failed = [row for row in found if row[3]]
    print(
        f"{len(found)} requests at {RATE:g}/s; primary pool killed after {KILL_AFTER_S:g} s,"
        f" started again after {BACK_AFTER_S:g} s; {LIMITS.allowed_failures} failures a minute allowed,"
        f" cooldown_time {LIMITS.cooldown_s} s"
    )
    print(
        f"failed {len(failed)} ({len(failed) / len(found):.2%}): {sorted({row[3] for row in failed}) or '–'}"
    )
    for name, start, end in zip(("before", "killed", "back"), edges, edges[1:], strict=False):
        rows = [row for row in found if start <= row[0] < end]
        took = sorted(row[1] * 1e3 for row in rows if not row[3])
        moved = sum("gpu-pool" in row[2] for row in rows)
        if took:
            print(
                f"{name:6} answered {len(took)}, {moved} of them by the fallback;"
                f" p50 {statistics.median(took):.0f} ms, slowest {took[-1]:.0f} ms"
            )
    returned = [row[0] for row in found if row[0] >= BACK_AFTER_S - 1 and "accelerator-pool" in row[2]]
    if returned:
        print(f"the primary answered again {min(returned) - BACK_AFTER_S:.1f} s after its start")
    else:
        print("the primary was not asked again")


if __name__ == "__main__":
    main()
