"""Three states of an operator, and what they make of a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.catalog import load_catalogue
from acceltrial.catalog.location import find_catalogue
from acceltrial.catalog.operator_coverage import coverage, operator_lists
from tests.acceltrial.catalog.test_graphs import graph

LISTS = operator_lists(
    [
        {"backend": "c", "operator": "mm", "state": "documented"},
        {"backend": "c", "operator": "sort", "state": "unsupported"},
        {"backend": "c", "operator": "gelu", "state": "unknown"},
    ]
)


def state(operators: str, proven: str = "", **changes: object) -> str:
    graphs = {
        "own": graph(models=("m",), operators=dict.fromkeys(operators.split(), 1), **changes),
        "other": graph(models=("o",), operators=dict.fromkeys(proven.split(), 1)),
    }
    found = coverage("m", "c", graphs, LISTS, ["other", "never exported"])
    assert found is not None
    return found.state


@pytest.mark.parametrize(
    ("operators", "proven", "expected"),
    [
        ("mm", "", "documented"),
        ("mm aten::alias aten::sym_size", "", "documented"),
        ("mm gelu", "", "unknown"),
        ("mm gelu erf", "gelu erf", "documented"),
        ("mm erf", "gelu", "unknown"),
        ("mm sort gelu", "", "unsupported"),
    ],
)
def test_the_worst_operator_decides_and_documented_models_are_evidence(
    operators: str, proven: str, expected: str
) -> None:
    assert state(operators, proven) == expected


def test_a_graph_that_was_not_exported_is_no_pass() -> None:
    assert state("", problem="RuntimeError: no") == "unknown"
    assert coverage("nobody", "c", {}, LISTS, []) is None


@given(st.sets(st.sampled_from(["mm", "gelu", "sort", "erf", "add"])))
def test_every_operator_has_exactly_one_state(operators: set[str]) -> None:
    graphs = {"own": graph(models=("m",), operators=dict.fromkeys(operators, 1))}
    found = coverage("m", "c", graphs, LISTS, [])
    assert found is not None
    assert sorted([*found.listed, *found.through_models, *found.unknown, *found.unsupported]) == sorted(
        operators
    )


@pytest.mark.parametrize("model", ["all-minilm-l6-v2", "gemma-3-270m"])
def test_the_real_cases_are_rejected_nowhere(model: str) -> None:
    found = load_catalogue(find_catalogue()).operator_coverage(model)
    assert len(found) == 4
    assert {one.state for one in found} <= {"documented", "unknown"}
    neuron = next(one for one in found if one.backend.startswith("torch-neuronx"))
    assert not neuron.unsupported
    # BERT is documented on Inferentia2: what MiniLM shares with it counts.
    assert neuron.through_models
