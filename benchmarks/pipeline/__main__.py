"""What the orchestration costs: the stages as plain functions, through `dvc repro`, and through the flow.

    python -m benchmarks.pipeline [--out FILE]

Runs on copies of a workspace that was evaluated before, so that every measured cell is there and what is
left is the work of the pipeline itself. Each way starts from the same copy, without outputs and without
DVC's record. Wall time is of one child process a way; peak memory of the largest process in it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from stages.dvc_yaml import render
from stages.running.workspace import CHECKOUT, find_workspace

PLAIN = """
import json, sys, time
from stages.registry import all_stages
from stages.running.runner import run_stage
from stages.running.workspace import Workspace
from pathlib import Path
workspace, walls = Workspace(Path(sys.argv[1])), {}
for stage in all_stages():
    start = time.monotonic()
    run_stage(stage, workspace)
    walls[stage.name] = time.monotonic() - start
print(json.dumps(walls))
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """One way of running the pipeline, once."""

    way: str
    wall_s: float
    peak_rss_mb: float
    by_stage_s: dict[str, float]


def main() -> None:
    """Measures and prints; writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    source = find_workspace(options.workspace).root
    if not (source / ".acceltrial/cells/benchmark").is_dir():
        sys.exit("no measured cells here: run `make evaluate` first")
    timings = []
    with tempfile.TemporaryDirectory(dir=CHECKOUT / ".acceltrial") as scratch:
        for way in ("plain functions", "dvc repro", "flow", "flow, nothing changed"):
            folder = Path(scratch) / way.split(",")[0].replace(" ", "-")
            if not way.endswith("nothing changed"):
                copy_workspace(source, folder)
            timings.append(measure(way, folder))
            show(timings[-1])
    if options.out:
        options.out.write_text(json.dumps([asdict(t) for t in timings], indent=1))


def copy_workspace(source: Path, folder: Path) -> None:
    """Inputs and finished cells, but neither outputs nor DVC's record."""
    for part in ("data/portfolio", "data/catalogue", ".acceltrial/cells"):
        shutil.copytree(source / part, folder / part)
    shutil.copy2(source / "params.yaml", folder)
    (folder / "dvc.yaml").write_text(render(folder))
    subprocess.run([_tool("dvc"), "init", "--no-scm", "-q"], cwd=folder, check=True)


def measure(way: str, folder: Path) -> Timing:
    """Runs one way in a child process and waits for it."""
    commands = {
        "plain functions": [sys.executable, "-c", PLAIN, str(folder)],
        "dvc repro": [_tool("dvc"), "repro", "-q"],
    }
    command = commands.get(way, [_tool("acceltrial"), "evaluate", "--json"])
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder / 'mlflow.db'}"
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{way} failed")
    return Timing(way, wall, usage.ru_maxrss / 1024, _stages(way, output))


def _stages(way: str, output: str) -> dict[str, float]:
    if way == "plain functions":
        return dict(json.loads(output.splitlines()[-1]))
    if way.startswith("flow"):
        return {row["stage"]: row["wall_s"] for row in json.loads(output)["stages"]}
    return {}


def show(timing: Timing) -> None:
    """One line a way, one a stage."""
    print(f"{timing.way:<24} {timing.wall_s:7.1f} s   peak {timing.peak_rss_mb:6.0f} MB", flush=True)
    for stage, wall in timing.by_stage_s.items():
        print(f"    {stage:<20} {wall:7.1f} s")


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


if __name__ == "__main__":
    main()
