"""Operator coverage of a portfolio's models."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from acceltrial.catalog import load_catalogue
from acceltrial.catalog.location import find_catalogue
from stages.collect.operators import operator_coverage_table


def test_models_are_found_by_their_catalogue_names_and_unknown_ones_have_no_row() -> None:
    names = ("all-minilm-l6-v2", "Llama-3.1-8B-Instruct", "our-own-model")
    portfolio: Any = SimpleNamespace(models=[SimpleNamespace(id=name) for name in names])
    table = operator_coverage_table(portfolio, load_catalogue(find_catalogue()))
    assert set(table["model"]) == {"all-minilm-l6-v2", "Llama-3.1-8B-Instruct"}
    neuron = table.filter(table["backend"].str.starts_with("torch-neuronx"))
    assert neuron["families"].unique().to_list() == ["aws-neuroncore-v2|aws-neuroncore-v3|aws-neuroncore-v4"]
    assert "torch.export of bert, torch" in neuron.filter(neuron["model"] == "all-minilm-l6-v2")["source"][0]
