"""The reference server as a context."""

from __future__ import annotations

import os

import psutil

from acceltrial.load import serve_reference
from acceltrial.load.reference_server import Behaviour


def test_it_ends_with_its_block_and_takes_its_behaviour() -> None:
    with serve_reference(Behaviour(ttft_ms=7, tokens_per_chunk=2)) as reference:
        assert psutil.pid_exists(reference.pid)
        assert reference.behaviour.ttft_ms == 7
        assert reference.log()["requests"] == []
    assert not psutil.pid_exists(reference.pid) or psutil.Process(reference.pid).ppid() != os.getpid()
