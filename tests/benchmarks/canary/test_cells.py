from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from benchmarks.canary.cells import CELLS, FAMILY_CELLS, OURS, POWER_CELLS, Cell, run_cell
from benchmarks.canary.peers import PEERS
from benchmarks.canary.streams import Trouble


def test_every_cell_has_a_name_of_its_own_a_goal_and_enough_streams():
    cells = [*CELLS, *FAMILY_CELLS, *POWER_CELLS]
    assert len({cell.name for cell in cells}) == len(cells)
    for cell in cells:
        harmless = Trouble(
            cell.trouble.rate, family=cell.trouble.family, drift=cell.trouble.drift, cold=cell.trouble.cold
        )
        assert cell.goal
        assert cell.streams >= (1000 if cell.trouble == harmless and cell.trouble.rate > 2 else 300)


def test_a_cell_counts_the_rollbacks_of_every_rule_and_is_its_seed():
    cell = Cell("x", Trouble(minutes=12, errors=(0.0, 0.5)), 4, "all")
    with ThreadPoolExecutor(2) as pool:
        found, again = (run_cell(pool, cell, 3, 4) for _ in range(2))
    assert found == again
    assert set(found["rules"]) == {OURS, *PEERS}
    assert found["rules"][OURS]["rollback"] == 1
    assert 1 <= (found["rules"][OURS]["median_min"] or 0) <= 3
    assert found["verdicts"] == {"rollback": 4}
