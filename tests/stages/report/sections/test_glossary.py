"""The glossary."""

from __future__ import annotations

from stages.report.sections.glossary import read_terms


def test_terms_are_sorted_and_their_anchors_unique() -> None:
    terms = read_terms()
    assert [t.term for t in terms] == sorted((t.term for t in terms), key=str.casefold)
    assert len({t.anchor for t in terms}) == len(terms)
    assert all(t.meaning.endswith(".") for t in terms)
