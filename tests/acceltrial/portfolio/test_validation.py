from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field

from acceltrial.errors import ConfigurationError
from acceltrial.portfolio.document import parse_document
from acceltrial.portfolio.section import Section
from acceltrial.portfolio.validation import validate


class Inner(Section):
    depth: int


class Cat(Section):
    kind: Literal["cat"]
    lives: int = 9
    inner: Inner | None = None


class Dog(Section):
    kind: Literal["dog"]
    legs: int = 4


class Zoo(Section):
    animals: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = Field(default_factory=list)
    keepers: dict[str, Inner] = Field(default_factory=dict)


def complaint(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        validate(Zoo, parse_document(text, "zoo.yaml"))
    return caught.value


def test_what_is_right_is_returned() -> None:
    zoo = validate(Zoo, parse_document("animals: [{kind: cat, inner: {depth: 2}}]", "zoo.yaml"))
    assert zoo.animals[0].kind == "cat"


@pytest.mark.parametrize(
    ("text", "where", "says", "remedy"),
    [
        (
            "animals:\n  - {kind: cat, livs: 3}",
            "zoo.yaml:2:17",
            "unknown key 'livs'",
            "did you mean `lives`?",
        ),
        (
            "animals:\n  - {kind: dog, life: 3}",
            "zoo.yaml:2:17",
            "unknown key 'life'",
            "known keys here: kind, legs",
        ),
        ("animals:\n  - {kind: cat, inner: {dept: 3}}", "zoo.yaml:2:25", "unknown key 'dept'", "`depth`"),
        ("keepers:\n  ann: {dept: 3}", "zoo.yaml:2:9", "unknown key 'dept'", "`depth`"),
        ("animals:\n  - {kind: cow}", "zoo.yaml:2:12", "`animals.kind` is 'cow'", "cat, dog"),
        ("animals:\n  - {legs: 3}", "zoo.yaml:2:5", "`kind` is missing", "cat, dog"),
        ("animals:\n  - 5", "zoo.yaml:2:5", "animals", "correct"),
        ("animals: 5", "zoo.yaml:1:10", "`animals` is 5", "correct"),
        ("keepers:\n  ann: {depth: x}", "zoo.yaml:2:16", "`keepers.ann.depth` is 'x'", "correct"),
        ("[1]", "zoo.yaml:1:1", "a list of 1", "correct"),
        ("just text", "zoo.yaml:1:1", "'just text'", "correct"),
        ("", "zoo.yaml", "empty", "correct"),
    ],
)
def test_a_breach_is_told_with_place_and_remedy(text: str, where: str, says: str, remedy: str) -> None:
    error = complaint(text)
    assert error.where == where
    assert says in error.what
    assert remedy in error.remedy


def test_long_values_are_cut_and_many_breaches_are_bounded() -> None:
    error = complaint("keepers:\n" + "".join(f"  k{i}: {{depth: {'x' * 5000}}}\n" for i in range(300)))
    assert len(error.what) < 300
    assert "and 299 more" in error.what
    assert len(error.details["breaches"]) == 100
