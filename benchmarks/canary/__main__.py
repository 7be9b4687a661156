"""`python -m benchmarks.canary [STREAMS]`: rollbacks by cell, the time they took, the judge's own speed."""

from __future__ import annotations

import sys
import time

import numpy as np

from acceltrial.canary.guardrails import JudgeSettings
from acceltrial.canary.judge import judge
from benchmarks.canary.streams import Trouble, simulate

CELLS = {
    "identical arms": Trouble(),
    "arms drift by 3 %": Trouble(drift=0.03),
    "cold start ×1.3": Trouble(cold=1.3),
    "cold start ×3": Trouble(cold=3.0),
    "200/s, arms drift by 3 %": Trouble(rate=200.0, drift=0.03),
    "all latencies +25 %": Trouble(scale=1.25),
    "tail only +25 % of p99": Trouble(tail=1.25),
    "tail only +50 % of p99": Trouble(tail=1.5),
    "errors 1 → 2 %": Trouble(errors=(0.01, 0.02)),
    "errors 1 → 5 %": Trouble(errors=(0.01, 0.05)),
    "2/s": Trouble(rate=2.0),
}


def main() -> None:
    streams = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    settings = JudgeSettings()
    print(f"{streams} streams a cell, one hour, canary 5 %, looks each minute, alpha {settings.alpha:g}")
    print(f"{'cell':28} {'rollback':>9} {'median min':>11} {'other verdicts':30} {'ms/stream':>9}")
    for number, (name, trouble) in enumerate(CELLS.items()):
        count = max(streams // 10, 3) if trouble.rate > 100 else streams
        verdicts, at, spent = [], [], 0.0
        for i in range(count):
            records = simulate(trouble, (number, i))
            begun = time.process_time()
            found = judge(records, settings)
            spent += time.process_time() - begun
            verdicts.append(found.verdict)
            if found.verdict == "rollback":
                at.append(found.at_s / 60)
        others = {v: verdicts.count(v) for v in sorted(set(verdicts)) if v != "rollback"}
        text = ", ".join(f"{v} {n}" for v, n in others.items())
        median = f"{np.median(at):.0f}" if at else "–"
        print(
            f"{name:28} {len(at) / count:9.1%} {median:>11} {text:30} {spent / count * 1e3:9.1f}", flush=True
        )


if __name__ == "__main__":
    main()
