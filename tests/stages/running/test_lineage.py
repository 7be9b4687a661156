from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stages.running import records
from stages.running.lineage import flat, installed_packages
from stages.running.runner import run_stage
from tests.stages.running.toy import DOUBLE, SumGrid, sum_stage, toy_workspace


def test_nested_settings_become_dotted_names_of_text() -> None:
    assert flat({"a": {"b": 1, "c": [1, 2]}, "d": None, "e": "x"}) == {
        "a.b": "1",
        "a.c": "[1,2]",
        "d": "null",
        "e": "x",
    }


@given(
    st.recursive(
        st.integers(0, 9) | st.text(max_size=3), lambda x: st.dictionaries(st.text("ab", min_size=1), x)
    )
)
def test_every_flattened_value_is_text(value: object) -> None:
    assert all(isinstance(v, str) for v in flat(value).values())


def test_a_cell_is_told_to_the_tracking_server_once(tmp_path: Path) -> None:
    workspace = toy_workspace(tmp_path)
    run_stage(DOUBLE, workspace)
    for _ in range(2):
        run_stage(sum_stage(SumGrid()), workspace)
    names = [records.load(folder).name for folder in records.waiting(workspace.outbox)]
    assert sorted(names) == ["c0", "c1", "c2", "double", "sum", "sum"]


def test_the_environment_is_listed_with_versions() -> None:
    assert "polars==" in installed_packages()
