"""A two-stage toy pipeline for tests of the machinery: real files, no engines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.base import Table
from stages.contract import Cell, Context, Inputs, Outputs, PlainFile, Stage, StageParams, TableFile
from stages.running.workspace import Workspace


class Numbers(Table):
    """Numbers of at least zero."""

    name: str
    number: float = pa.Field(ge=0)


class ToyParams(StageParams):
    """Parameters of both toy stages."""

    factor: float = 2.0
    cells: int = 3


SOURCE = PlainFile("data/portfolio")
NUMBERS = TableFile("data/stages/double/numbers.parquet", Numbers)
SUMS = TableFile("data/stages/sum/sums.parquet", Numbers)


def double(inputs: Inputs, params: ToyParams, context: Context) -> Outputs:
    """Every number of the source, times the factor."""
    text = (inputs.path("portfolio") / "numbers.txt").read_text()
    rows = [line.split() for line in text.splitlines()]
    frame = pl.DataFrame(
        {"name": [r[0] for r in rows], "number": [float(r[1]) * params.factor for r in rows]},
        schema={"name": pl.String, "number": pl.Float64},
    )
    return {"numbers": frame}


class SumGrid:
    """Cells that each add their index; `fail` names a cell that breaks."""

    cell_version = "1"

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.fail = ""

    def split(self, inputs: Inputs, params: ToyParams) -> list[Cell]:
        """As many cells as asked for; the odd ones hold a device and expire."""
        total = inputs.table("numbers")["number"].sum()
        return [
            Cell(
                f"c{i}",
                {"i": i, "total": total},
                device="toy" if i % 2 else "",
                max_age_h=1.0 if i % 2 else None,
            )
            for i in range(params.cells)
        ]

    def run_cell(self, cell: Cell, inputs: Inputs, params: ToyParams, context: Context) -> None:
        """Writes the sum."""
        if cell.key == self.fail:
            raise RuntimeError("this cell breaks")
        self.ran.append(cell.key)
        (context.scratch / "value.txt").write_text(str(cell.spec["total"] + cell.spec["i"]))

    def join(
        self,
        cells: list[Cell],
        results: Mapping[str, Path],
        inputs: Inputs,
        params: ToyParams,
        context: Context,
    ) -> Outputs:
        """One row a cell."""
        values = [float((results[c.key] / "value.txt").read_text()) for c in cells]
        return {"sums": pl.DataFrame({"name": [c.key for c in cells], "number": values})}


DOUBLE: Stage[Any] = Stage("double", "1", ToyParams, (SOURCE,), (NUMBERS,), run=double)


def sum_stage(grid: SumGrid) -> Stage[Any]:
    """The second stage, with its own grid."""
    return Stage("sum", "1", ToyParams, (NUMBERS,), (SUMS,), grid=grid)


def toy_workspace(root: Path) -> Workspace:
    """A workspace with three numbers."""
    (root / "data/portfolio").mkdir(parents=True)
    (root / "data/portfolio/numbers.txt").write_text("a 1\nb 2\nc 3\n")
    (root / "params.yaml").write_text("double: {}\nsum: {}\n")
    return Workspace(root)
