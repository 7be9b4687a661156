"""Caches are filled for the enabled local targets, and one that fails stops no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets import TargetSpec
from stages.benchmark import preparation
from stages.benchmark.params import BenchmarkParams


def _target(name: str, kind: str, *, enabled: bool = True) -> TargetSpec:
    return TargetSpec(name, kind, name, "cpu", "m", "fp32", "completions", enabled=enabled)


def test_weights_then_references_of_enabled_local_targets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    targets = [
        _target("broken", "llamacpp"),
        _target("good", "transformers_serve"),
        _target("trained", "torch_training"),  # this kind names no files of its own
        _target("off", "llamacpp", enabled=False),
        _target("elsewhere", "openai"),
    ]
    asked: list[tuple[str, str]] = []

    class Kind:
        def weight_files(self, spec: TargetSpec, cache: Path) -> list[Path]:
            assert cache == tmp_path / "cache"
            asked.append(("weights", spec.target))
            if spec.target == "broken":
                raise TargetUnavailableError("damaged", where="x", remedy="y")
            return []

    def reference_of(spec: TargetSpec, params: BenchmarkParams, cache: Path) -> Any:
        asked.append(("reference", spec.target))
        if spec.target == "broken":
            raise TargetUnavailableError("damaged", where="x", remedy="y")

    monkeypatch.setattr(preparation, "read_targets", lambda _folder: targets)
    monkeypatch.setattr(preparation, "adapter", lambda kind: None if kind == "torch_training" else Kind())
    monkeypatch.setattr(preparation, "reference_of", reference_of)
    preparation.make_ready(tmp_path, BenchmarkParams(), tmp_path / "cache")
    names = ("broken", "good")
    assert asked == [*(("weights", n) for n in names), *(("reference", n) for n in (*names, "trained"))]
