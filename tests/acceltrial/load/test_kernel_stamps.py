"""Arrival times by the kernel."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from acceltrial.load.kernel_stamps import ANCILLARY_SIZE, KernelStamps


def test_bytes_are_stamped_when_they_arrive_not_when_they_are_read() -> None:
    kernel = KernelStamps()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        kernel.watch(client)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        sent_ns = time.monotonic_ns()
        server.sendall(b"hello")
        server.close()
        time.sleep(0.2)  # the reader is busy elsewhere
        kernel.synchronise()
        inbox = bytearray(64)
        size, ancillary, _, _ = client.recvmsg_into([inbox], ANCILLARY_SIZE)
    now_ns = time.monotonic_ns()
    assert size == 5
    if not ancillary:
        pytest.skip("this kernel does not stamp")
    stamp = kernel.stamp(ancillary[0][2], sent_ns, now_ns)
    assert sent_ns <= stamp < now_ns - 100_000_000
    assert kernel.taken == 1


def test_a_clock_that_jumped_is_not_believed() -> None:
    kernel = KernelStamps()
    now_ns = time.monotonic_ns()
    for wall_ns in (time.time_ns() + 3_600 * 10**9, time.time_ns() - 3_600 * 10**9):
        data = struct.pack("@ll", *divmod(wall_ns, 10**9))
        assert kernel.stamp(data, now_ns - 1_000, now_ns) == now_ns
    assert kernel.stamp(b"short", 0, now_ns) == now_ns
    assert kernel.taken == 0
