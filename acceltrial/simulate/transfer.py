"""Requests on their way from a prefill replica to a decode replica, in compiled code."""

from __future__ import annotations

import heapq
from typing import Any

from acceltrial.simulate.compiled import compiled
from acceltrial.simulate.state import Array, Replicas, Settings


@compiled
def send(c: Settings, q: Array, x: Replicas, r: int, i: int, sent: Any) -> None:
    """Sends a request's keys and values on; it arrives after their transfer."""
    q[i].moved = 1
    heapq.heappush(sent, (x.rep[r].now + q[i].inputs * c.transfer_s_per_token, i))
