"""`python -m benchmarks.fallback [SECONDS]`: lost and slowed requests at 200/s while a pool fails."""

from __future__ import annotations

import sys

from acceltrial.placement.rehearsal import Trial, rehearse

TRIALS = (
    ("no fault, streaming", Trial("none")),
    ("killed, streaming", Trial("killed")),
    ("killed, whole answers", Trial("killed", stream=False)),
    ("frozen, streaming", Trial("frozen")),
    ("frozen, whole answers", Trial("frozen", stream=False)),
    ("overloaded, streaming", Trial("overloaded")),
    ("overloaded, whole answers", Trial("overloaded", stream=False)),
)


def main() -> None:
    from dataclasses import replace

    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
    print("target: at most 0.5 % failed, none later than 2 s after the kill")
    print(
        f"{'trial':26} {'sent':>6} {'failed':>7} {'share':>7} {'late':>5} {'slow':>5} {'primary':>8}"
        f" {'fallback':>8} {'p50 ms':>7} {'p99 ms':>7} {'worst ms':>8} {'lag p99':>8}  failures"
    )
    for name, trial in TRIALS:
        found = rehearse(replace(trial, seconds=seconds, kill_after_s=max(1, int(seconds / 3))))
        classes = ", ".join(f"{kind} {count}" for kind, count in found.failure_classes.items()) or "–"
        print(
            f"{name:26} {found.requests:6} {found.failed:7} {found.failed_share:7.2%} {found.failed_late:5}"
            f" {found.slow:5} {found.by_primary:8} {found.by_fallback:8} {found.e2e_ms_p50 or 0:7.1f}"
            f" {found.e2e_ms_p99 or 0:7.1f} {found.slowest_ms or 0:8.1f} {found.lag_ms_p99 or 0:8.2f}"
            f"  {classes}",
            flush=True,
        )


if __name__ == "__main__":
    main()
