"""Operator graphs in the catalogue, and one exported for real."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from acceltrial.catalog.graphs import OWN_WEIGHTS, Graph, export_graph, graph_of, read_graphs, write_graph
from acceltrial.catalog.location import find_catalogue
from acceltrial.errors import ConfigurationError, DataContractError, TargetUnavailableError
from acceltrial.targets.weights import MINILM_PACKAGE, minilm_folder, missing_modules

TODAY = date(2026, 11, 22)


def graph(**changes: object) -> Graph:
    """A small graph."""
    base = {
        "models": ("a",), "architecture": "bert", "basis": "its architecture", "as_of": TODAY,
        "operators": {"aten::mm": 2, "aten::alias": 1}, "dynamic_shapes": True, "dynamic_problem": "",
        "graph_breaks": 0, "break_reasons": (), "torch": "2", "transformers": "5",
    }  # fmt: skip
    return Graph.model_validate({**base, **changes})


def test_a_graph_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_graph(tmp_path, "one", graph())
    assert read_graphs(tmp_path) == {"one": graph()}
    assert graph().computing == {"aten::mm"}
    with pytest.raises(ConfigurationError, match="file name"):
        write_graph(tmp_path, "../one", graph())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"models": ["a"]}', '{"surprise": 1}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "bad.json").write_text(text)
    with pytest.raises(DataContractError, match="no operator graph") as caught:
        read_graphs(tmp_path)
    assert "bad.json" in caught.value.where


def test_own_weights_go_before_the_architecture() -> None:
    graphs = {"arch": graph(models=("a", "b")), "own": graph(basis=OWN_WEIGHTS)}
    assert graph_of("a", graphs) is graphs["own"]
    assert graph_of("b", graphs) is graphs["arch"]
    assert graph_of("c", graphs) is None


def test_the_shipped_graphs_are_exported_whole() -> None:
    graphs = read_graphs(find_catalogue())
    assert graphs["all-minilm-l6-v2"].basis == graphs["gemma-3-270m"].basis == OWN_WEIGHTS
    assert all(one.operators and not one.problem for one in graphs.values())


@pytest.mark.slow
@pytest.mark.skipif(
    bool(missing_modules("torch", MINILM_PACKAGE)), reason="the local engines are not installed"
)
def test_minilm_is_exported_again_to_the_shipped_graph(checkout: Path) -> None:
    found = export_graph(str(minilm_folder()), ("all-minilm-l6-v2",), TODAY, checkout)
    shipped = read_graphs(find_catalogue())["all-minilm-l6-v2"]
    assert found.operators == shipped.operators
    assert (found.graph_breaks, found.dynamic_shapes) == (0, True)


@pytest.mark.slow
@pytest.mark.skipif(bool(missing_modules("torch")), reason="torch is not installed")
@pytest.mark.parametrize("source", ["/nonexistent", '{"model_type": "no-such-architecture"}', "{"])
def test_what_is_no_model_is_refused(checkout: Path, source: str) -> None:
    with pytest.raises(TargetUnavailableError, match="cannot be exported"):
        export_graph(source, ("a",), TODAY, checkout)
