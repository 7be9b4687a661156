"""How far a compiler's documented operators cover the graph of a model, in three states.

An operator is `documented` when the compiler's own list names it, or when a model that is documented to run
there uses it too; `unsupported` only where a source says so; else `unknown`: absent from a list is not a no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from acceltrial.catalog.graphs import Graph, graph_of

Lists = Mapping[str, Mapping[str, str]]
"""Backend → operator → state."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The operators of one model on one compiler.

    Attributes:
        listed: documented by the compiler's own list.
        through_models: not listed, but used by a model that is documented to run there.
        unknown, unsupported: the rest.
    """

    model: str
    backend: str
    listed: tuple[str, ...]
    through_models: tuple[str, ...]
    unknown: tuple[str, ...]
    unsupported: tuple[str, ...]
    graph: Graph

    @property
    def state(self) -> str:
        """`unsupported` as soon as one operator is; `documented` when all are; else `unknown`."""
        if self.unsupported:
            return "unsupported"
        return "unknown" if self.unknown or self.graph.problem else "documented"

    def summary(self) -> dict[str, object]:
        """The counts, and the names of what is not documented, for tables."""
        return {
            "backend": self.backend,
            "state": self.state,
            "operators": len(self.graph.computing),
            "listed": len(self.listed),
            "through_models": len(self.through_models),
            "unknown": " ".join(self.unknown),
            "unsupported": " ".join(self.unsupported),
            "dynamic_shapes": self.graph.dynamic_shapes,
            "graph_breaks": self.graph.graph_breaks,
            "problem": self.graph.problem or self.graph.dynamic_problem,
            "basis": self.graph.basis,
        }


def operator_lists(rows: Iterable[Mapping[str, str]]) -> Lists:
    """The rows of operators.csv by backend."""
    lists: dict[str, dict[str, str]] = {}
    for row in rows:
        lists.setdefault(row["backend"], {})[row["operator"]] = row["state"]
    return lists


def coverage(
    model: str, backend: str, graphs: dict[str, Graph], lists: Lists, documented: Iterable[str]
) -> Coverage | None:
    """The model's coverage; None when its graph was never exported.

    Args:
        model: an id of the catalogue or portfolio.
        backend: a compiler, as in operators.csv.
        graphs: by name.
        lists: what the compilers list.
        documented: names of graphs whose models are documented to run on this backend.
    """
    graph = graph_of(model, graphs)
    if graph is None:
        return None
    states = lists.get(backend, {})
    proven = frozenset().union(*(graphs[name].computing for name in documented if name in graphs))
    by_state: dict[str, list[str]] = {"listed": [], "through": [], "unknown": [], "unsupported": []}
    for operator in sorted(graph.computing):
        state = states.get(operator, "unknown")
        if state == "documented":
            by_state["listed"].append(operator)
        elif operator in proven:
            by_state["through"].append(operator)
        else:
            by_state[state].append(operator)
    return Coverage(
        model,
        backend,
        tuple(by_state["listed"]),
        tuple(by_state["through"]),
        tuple(by_state["unknown"]),
        tuple(by_state["unsupported"]),
        graph,
    )
