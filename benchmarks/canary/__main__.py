"""`python -m benchmarks.canary [--quick] [--families] [--power] [--only WORDS…] [--speed] [--out FILE]`.

The canary's judge in figures: rollbacks of our judge and of three others' rules on the same simulated
streams, the median time they took, and the speed of `acceltrial canary judge` on a file of recorded streams.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.canary.cells import CELLS, FAMILY_CELLS, POWER_CELLS, Cell, Result, run_cell
from benchmarks.canary.speed import measure_speed

WORKERS = 2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.canary", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the streams, in a few minutes")
    parser.add_argument("--families", action="store_true", help="also latencies of other shapes")
    parser.add_argument("--power", action="store_true", help="also the tail's figures with more traffic")
    parser.add_argument(
        "--only", nargs="+", metavar="WORDS", help="only the cells whose names hold one of these"
    )
    parser.add_argument("--speed", action="store_true", help="only the speed")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    chosen = parser.parse_args()
    if not chosen.speed:
        cells = [*CELLS, *(FAMILY_CELLS if chosen.families else []), *(POWER_CELLS if chosen.power else [])]
        wanted = [cell for cell in cells if any(words in cell.name for words in chosen.only or [""])]
        _simulate(wanted, 10 if chosen.quick else 1, chosen.out)
    if not chosen.only:
        print(measure_speed(100 if chosen.quick else 1000))


def _simulate(cells: list[Cell], fraction: int, out: Path | None) -> None:
    numbers = {cell.name: i for i, cell in enumerate([*CELLS, *FAMILY_CELLS, *POWER_CELLS])}
    found: list[Result] = []
    print(f"{'cell':38} {'streams':>7}  rollbacks, median minutes to them (to reach)", flush=True)
    with ProcessPoolExecutor(WORKERS) as pool:
        for cell in cells:
            found.append(run_cell(pool, cell, numbers[cell.name], cell.streams // fraction))
            _show(cell, found[-1])
            if out:
                out.write_text(json.dumps(found, indent=1) + "\n")


def _show(cell: Cell, result: Result) -> None:
    parts = []
    for rule, figures in result["rules"].items():
        at = "" if figures["median_min"] is None else f" {figures['median_min']:.0f} min"
        parts.append(f"{rule} {figures['rollback']:.1%}{at}")
    print(f"{cell.name:38} {result['streams']:7}  {'; '.join(parts)}  ({cell.goal})", flush=True)
    print(f"{'':47} {result['verdicts']}", flush=True)


if __name__ == "__main__":
    main()
