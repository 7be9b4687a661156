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
LOAD = ("--rate", "2", "--requests", "4", "--input-tokens", "40", "--output-tokens", "6")

EMBEDDER = """
import sys, time, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.hostnames, parameters.port = ["127.0.0.1"], 0
parameters.embedding = True
parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
parameters.n_ctx, parameters.n_parallel = 2048, 2
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
time.sleep(300)
"""
"""llama.cpp as a server of embeddings; a language model's, which is enough to measure time."""


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
        [*command, "bench", url, *arguments, "--no-calibrate", "--json"],
        capture_output=True,
        text=True,
        check=False,
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
        exact = bench(server.base_url, *model, *LOAD, "--ignore-eos")
        check(exact)
        assert exact["tokens"]["ended_early"] == 0
        assert exact["target"]["fields_left_out"] == {}
        check(bench(server.base_url, *model, *LOAD, "--api", "chat"))
        check(bench(server.base_url, *model, *LOAD, "--api", "chat", "--no-stream"), streams=False)


def test_a_trace_replayed_on_llama_cpp(tmp_path: Path, cache: Path) -> None:
    pytest.importorskip("xllamacpp")
    trace = tmp_path / "spans.json"
    starts = (1_700_000_002, 1_700_000_000, 1_700_000_001, 1_700_000_003)
    trace.write_text(json.dumps([_span(start, 30 + number) for number, start in enumerate(starts)], indent=2))
    spec = TargetSpec("llama", "llamacpp", "t", "local-cpu", "gemma-3-270m", "int4", "completions")
    with serve(spec, workdir=tmp_path, cache=cache) as server:
        asked = ("--arrivals", f"trace:{trace}", "--warp", "2", "--warmup", "2", "--ignore-eos")
        found = bench(server.base_url, "--model", server.model_name, *asked)
    check(found)
    assert found["rate"]["schedule_rps"] == pytest.approx(4 / 1.5)
    assert found["tokens"]["output"]["p50"] == 5
    assert found["tokens"]["input"]["p50"] == pytest.approx(31.5, rel=0.15)


def test_embeddings_of_llama_cpp(tmp_path: Path, cache: Path) -> None:
    pytest.importorskip("xllamacpp")
    from acceltrial.targets.llamacpp import KIND

    spec = TargetSpec("llama", "llamacpp", "t", "local-cpu", "gemma-3-270m", "int4", "completions")
    weights = KIND.weight_files(spec, cache)[0]
    command = [sys.executable, "-c", EMBEDDER, str(weights)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = next(line for line in server.stdout if line.startswith("http")).strip()
            found = bench(f"{address}/v1", "--model", "gemma", "--api", "embeddings", *LOAD)
        finally:
            server.terminate()
    check(found, streams=False)
    assert found["tokens"]["input"]["p50"] == pytest.approx(40, rel=0.15)


def _span(start_s: int, prompt_tokens: int) -> dict[str, Any]:
    usage = {"gen_ai.usage.input_tokens": str(prompt_tokens), "gen_ai.usage.output_tokens": 5}
    return {"name": "chat", "startTimeUnixNano": str(start_s * 10**9), "attributes": usage}


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
        check(bench(server.base_url, *model, *LOAD))
        exact = bench(server.base_url, *model, *LOAD, "--ignore-eos")
        check(exact)
        assert exact["tokens"]["ended_early"] == 0
        assert set(exact["target"]["fields_left_out"]) == {"ignore_eos", "min_tokens"}
        assert exact["target"]["end_ignored_by"] == ["generation_config"]
