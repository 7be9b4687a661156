"""The five questions every team asks, answered from the portfolio's own rows."""

from __future__ import annotations

from stages.report.advice import Advice, Figure, advise
from stages.report.blocks import Cell, DataTable, Link, Material, Piece, Section, Tag
from stages.report.formatting import plural
from stages.report.shown import Shown

MOST_LINKS = 3
"""As many of the rows behind a figure are linked; the rest are counted."""


def build(material: Material) -> Section:
    """One row a question; every figure leads to the rows that give it."""
    lead = "Computed from this evaluation's tables. Where they do not hold the answer, it says so."
    found = advise(material.tables)
    rows: list[list[Cell]] = [
        [advice.question, _answer(advice), " ".join(advice.reasons), _figures(material, advice.figures)]
        for advice in found
    ]
    columns = ("Question", "Answer", "Reasons", "Figures")
    return Section("advice", "Advice", "Decide", lead, [DataTable("Five questions", columns, rows)])


def _answer(advice: Advice) -> Cell:
    return advice.answer if advice.sure else [advice.answer, Tag("too little evidence", "warn")]


def _figures(material: Material, figures: tuple[Figure, ...]) -> list[Piece]:
    pieces: list[Piece] = []
    for figure in figures:
        links = [material.register.cite(table, row) for table, row in figure.rows[:MOST_LINKS]]
        pieces.append(f"{figure.label}: ")
        pieces.append(
            Shown(figure.text, grade=figure.grade, href=links[0] if links else "", why=figure.label)
        )
        pieces += [Link(f"row {position}", href) for position, href in enumerate(links[1:], start=2)]
        if len(figure.rows) > MOST_LINKS:
            pieces.append(f"and {plural(len(figure.rows) - MOST_LINKS, 'more row')}")
    return pieces
