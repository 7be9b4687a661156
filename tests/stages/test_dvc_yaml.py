from __future__ import annotations

from pathlib import Path

import yaml

from stages.artifacts import CATALOGUE, PORTFOLIO
from stages.dvc_yaml import code_of, render
from stages.registry import ORDER, all_stages


def test_each_stage_depends_on_its_inputs_and_on_the_code_that_it_imports() -> None:
    document = yaml.safe_load(render())["stages"]
    assert list(document) == list(ORDER)
    for stage in all_stages():
        entry = document[stage.name]
        assert {a.path for a in stage.inputs} <= set(entry["deps"])
        assert entry["outs"] == [a.path for a in stage.outputs]
        assert entry["params"] == [stage.name]
        assert f"stages/{stage.name}/stage.py" in entry["deps"]
        assert "acceltrial/errors.py" in entry["deps"]


def test_lazy_imports_count_and_the_orchestrator_does_not() -> None:
    code = code_of("benchmark")
    assert any(path.startswith("acceltrial/load/") for path in code)
    assert not [path for path in code if path.startswith(("flows/", "tests/", "stages/running/"))]


def test_every_input_is_an_output_of_an_earlier_stage_or_edited_by_a_person() -> None:
    known = {PORTFOLIO.path, CATALOGUE.path}
    for stage in all_stages():
        assert {a.path for a in stage.inputs} <= known, stage.name
        known |= {a.path for a in stage.outputs}


def test_a_workspace_elsewhere_names_the_same_code(tmp_path: Path) -> None:
    entry = yaml.safe_load(render(tmp_path))["stages"]["collect"]
    code = [dep for dep in entry["deps"] if dep.endswith("stages/collect/stage.py")]
    assert len(code) == 1
    assert (tmp_path / code[0]).resolve().is_file()
