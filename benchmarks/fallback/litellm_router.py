"""`python -m benchmarks.fallback.litellm_router PEER_PYTHON`: LiteLLM's router on our export, a pool killed.

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

from acceltrial.load import serve_reference
from acceltrial.load.reference_server import Behaviour
from acceltrial.placement import litellm
from acceltrial.placement.model import Limits, Placement, Pool, Server

RATE, SECONDS, KILL_AFTER_S = 20.0, 18.0, 5.0
LIMITS = Limits(answer_s=10, cooldown_s=5)


def main() -> None:
    """Kills the primary pool, brings nothing back, and tells lost, slowed and moved requests."""
    python = sys.argv[1]
    with (
        tempfile.TemporaryDirectory(prefix="litellm-") as folder,
        serve_reference(Behaviour(ttft_ms=20.0, itl_ms=2.0)) as primary,
        serve_reference(Behaviour(ttft_ms=40.0, itl_ms=4.0)) as fallback,
    ):
        files, _ = litellm.render([_placement(primary.port, fallback.port)])
        config = Path(folder) / "config.yaml"
        config.write_text(files[0].text, encoding="utf-8")
        _tell(_run(python, config, primary.pid))


def _placement(primary_port: int, fallback_port: int) -> Placement:
    pools = [
        Pool(option=name, servers=(Server("a", "127.0.0.1", port),), served_model="reference")
        for name, port in (("accelerator-pool", primary_port), ("gpu-pool", fallback_port))
    ]
    return Placement(workload="rehearsal", primary=pools[0], fallback=pools[1], api="chat", limits=LIMITS)


def _run(python: str, config: Path, pid: int) -> list[list[Any]]:
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
        os.kill(pid, signal.SIGKILL)
        found: list[list[Any]] = json.loads(peer.stdout.readline())
    return found


def _tell(found: list[list[Any]]) -> None:
    before = [row for row in found if row[0] < KILL_AFTER_S - 0.5]
    after = [row for row in found if row[0] >= KILL_AFTER_S - 0.5]
    failed = [row for row in found if row[3]]
    print(f"{len(found)} requests at {RATE:g}/s; primary pool killed after {KILL_AFTER_S:g} s")
    print(
        f"failed {len(failed)} ({len(failed) / len(found):.2%}): {sorted({row[3] for row in failed}) or '–'}"
    )
    for name, rows in (("before", before), ("after", after)):
        took = sorted(row[1] * 1e3 for row in rows if not row[3])
        moved = sum("gpu-pool" in row[2] for row in rows)
        if took:
            print(
                f"{name:6} answered {len(took)}, {moved} of them by the fallback;"
                f" p50 {statistics.median(took):.0f} ms, slowest {took[-1]:.0f} ms"
            )


if __name__ == "__main__":
    main()
