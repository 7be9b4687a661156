"""The parity table: known cells keep their source, unknown ones never become a no or a yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.catalog import load_catalogue
from acceltrial.catalog.parity import Feature, parity, read_features, summarise
from acceltrial.errors import DataContractError

FEATURES = [
    Feature("drafts", "x", ("dense_llm",), ("draft a", "draft b")),
    Feature("pooling", "x", ("dense_llm", "embedding"), ("pool",)),
]


def row(runtime: str, hardware: str, feature: str, state: str) -> dict[str, str]:
    return {"runtime": runtime, "hardware": hardware, "feature": feature, "state": state, "source": "s",
            "as_of": "2026-08", "note": ""}  # fmt: skip


def test_the_best_listed_name_counts_and_absence_is_unlisted() -> None:
    runtimes = [row("r", "h", "draft a", "unsupported"), row("r", "h", "draft b", "documented")]
    cells = {(c.family, c.feature): c for c in parity(FEATURES, runtimes)}
    assert cells["dense_llm", "drafts"].state == "documented"
    assert cells["dense_llm", "drafts"].grade == "published"
    assert cells["embedding", "pooling"].state == "unlisted"
    assert cells["embedding", "pooling"].grade == ""


def test_one_hardware_under_two_names_is_one_row() -> None:
    runtimes = [row("r", "AMD", "draft a", "unknown"), row("r", "AMD GPU", "pool", "unsupported")]
    found = summarise(parity(FEATURES, runtimes, ["dense_llm"]))
    assert [(s.hardware, s.documented, s.features, s.lost, s.unproven) for s in found] == [
        ("AMD", 0, 2, ("pooling",), ("drafts",))
    ]


def test_order_of_the_rows_changes_nothing() -> None:
    runtimes = [row("b", "h", "pool", "documented"), row("a", "h", "pool", "unsupported")]
    assert parity(FEATURES, runtimes) == parity(FEATURES, runtimes[::-1])
    assert [s.runtime for s in summarise(parity(FEATURES, runtimes, ["embedding"]))] == ["b", "a"]


def test_the_shipped_features_are_listed_somewhere(checkout: Path) -> None:
    folder = checkout / "data" / "catalogue"
    features = read_features(folder)
    listed = set(load_catalogue(folder).runtimes["feature"])
    assert all(set(feature.listed_as) <= listed for feature in features)
    assert {"dense_llm", "moe_llm", "multimodal", "embedding", "reranker"} <= {
        family for feature in features for family in feature.families
    }


@pytest.mark.parametrize("line", ["a,,x,y", "a,m,x,y\na,m,x,y", "a,m,x"])
def test_incomplete_features_are_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "parity_features.csv").write_text(f"feature,meaning,families,listed_as\n{line}\n")
    with pytest.raises(DataContractError):
        read_features(tmp_path)
