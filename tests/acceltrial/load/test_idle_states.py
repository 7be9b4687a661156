"""Cores kept awake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from acceltrial.load.idle_states import keep_cores_awake


def test_the_request_is_zero_microseconds_and_stays_open(tmp_path: Path) -> None:
    device = tmp_path / "cpu_dma_latency"
    device.touch()
    code = (
        "import os, pathlib, sys; from acceltrial.load.idle_states import keep_cores_awake as ask; "
        "path = pathlib.Path(sys.argv[1]); said = ask(path); "
        "held = {os.path.realpath(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')}; "
        "print(said, str(path) in held)"
    )
    said = subprocess.check_output([sys.executable, "-c", code, str(device)], text=True)
    assert said.split() == ["polling", "True"]
    assert device.read_bytes() == bytes(4)


def test_a_system_that_refuses_is_said(tmp_path: Path) -> None:
    assert keep_cores_awake(tmp_path / "absent") == "as the system sets them"
