"""Workspaces beside the checkout: for one trace, or for a fresh portfolio."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.storage.atomic import write_text
from acceltrial.storage.digest import file_digest
from stages.running.workspace import CHECKOUT, Workspace


def workspace_for_trace(base: Workspace, trace: Path, trace_format: str = "auto") -> Workspace:
    """A workspace like `base` whose token-generating workloads all replay `trace`.

    It lies under `workspaces/` and is named after the trace and its bytes, so that evaluating the same
    trace again resumes. Portfolio and catalogue are copied anew each time. Raises DataContractError.
    """
    if not trace.is_file():
        raise DataContractError(
            "no such trace file", where=str(trace), remedy="give the path of a trace: TRACE=path"
        )
    stem = re.sub(r"[^A-Za-z0-9._-]", "-", trace.name.split(".")[0]).strip(".-") or "trace"
    workspace = Workspace(base.root / "workspaces" / f"{stem}-{file_digest(trace)[:8]}")
    for folder in ("data/portfolio", "data/catalogue"):
        shutil.copytree(base.root / folder, workspace.root / folder, dirs_exist_ok=True)
    override = {"path": str(trace.resolve()), "format": trace_format}
    _write_settings(workspace, _all_params(base), {"collect": {"trace_override": override}})
    return workspace


def fresh_workspace(folder: Path) -> list[Path]:
    """Writes a workspace with a portfolio to fill in; returns the files a person should edit.

    Raises ConfigurationError for a folder that is not empty: nothing is overwritten.
    """
    from acceltrial.portfolio.template import write_template

    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            "the folder is not empty", where=str(folder), remedy="choose a new folder: nothing is overwritten"
        )
    written = write_template(folder)
    shutil.copytree(CHECKOUT / "data/catalogue", folder / "data/catalogue")
    _write_settings(Workspace(folder), _all_params(Workspace(CHECKOUT)), {})
    write_text(folder / ".gitignore", "/.acceltrial/\n/data/stages/\n")
    return [*written, folder / "params.yaml"]


def _all_params(workspace: Workspace) -> dict[str, Any]:
    workspace.params("collect")  # one clear error for a file that is no YAML
    document: dict[str, Any] = yaml.safe_load((workspace.root / "params.yaml").read_text(encoding="utf-8"))
    return document


def _write_settings(workspace: Workspace, params: dict[str, Any], changes: dict[str, dict[str, Any]]) -> None:
    from stages.dvc_yaml import render

    merged = {stage: {**(params.get(stage) or {}), **changes.get(stage, {})} for stage in params}
    write_text(workspace.root / "params.yaml", yaml.safe_dump(merged, sort_keys=False, allow_unicode=True))
    write_text(workspace.root / "dvc.yaml", render(workspace.root))
