"""The public face: specifications, the registry, availability, memory, weights, training results."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from acceltrial.errors import ConfigurationError, DataContractError, TargetUnavailableError
from acceltrial.targets import TargetSpec, availability, kinds, serve, spec_from_row, torch_training, weights
from acceltrial.targets.corpus import service_reports
from acceltrial.targets.devices import device_availability
from acceltrial.targets.memory import MemorySampler, tree_rss_mb
from acceltrial.targets.process import child
from acceltrial.targets.registry import BUILT_IN, adapter
from acceltrial.targets.torch_training import KIND, TrainingPlan


def spec(kind: str, precision: str = "bf16", api: str = "completions", **launch: Any) -> TargetSpec:
    return TargetSpec("here", kind, "t", "d", "gemma-3-270m", precision, api, launch=launch)


def test_a_row_of_the_targets_table_becomes_a_specification() -> None:
    row = {
        "target": "a", "kind": "llamacpp", "title": "T", "device": "d", "accelerator": None, "model": "m",
        "precision": "int4", "api": "completions", "environment": "local", "region": "here", "enabled": False,
        "launch": '{"parallel": 2}', "price_usd_hr": 1.0,
    }  # fmt: skip
    found = spec_from_row(row)
    assert found.launch == {"parallel": 2}
    assert not found.enabled
    assert availability(found).reason == "disabled in the portfolio"


@pytest.mark.parametrize("launch", ["{", "[1]", "3"])
def test_a_launch_that_is_no_object_breaks_the_contract(launch: str) -> None:
    with pytest.raises(DataContractError):
        spec_from_row({"target": "a", "launch": launch})


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="llamacpp"):
        availability(spec("abacus"))


def test_every_built_in_adapter_can_be_imported_and_is_registered(checkout: Path) -> None:
    import tomllib

    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["acceltrial.targets"] == BUILT_IN
    for kind in BUILT_IN:
        assert hasattr(adapter(kind), "availability")
    assert BUILT_IN.items() <= kinds().items()


@pytest.mark.parametrize("kind", ["llamacpp", "transformers_serve", "torch_embeddings", "torch_training"])
def test_what_is_not_installed_is_unavailable_with_the_command_to_install_it(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    adapter(kind)
    module = "llamacpp" if kind == "llamacpp" else "devices"
    monkeypatch.setattr(f"acceltrial.targets.{module}.missing_modules", lambda *names: list(names[:1]))
    found = availability(spec(kind))
    assert not found.available
    assert "not installed" in found.reason
    assert "pip install" in found.remedy


@pytest.mark.parametrize("kind", ["llamacpp", "transformers_serve", "torch_embeddings"])
def test_weights_that_are_not_there_are_told(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("torch" if kind != "llamacpp" else "xllamacpp")
    missing = spec(kind, weights=str(tmp_path / "none"))
    assert "none" in availability(missing).reason
    with (
        pytest.raises(TargetUnavailableError, match="none"),
        serve(missing, workdir=tmp_path, cache=tmp_path),
    ):
        raise AssertionError("nothing is served")


def test_weights_that_are_not_there_are_told_before_training(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    missing = spec("torch_training", api="training", weights=str(tmp_path / "none"))
    assert "none is not a transformers folder" in availability(missing).reason


def test_a_number_format_that_torch_is_not_run_in_is_told() -> None:
    pytest.importorskip("torch")
    assert "int4" in availability(spec("torch_training", precision="int4", api="training")).reason


def test_a_device_that_is_absent_is_told() -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("this machine has a GPU")
    assert "no NVIDIA driver" in device_availability("cuda:0").reason
    assert device_availability("cpu").available


def test_a_training_target_answers_no_requests(tmp_path: Path) -> None:
    with pytest.raises(TargetUnavailableError, match="answers no requests"):
        serve(spec("torch_training", api="training"), workdir=tmp_path, cache=tmp_path)


def test_weights_whose_packages_are_missing_are_unavailable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weights, "missing_modules", lambda *names: list(names))
    for call in (weights.gemma_gguf, lambda cache: weights.gemma_folder(cache, "bfloat16")):
        with pytest.raises(TargetUnavailableError, match="not installed"):
            call(tmp_path)
    with pytest.raises(TargetUnavailableError):
        weights.minilm_folder()
    assert not list(tmp_path.rglob("*.gguf"))


def test_a_conversion_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    gguf = tmp_path / "weights" / "x.gguf"
    gguf.parent.mkdir()
    gguf.write_bytes(b"no weights")
    (gguf.parent / ".gemma-3-270m-bfloat16.99.partial").mkdir()  # of a process that was killed
    monkeypatch.setattr(weights, "gemma_gguf", lambda cache: gguf)
    monkeypatch.setattr(weights.sys, "executable", sys.executable)
    monkeypatch.setattr(weights.subprocess, "run", _failing_run)
    with pytest.raises(TargetUnavailableError, match="could not be converted"):
        weights.gemma_folder(tmp_path, "bfloat16")
    assert sorted(path.name for path in gguf.parent.iterdir()) == [".lock", "x.gguf"]


def _failing_run(command: list[str], **_: Any) -> Any:
    import subprocess

    Path(command[4]).mkdir()
    (Path(command[4]) / "half").write_text("x")
    return subprocess.CompletedProcess(command, 1, "", "boom")


def test_memory_counts_the_whole_tree_and_ends_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess,sys,time; p=subprocess.Popen([sys.executable,'-c','x=bytearray(60_000_000); "
        "import time; time.sleep(30)']); time.sleep(30)"
    )
    with child("tree", [sys.executable, "-c", code], workdir=tmp_path) as process:
        sampler = MemorySampler(process.pid, interval_s=0.02)
        deadline = time.monotonic() + 10
        while (sampler.peak_mb() or 0) < 60 and time.monotonic() < deadline:
            time.sleep(0.05)
        peak = sampler.peak_mb()
        assert peak is not None
        assert peak >= 60
        assert sampler.peak_mb(since=time.monotonic() + 99) is None
        sampler.close()
        pid = process.pid
    assert tree_rss_mb(pid) is None
    assert (tree_rss_mb(os.getpid()) or 0) > 1


def test_reports_depend_on_the_seed_alone() -> None:
    random.seed(0)
    first = service_reports(3, 7)
    random.seed(1)
    assert first == service_reports(3, 7) != service_reports(3, 8)


def plan(**changes: Any) -> TrainingPlan:
    return TrainingPlan(**{"steps": 3, "batch_size": 1, "sequence_tokens": 8, "seed": 1, **changes})


@pytest.fixture
def training_script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs another program in place of the training run, with the real process handling around it."""
    pytest.importorskip("torch")

    def use(code: str) -> TargetSpec:
        (tmp_path / "config.json").touch()
        script = tmp_path / "fake.py"
        script.write_text("import json, sys\ns = json.loads(sys.argv[1])\n" + code)
        real = torch_training.child

        def run(name: str, command: list[str], **options: Any) -> Any:
            return real(name, [sys.executable, str(script), command[-1]], **options)

        monkeypatch.setattr(torch_training, "child", run)
        return spec("torch_training", precision="fp32", api="training", weights=str(tmp_path))

    return use


