"""HAProxy and real servers: the accelerator pool dies or is overloaded, the GPU pool takes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.load import serve_reference
from acceltrial.placement.model import Placement, Pool, Server
from acceltrial.placement.proxy import running
from acceltrial.placement.rehearsal import Trial, rehearse
from acceltrial.proxies import haproxy_program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.live,
    pytest.mark.skipif(
        haproxy_program() is None,
        reason="haproxy is not installed (apt-get install haproxy)",
    ),
]


@pytest.mark.parametrize("stream", [True, False])
def test_a_killed_pool_costs_at_most_the_streams_that_were_open(stream: bool) -> None:
    found = rehearse(Trial("killed", stream=stream, seconds=9, kill_after_s=3))
    assert found.requests == 1_800
    assert found.failed_share <= 0.005
    assert found.failed_late == 0
    assert found.by_fallback > 900
    assert set(found.failure_classes) <= {"closed_early"}
    if not stream:
        assert found.failed == 0


def test_after_a_pool_hangs_traffic_moves_within_two_seconds() -> None:
    found = rehearse(Trial("frozen", stream=False, seconds=8, kill_after_s=3))
    assert found.failed_share <= 0.005
    assert found.failed_late == 0
    assert found.by_fallback > 500


def test_an_overloaded_pool_spills_without_loss() -> None:
    found = rehearse(Trial("overloaded", seconds=6))
    assert found.failed == 0
    assert found.by_fallback > 100
    assert found.by_primary > 100


def test_without_a_fault_nothing_spills() -> None:
    found = rehearse(Trial("none", seconds=4))
    assert (found.failed, found.by_fallback) == (0, 0)


def test_runtime_commands_move_traffic(tmp_path: Path) -> None:
    with serve_reference() as first, serve_reference() as second:
        placement = Placement(
            workload="levers",
            primary=Pool(option="a", servers=(Server("a", "127.0.0.1", first.port),), served_model="m"),
            fallback=Pool(option="b", servers=(Server("b", "127.0.0.1", second.port),), served_model="m"),
            listen_port=18_473,
        )
        with running([placement], tmp_path) as proxy:
            assert proxy.command("set server levers_primary/primary-a state maint") == ""
            assert proxy.up()["levers_primary/primary-a"] is False
            assert proxy.command("set weight levers_primary/primary-a 25%") == ""
            assert proxy.command("set server levers_primary/primary-a state ready") == ""
            assert proxy.up()["levers_primary/primary-a"] is True
