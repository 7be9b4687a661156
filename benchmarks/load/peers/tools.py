"""How each load generator is asked for a scenario, and what its own report says of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from benchmarks.load.peers.install import TOKENIZER

Floats = npt.NDArray[np.float64]
INPUT_TOKENS, OUTPUT_TOKENS = 32, 16


@dataclass(frozen=True)
class Scenario:
    """What is asked: `streams` closed streams, or Poisson arrivals at `rate_rps`; `requests` in all."""

    requests: int
    streams: int = 0
    rate_rps: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Report:
    """What a tool says of its own run, one entry a request, milliseconds.

    Attributes:
        order: the tool's own clock when each request started; only its order is used.
        ids: the request ids that it sent, where the server's log can be joined by them.
        gaps_ms: the gaps between tokens of each request; empty where only their mean is told.
        mean_gap_ms: the mean gap of each request.
        lag_ms: how late requests went out by the tool's own account; None where it does not tell.
    """

    order: Floats
    ttft_ms: Floats
    mean_gap_ms: Floats
    gaps_ms: list[Floats] = field(default_factory=list)
    ids: list[str] | None = None
    lag_ms: Floats | None = None
    lag_p99_ms: float | None = None


Command = Callable[[Path, str, Scenario, Path], list[str]]


@dataclass(frozen=True)
class Tool:
    """A load generator: its command line for a scenario, and how to read its report."""

    name: str
    command: Command
    read: Callable[[Path], Report]


def _guidellm(program: Path, url: str, scenario: Scenario, out: Path) -> list[str]:
    if scenario.streams:
        profile = f"kind=concurrent,streams={scenario.streams}"
    else:
        profile = f"kind=poisson,rate={scenario.rate_rps:g}"
    data = f"kind=synthetic_text,prompt_tokens={INPUT_TOKENS},output_tokens={OUTPUT_TOKENS}"
    return [
        str(program),
        "run",
        "--backend",
        f"kind=openai_http,target={url},model=reference,request_format=/v1/completions",
        "--profile",
        profile,
        "--constraint",
        f"kind=max_requests,count={scenario.requests}",
        "--tokenizer",
        f"kind=huggingface_auto,model={TOKENIZER}",
        "--data",
        data,
        "--seed",
        f"kind=static,value={scenario.seed}",
        "--output",
        f"kind=json,path={out / 'report.json'}",
        "--disable-console",
    ]


def _read_guidellm(out: Path) -> Report:
    rows = json.loads((out / "report.json").read_text())["benchmarks"][0]["requests"]["successful"]
    timings = [row["info"]["timings"] for row in rows]
    return Report(
        order=np.array([row["request_start_time"] for row in rows]),
        ttft_ms=np.array([row["time_to_first_token_ms"] for row in rows]),
        mean_gap_ms=np.array([row["inter_token_latency_ms"] for row in rows]),
        lag_ms=np.array([(one["request_start"] - one["targeted_start"]) * 1e3 for one in timings]),
    )


def _aiperf(program: Path, url: str, scenario: Scenario, out: Path) -> list[str]:
    if scenario.streams:
        load = ["--concurrency", str(scenario.streams)]
    else:
        load = ["--request-rate", f"{scenario.rate_rps:g}", "--arrival-pattern", "poisson"]
    options = {
        "--model": "reference",
        "--url": url,
        "--endpoint-type": "completions",
        "--request-count": str(scenario.requests),
        "--tokenizer": TOKENIZER,
        "--isl": str(INPUT_TOKENS),
        "--osl": str(OUTPUT_TOKENS),
        "--output-artifact-dir": str(out),
        "--export-level": "records",
        "--random-seed": str(scenario.seed + 1),
        "--ui": "none",
    }
    flags = ["--streaming", "--use-legacy-max-tokens", "--use-server-token-count"]
    flags += ["--no-gpu-telemetry", "--no-server-metrics"]
    return [str(program), "profile", *(part for pair in options.items() for part in pair), *load, *flags]


def _read_aiperf(out: Path) -> Report:
    rows = [json.loads(line) for line in (out / "profile_export.jsonl").read_text().splitlines()]
    told = [(row["metadata"], row["metrics"]) for row in rows if "time_to_first_token" in row["metrics"]]
    gaps = [np.array(metrics["inter_chunk_latency"]["value"]) for _, metrics in told]
    return Report(
        order=np.array([float(about["request_start_ns"]) for about, _ in told]),
        ttft_ms=np.array([metrics["time_to_first_token"]["value"] for _, metrics in told]),
        mean_gap_ms=np.array([one.mean() for one in gaps]),
        gaps_ms=gaps,
        ids=[about["x_request_id"] for about, _ in told],
        lag_ms=np.array([(a["request_start_ns"] - a["credit_issued_ns"]) / 1e6 for a, _ in told]),
    )


def _inference_perf(program: Path, url: str, scenario: Scenario, out: Path) -> list[str]:
    lengths = {"std_dev": 0, "total_count": scenario.requests}
    if scenario.streams:
        stage: dict[str, Any] = {"num_requests": scenario.requests, "concurrency_level": scenario.streams}
    else:
        stage = {"rate": scenario.rate_rps, "duration": round(scenario.requests / scenario.rate_rps)}
    settings = {
        "api": {"type": "completion", "streaming": True},
        "data": {
            "type": "random",
            "input_distribution": dict.fromkeys(("min", "max", "mean"), INPUT_TOKENS) | lengths,
            "output_distribution": dict.fromkeys(("min", "max", "mean"), OUTPUT_TOKENS) | lengths,
        },
        # Two workers of 100 requests each are its default here: 256 streams need more.
        "load": {
            "type": "concurrent" if scenario.streams else "poisson",
            "stages": [stage],
            "base_seed": scenario.seed,
            "worker_max_concurrency": 256,
        },
        "server": {"type": "vllm", "model_name": "reference", "base_url": url, "ignore_eos": True},
        "tokenizer": {"pretrained_model_name_or_path": TOKENIZER},
        "report": {"request_lifecycle": {"summary": True, "per_stage": False, "per_request": True}},
        "storage": {"local_storage": {"path": str(out / "report")}},
    }
    (out / "config.yaml").write_text(yaml.safe_dump(settings))
    return [str(program), "-c", str(out / "config.yaml")]


def _read_inference_perf(out: Path) -> Report:
    rows = json.loads((out / "report" / "per_request_lifecycle_metrics.json").read_text())
    told = [row for row in rows if row["error"] is None]
    times = [np.array(row["info"]["response_metrics"]["output_token_times"]) for row in told]
    starts = np.array([row["start_time"] for row in told])
    summary = json.loads((out / "report" / "summary_lifecycle_metrics.json").read_text())
    lag = summary["load_summary"].get("schedule_delay") or {}
    return Report(
        order=starts,
        ttft_ms=np.array([one[0] for one in times]) * 1e3 - starts * 1e3,
        mean_gap_ms=np.array([np.diff(one).mean() * 1e3 for one in times]),
        gaps_ms=[np.diff(one) * 1e3 for one in times],
        lag_p99_ms=lag["p99"] * 1e3 if "p99" in lag else None,
    )


def _acceltrial(_program: Path, url: str, scenario: Scenario, out: Path) -> list[str]:
    if scenario.streams:
        load = ["--concurrency", str(scenario.streams)]
    else:
        load = ["--arrivals", "poisson", "--rate", f"{scenario.rate_rps:g}", "--seed", str(scenario.seed)]
    options = ["--requests", str(scenario.requests), "--input-tokens", str(INPUT_TOKENS)]
    options += ["--output-tokens", str(OUTPUT_TOKENS), "--no-calibrate", "--json", "--out", str(out)]
    return [sys.executable, "-m", "acceltrial.cli", "bench", f"{url}/v1", *load, *options]


def _read_acceltrial(out: Path) -> Report:
    import polars as pl

    rows = pl.read_parquet(out / "requests.parquet").filter(pl.col("error_class").is_null())
    gaps = [np.diff(one) * 1e3 for one in rows["token_times_s"].to_list()]
    return Report(
        order=rows["sent_s"].to_numpy(),
        ttft_ms=(rows["first_token_s"] - rows["sent_s"]).to_numpy() * 1e3,
        mean_gap_ms=np.array([one.mean() for one in gaps]),
        gaps_ms=gaps,
        ids=[str(index) for index in rows["index"]],
        lag_ms=(rows["sent_s"] - rows["intended_s"]).to_numpy() * 1e3,
    )


PEERS = (
    Tool("guidellm", _guidellm, _read_guidellm),
    Tool("aiperf", _aiperf, _read_aiperf),
    Tool("inference-perf", _inference_perf, _read_inference_perf),
)
ACCELTRIAL = Tool("acceltrial", _acceltrial, _read_acceltrial)