STEP = """
event = {"event": "step", "number": 0, "seconds": 0.5, "loss": 2.0, "tokens": 8}
open(s["out"], "a").write(json.dumps(event) + "\\n")
"""


def test_a_training_run_that_dies_half_way_leaves_the_steps_it_did(
    training_script: Any, tmp_path: Path
) -> None:
    found = KIND.train(
        training_script(STEP + "raise SystemExit('out of memory')"), plan(), workdir=tmp_path, cache=tmp_path
    )
    assert found.steps_s == (0.5,)
    assert "out of memory" in found.problem
    assert found.checkpoint_s is None
    assert found.flops_per_step is None


def test_a_training_run_without_a_step_is_unavailable(training_script: Any, tmp_path: Path) -> None:
    with pytest.raises(TargetUnavailableError, match="no GPU memory"):
        KIND.train(
            training_script("raise SystemExit('no GPU memory')"), plan(), workdir=tmp_path, cache=tmp_path
        )


def test_a_training_run_that_hangs_is_ended(training_script: Any, tmp_path: Path) -> None:
    hangs = training_script(STEP + "import time; time.sleep(60)")
    found = KIND.train(hangs, plan(timeout_s=2.0), workdir=tmp_path, cache=tmp_path)
    assert "ended after 2 s" in found.problem


def test_launch_settings_reach_json_without_loss() -> None:
    assert json.loads(json.dumps(dict(spec("llamacpp", parallel=3).launch))) == {"parallel": 3}
