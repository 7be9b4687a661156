"""dvc.yaml, generated from the registry so that the pipeline is declared once.

`python -m stages.dvc_yaml` writes the checkout's file; a test fails when it drifts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from stages.contract import Artifact, Stage
from stages.registry import ORDER, all_stages
from stages.running.workspace import CHECKOUT

_HEADER = """\
# Generated from stages/registry.py by `python -m stages.dvc_yaml`. Do not edit.
"""
_PACKAGES = ("acceltrial", "schemas", "stages")


def render(root: Path = CHECKOUT) -> str:
    """The text of the dvc.yaml of the workspace at `root`."""
    document = {"stages": {stage.name: _entry(stage, root) for stage in all_stages()}}
    return _HEADER + yaml.safe_dump(document, sort_keys=False, width=1000, allow_unicode=True)


def code_of(stage: str) -> list[str]:
    """Files of the checkout that the stage imports, directly or not, lazily or not, sorted."""
    graph = _import_graph()
    entry = f"stages.{stage}.stage"
    modules = {entry, *graph.find_upstream_modules(entry)}
    files = {_file_of(module) for module in modules if module.split(".")[0] in _PACKAGES}
    beside = (CHECKOUT / "stages" / stage).rglob("*")
    files |= {p for p in beside if p.is_file() and p.suffix not in {".md", ".pyc"}}
    return sorted(path.relative_to(CHECKOUT).as_posix() for path in files if path)


def _entry(stage: Stage[Any], root: Path) -> dict[str, Any]:
    send = "" if stage.name == ORDER[-1] else " --no-send"
    entry: dict[str, Any] = {
        "desc": stage.about or f"stage {stage.name}",
        "cmd": f"acceltrial stages run {stage.name}{send}",
        "deps": _paths(stage.inputs) + [_seen_from(root, path) for path in code_of(stage.name)],
        "params": [stage.name],
        "outs": _paths(stage.outputs),
    }
    return entry


def _paths(artifacts: Iterable[Artifact]) -> list[str]:
    return [artifact.path for artifact in artifacts]


def _seen_from(root: Path, code: str) -> str:
    return Path(os.path.relpath(CHECKOUT / code, root)).as_posix()


@cache
def _import_graph() -> Any:
    import grimp

    return grimp.build_graph(*_PACKAGES, exclude_type_checking_imports=True)


def _file_of(module: str) -> Path | None:
    base = CHECKOUT.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


if __name__ == "__main__":
    (CHECKOUT / "dvc.yaml").write_text(render(), encoding="utf-8")
