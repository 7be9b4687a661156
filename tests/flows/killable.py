"""A toy evaluation in a process of its own, slow in one cell: it is started to be killed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from flows.settings import prepare_environment
from stages.contract import Cell, Context, Inputs
from stages.running.workspace import Workspace, held
from tests.stages.running.toy import DOUBLE, SumGrid, ToyParams, sum_stage

root, pause_s = Path(sys.argv[1]), float(sys.argv[2])


class SlowGrid(SumGrid):
    """Pauses in the cell that holds a device, and leaves a mark for each cell that it runs."""

    def run_cell(self, cell: Cell, inputs: Inputs, params: ToyParams, context: Context) -> None:
        """As the toy does, with a mark before and a pause in the middle."""
        with (root / "ran.txt").open("a") as marks:
            marks.write(f"{cell.key}\n")
        if cell.device:
            time.sleep(pause_s)
        super().run_cell(cell, inputs, params, context)


prepare_environment(root / ".prefect")
import flows.evaluate as module  # noqa: E402 (after the environment is set)
from flows.services import temporary_prefect_server  # noqa: E402

stages: list[Any] = [DOUBLE, sum_stage(SlowGrid())]
module.all_stages = lambda: stages  # type: ignore[assignment]
module._publish = lambda *_: None  # type: ignore[assignment]
workspace = Workspace(root)
with held(workspace), temporary_prefect_server():
    module.evaluate_flow(str(root))
