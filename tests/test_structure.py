"""The tree keeps its promises: tests mirror the sources, dvc.yaml follows the registry."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGES = ("acceltrial", "schemas", "stages", "flows")

UNTESTED = {
    "stages/running/__main__.py": "a development entry; the runner behind it is tested",
    "flows/serve.py": "starts servers and schedules; tried by hand as CONTRIBUTING tells",
    "flows/ui.py": "opens browser pages; tried by hand as CONTRIBUTING tells",
}
"""Modules with logic and no test file of their own, each with the reason."""


TESTED_THROUGH = {"acceltrial/simulate": "test_simulation.py"}
"""Folders whose modules are compiled into one function and can be watched only from its end."""

OF_A_FOLDER = {
    "acceltrial/load/test_answers.py": "the load process against servers that answer well or badly",
    "acceltrial/traces/test_damaged_files.py": "every reader on randomly damaged files",
    "acceltrial/simulate/test_closed_forms.py": "features that can be worked out by hand",
    "stages/report/test_browser.py": "the finished page in a real browser",
}
"""Tests of a folder as a whole, each with what it tests."""


def _sources(checkout: Path) -> list[Path]:
    files = [p for package in PACKAGES for p in sorted((checkout / package).rglob("*.py"))]
    return [p.relative_to(checkout) for p in files]


def _has_logic(path: Path) -> bool:
    """A module that decides something: it has a function with a branch, a loop or a comprehension."""
    branching = (ast.If, ast.For, ast.While, ast.Try, ast.comprehension, ast.IfExp, ast.Match)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(isinstance(inner, branching) for function in functions for inner in ast.walk(function))


def test_every_module_with_logic_is_tested_in_its_mirror(checkout: Path) -> None:
    missing = []
    for source in _sources(checkout):
        if source.name == "__init__.py" or source.as_posix() in UNTESTED or not _has_logic(checkout / source):
            continue
        folder = checkout / "tests" / source.parent
        own = folder / f"test_{source.stem}.py"
        # A private leaf may be tested through its folder's public face: tests/<folder>/test_<folder>.py.
        face = TESTED_THROUGH.get(source.parent.as_posix(), f"test_{source.parent.name}.py")
        through_face = folder / face
        if not own.is_file() and not through_face.is_file():
            missing.append(source.as_posix())
    assert missing == [], "modules without a mirrored test file"


def test_every_test_file_mirrors_a_source(checkout: Path) -> None:
    strays = []
    for test in sorted((checkout / "tests").rglob("test_*.py")):
        place = test.relative_to(checkout / "tests")
        if (
            len(place.parts) == 1
            or place.parts[0] in {"live", "benchmarks"}
            or place.as_posix() in OF_A_FOLDER
        ):
            continue
        folder, name = checkout / place.parent, place.stem.removeprefix("test_")
        mirrors = [folder / f"{name}.py", folder / name / "__init__.py"]
        if not any(m.is_file() for m in mirrors) and name != folder.name:
            strays.append(place.as_posix())
    assert strays == [], "test files without a source of that name"


def test_exemptions_still_exist(checkout: Path) -> None:
    assert [name for name in UNTESTED if not (checkout / name).is_file()] == []
    assert [name for name in OF_A_FOLDER if not (checkout / "tests" / name).is_file()] == []


def test_dvc_yaml_is_what_the_registry_says(checkout: Path) -> None:
    from stages.dvc_yaml import render

    assert (checkout / "dvc.yaml").read_text(encoding="utf-8") == render(checkout), "run `make fix`"


@pytest.mark.parametrize(
    "stage", ["collect", "classify", "map_hardware", "benchmark", "score", "canary", "report"]
)
def test_every_stage_says_what_is_in_and_out_of_scope(checkout: Path, stage: str) -> None:
    text = (checkout / "stages" / stage / "README.md").read_text(encoding="utf-8").lower()
    assert "in scope" in text
    assert "out of scope" in text


def test_no_folder_is_called_utils(checkout: Path) -> None:
    assert [
        p for p in _sources(checkout) if {"utils", "helpers", "misc", "common"} & {*p.parts, p.stem}
    ] == []


def test_the_wheel_holds_the_engine_only(checkout: Path) -> None:
    import tomllib

    build = tomllib.loads((checkout / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["packages"] == ["acceltrial"]
