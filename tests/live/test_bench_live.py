"""`acceltrial bench` against real engines, as a newcomer runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from acceltrial.targets import TargetSpec, serve

pytestmark = pytest.mark.live

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + m['role'] + '\\n' + m['content']"
    " + '<end_of_turn>\\n' }}{% endfor %}{{ '<start_of_turn>model\\n' }}"
)
LOAD = ("--rate", "2", "--requests", "4", "--input-tokens", "40", "--output-tokens", "6", "--no-calibrate")


@pytest.fixture(scope="session")
def cache(checkout: Path) -> Path:
    """The checkout's own cache, so that weights are assembled and converted once for all runs."""
    folder = checkout / ".acceltrial" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def bench(url: str, *arguments: str) -> dict[str, Any]:
    """The JSON of `acceltrial bench`, run as the command that users run."""
    command = [
        sys.executable,
        "-c",
        "import sys; from acceltrial.cli import run; sys.exit(run(sys.argv[1:]))",
    ]
    done = subprocess.run(
        [*command, "bench", url, *arguments, *LOAD, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check(found: dict[str, Any], *, streams: bool = True) -> None:
    assert found["requests"] == found["requests"] | {"planned": 4, "completed": 4, "failed": 0}
    assert found["tokens"]["counted_by"] == "server usage"
    assert found["e2e_ms"]["p50"] > 0
    assert found["ttft_ms"]["n"] == (4 if streams else 0)


def test_llama_cpp(tmp_path: Path, cache: Path) -> None:
    pytest.importorskip("xllamacpp")
    spec = TargetSpec("llama", "llamacpp", "t", "local-cpu", "gemma-3-270m", "int4", "completions")
    with serve(spec, workdir=tmp_path, cache=cache) as server:
        model = ("--model", server.model_name)
        exact = bench(server.base_url, *model, "--ignore-eos")
        check(exact)
        assert exact["tokens"]["ended_early"] == 0
        assert exact["target"]["fields_left_out"] == {}
        check(bench(server.base_url, *model, "--api", "chat"))
        check(bench(server.base_url, *model, "--api", "chat", "--no-stream"), streams=False)


@pytest.mark.slow
def test_transformers_serve(tmp_path: Path, cache: Path) -> None:
    pytest.importorskip("torch")
    packaged = TargetSpec("t", "transformers_serve", "t", "local-cpu", "gemma-3-270m", "bf16", "completions")
    folder = tmp_path / "model"
    folder.mkdir()
    from acceltrial.targets.transformers_serve import KIND

    for file in KIND.weight_files(packaged, cache)[0].iterdir():
        (folder / file.name).symlink_to(file)
    # The packaged weights are a base model: without a template, the server answers chat with HTTP 500.
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    spec = TargetSpec(
        "t",
        "transformers_serve",
        "t",
        "local-cpu",
        "m",
        "bf16",
        "completions",
        launch={"weights": str(folder)},
    )
    with serve(spec, workdir=tmp_path, cache=cache) as server:
        model = ("--model", server.model_name, "--api", "chat")
        check(bench(server.base_url, *model))
        exact = bench(server.base_url, *model, "--ignore-eos")
        check(exact)
        assert exact["tokens"]["ended_early"] == 0
        assert set(exact["target"]["fields_left_out"]) == {"ignore_eos", "min_tokens"}
        assert exact["target"]["end_ignored_by"] == ["generation_config"]
