"""The review's questions, a line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stages.report.blocks import Link, Material, Piece, Tag
from stages.report.sections.answers import Answer, answers, flip_words
from stages.report.shown import Shown
from tests.stages.report.sample_tables import sample_rows

Build = Callable[[dict[str, list[dict[str, Any]]]], Material]


def _text(answer: Answer) -> str:
    return " ".join(_words(piece) for piece in answer.answer)


def _words(piece: Piece) -> str:
    return piece.text if isinstance(piece, Shown | Link | Tag) else piece


def _answers(material: Material) -> dict[str, str]:
    recommended = [row for row in material.tables["decisions"].to_dicts() if row["option"]]
    return {answer.question: _text(answer) for answer in answers(material, recommended)}


def test_each_question_has_its_answer(material: Material) -> None:
    found = _answers(material)
    assert found["What to run where"] == (
        "h100-sxm for 2, local-llamacpp-q4 for 1, local-minilm-torch for 1, local-torch-training for 1"
        " of 6 workloads. Nothing can be recommended for fraud-scoring."
    )
    assert found["What it costs and saves"].startswith("$900 a month. $")
    assert "less than GPUs only, over the 5 of 6 workloads" in found["What it costs and saves"]
    assert "of the draws for 5 of 5 workloads" in found["How sure it is"]
    assert found["What would change it"].startswith(
        "domain-finetune goes to h100-sxm-x1-bf16 when the winner's price is 1.3 times today's."
    )
    assert list(found) == [
        "What to run where", "What it costs and saves", "How sure it is", "What would change it",
    ]  # fmt: skip


def test_a_portfolio_of_gpus_saves_nothing_against_gpus(material_of: Build) -> None:
    found = _answers(material_of(sample_rows(only=("support-chat",))))
    assert "every recommendation is a GPU" in found["What it costs and saves"]


def test_what_is_unknown_says_so(material_of: Build) -> None:
    rows = sample_rows(only=("support-chat",))
    rows |= {"costs": [], "flips": [], "plan": [], "ranking": [], "candidates": []}
    found = _answers(material_of(rows))
    assert "is unknown" in found["What it costs and saves"]
    assert "No point at which" in found["What would change it"]
    assert answers(material_of({}), []) == []


def test_a_flip_without_rival_names_none() -> None:
    flip = {"rival": None, "kind": "volume", "factor": 0.5}
    assert flip_words(flip) == "goes to another option when the volume is 0.5 times today's"
