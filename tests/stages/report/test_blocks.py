"""Columns of tables: what stands at the right, and which cell makes a column wide."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.report import page
from stages.report.blocks import Cell, DataTable

STYLE = Path(page.__file__).with_name("style.css").read_text()


@pytest.mark.parametrize(
    ("right", "columns", "classes"),
    [
        (set(), 3, ""),
        ({0, 2}, 5, "r0 r2"),
        ({1, 2, 3}, 4, "r1on"),
        ({1, 3, 4}, 5, "r1 r3on"),
        ({0}, 1, "r0on"),
        (set(range(2, 30)), 30, "r2on"),
    ],
)
def test_columns_at_the_right_have_classes_that_the_style_knows(
    right: set[int], columns: int, classes: str
) -> None:
    table = DataTable("c", [str(n) for n in range(columns)], [], right=frozenset(right))
    assert table.alignment == classes
    assert all(f".{name} td" in STYLE for name in classes.split())


def test_the_first_cell_of_the_longest_kind_makes_its_column_wide() -> None:
    mid, long, essay = "m" * 15, "l" * 49, "e" * 151
    rows: list[list[Cell]] = [
        [essay, mid, "short", [essay, essay], essay],
        [essay, long, "short", mid, essay],
        [essay, long, "short", "", essay],
        [essay],
    ]
    table = DataTable("c", list("abcde"), rows, right=frozenset({4}))
    assert table.widths == {(1, 1): "long", (1, 3): "mid"}
    assert DataTable("c", ["a", "b"], []).widths == {}
