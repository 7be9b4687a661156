"""`python -m benchmarks.rehearse [FAULT|kills ...]`: every fault and every kill, one table; about 15 minutes.

Raw records (journal, access log, the client's requests) stay below `.acceltrial/rehearsal/`.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from acceltrial.canary.rehearsal.faults import FAULTS, Fault
from acceltrial.canary.rehearsal.faulty import rehearse
from acceltrial.canary.rehearsal.kills import rehearse_kills

PLACE = Path(".acceltrial/rehearsal")
CACHE = Path(".acceltrial/cache")
KILLS = "kills"


def main() -> None:
    known = {fault.name: fault for fault in FAULTS}
    wanted = sys.argv[1:] or [*known, KILLS]
    for name in wanted:
        if name not in known and name != KILLS:
            sys.exit(f"no rehearsal '{name}'; there are: {', '.join([*known, KILLS])}")
    place = PLACE / time.strftime("%Y%m%dT%H%M%S")
    print("time-compressed: looks of 1 s, steps of 8 s; two llama.cpp servers share this machine's cores")
    for name in wanted:
        if name == KILLS:
            _kills(place / KILLS)
        else:
            _fault(known[name], place / name.replace(" ", "-").replace("%", "pct"))


def _fault(fault: Fault, folder: Path) -> None:
    folder.mkdir(parents=True)
    found = rehearse(fault, folder, CACHE)
    (folder / "result.json").write_text(json.dumps(asdict(found), indent=2))
    back = "–" if found.rollback_s is None else f"{found.rollback_s:.2f} s"
    right = "right" if found.right else "WRONG"
    print(
        f"{found.fault:14} {found.verdict:9} by {found.guardrail or '–':8} {right}"
        f" after {found.at_s:5.1f} s, back in {back}, share read {found.share_after:.0%},"
        f" {found.sent} sent at {found.rate_rps:.1f}/s, {found.lost} lost",
        flush=True,
    )


def _kills(folder: Path) -> None:
    folder.mkdir(parents=True)
    found = rehearse_kills(folder, CACHE)
    (folder / "result.json").write_text(json.dumps(asdict(found), indent=2))
    for kill in found.kills:
        after = "never" if kill.safe_after_s is None else f"{kill.safe_after_s:.1f} s"
        print(
            f"kill -9 at step {kill.step} ({kill.share_then:.0%}): baseline after {after},"
            f" then {kill.recovered}; share read {kill.share_after:.0%}"
        )
    print(f"kills: {found.sent} requests sent, {found.lost} lost", flush=True)


if __name__ == "__main__":
    main()
