"""How large the instrument's own error may be before a run counts for nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Each error may reach the larger of an absolute floor and a share of what was measured.

    A lag of 5 ms ruins a TTFT of 20 ms and does not matter to one of 2 s: hence the shares.

    Attributes:
        lag_p99_ms, ttft_p99_ms, itl_p99_ms: floors on the p99 of send lag, TTFT error and ITL error.
        share: of the measured median TTFT (for lag and TTFT error) or ITL (for ITL error).
        cpu_share: of one core, the busiest load process. Above it, queueing inside the client shows.
    """

    lag_p99_ms: float = 5.0
    ttft_p99_ms: float = 2.0
    itl_p99_ms: float = 1.0
    share: float = 0.05
    cpu_share: float = 0.85
