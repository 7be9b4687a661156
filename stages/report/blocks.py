"""What a section is made of. Templates know these few shapes and nothing of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stages.report.changes import Changes
from stages.report.charts.drawing import Chart
from stages.report.shown import RowRegister, Shown
from stages.report.tables import Tables


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads to a fragment of the page."""

    text: str
    href: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A word with a tone: good, bad, warn or calm. The word alone carries the meaning."""

    text: str
    tone: str = "calm"
    note: str = ""


Piece = str | Shown | Link | Tag
Cell = Piece | Sequence[Piece]
_WIDTHS = ("", "mid", "long", "essay")
"""Classes of cells by the length of their text."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. `kind` is empty, `note` or `empty` (why there is nothing to show)."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table with a caption. The first column heads its row.

    `right` holds the positions of columns with figures; `folded` tables open on demand.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    id: str = ""
    right: frozenset[int] = frozenset()
    folded: bool = False
    note: str = ""
    anchors: Sequence[str] = ()
    """Ids of the rows, where rows are linked to."""

    @property
    def alignment(self) -> str:
        """The table's classes: `r2` puts column 2 to the right, `r2on` that one and all after it."""
        end = len(self.columns)
        start = next(n for n in range(end + 1) if self.right >= frozenset(range(n, end)))
        alone = [f"r{n}" for n in sorted(self.right) if n < start]
        return " ".join([*alone, f"r{start}on"] if start < end else alone)

    @property
    def widths(self) -> dict[tuple[int, int], str]:
        """Class by row and column of the cell that makes its column wide enough for prose.

        One cell is enough for a column: the first of its longest kind.
        """
        found: dict[tuple[int, int], str] = {}
        for column in set(range(1, len(self.columns))) - self.right:
            kinds = [_kind_of_width(row[column]) for row in self.rows if column < len(row)]
            if widest := max(kinds, key=_WIDTHS.index, default=""):
                found[kinds.index(widest), column] = widest
        return found


def _kind_of_width(cell: Cell) -> str:
    length = len(cell) if isinstance(cell, str) else 0
    return _WIDTHS[(length > 14) + (length > 48) + (length > 150)]


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts side by side where there is room."""

    charts: Sequence[Chart]
    legend: str = ""
    """`grades` prints what shape and colour of a mark mean."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    text: str
    id: str = ""


Block = Text | DataTable | Charts | Heading | object
"""A section's own dataclass may stand here too; its template has the name of its class."""


@dataclass(frozen=True, slots=True)
class Section:
    """One chapter: anchor, title, one or two sentences that say what to look for, and blocks."""

    id: str
    title: str
    group: str
    lead: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Material:
    """What every section is built from."""

    tables: Tables
    register: RowRegister
    now: datetime
    run: str = ""
    options_per_chart: int = 24
    options_per_table: int = 6
    changes: Changes | None = None
    """Since last quarter; None where no earlier roadmap was kept."""


def workload_link(material: Material, workload: str) -> Link:
    """The workload's id, leading to its decision card."""
    return Link(workload, f"#workload-{workload}", material.tables.title(workload))
