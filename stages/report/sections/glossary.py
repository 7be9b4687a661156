"""Every term of the report, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from stages.report.blocks import Material, Section

_TERMS = Path(__file__).parents[1] / "glossary.yaml"


@dataclass(frozen=True, slots=True)
class Term:
    """A word, its anchor and what it means here."""

    term: str
    anchor: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Glossary:
    """Terms in alphabetical order."""

    terms: Sequence[Term]


def read_terms() -> list[Term]:
    """The terms with their anchors."""
    terms = yaml.safe_load(_TERMS.read_text(encoding="utf-8"))
    return [Term(name, f"term-{_slug(name)}", terms[name]) for name in sorted(terms, key=str.casefold)]


def build(_material: Material) -> Section:
    """The glossary."""
    return Section("glossary", "Glossary", "Appendix", "", [Glossary(read_terms())])


def _slug(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())
