"""Metrics, units, scenarios and formats in the words of benchmark tools, papers and model names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from acceltrial.predict.case import Kind, Scenario
from acceltrial.predict.refusal import RefusedError
from acceltrial.predict.shape import BYTES_PER_PARAMETER

Quantity = Literal["output", "total", "requests", "time"]
Share = Literal["", "device", "user"]

METRICS: dict[str, tuple[Kind, Quantity]] = {
    "tpot_mean": ("tpot", "time"),
    "itl_mean": ("tpot", "time"),
    "ttft_mean": ("ttft", "time"),
    "e2e_latency_mean": ("e2e", "time"),
    "output_throughput": ("throughput", "output"),
    "total_throughput": ("throughput", "total"),
    "request_throughput": ("throughput", "requests"),
    "samples_throughput": ("samples", "requests"),
}
"""Each stands for the median (…_p50) too: the model gives one figure for both."""
_METRIC_WORDS = {
    "tpot": "tpot_mean",
    "time_per_output_token": "tpot_mean",
    "time_between_tokens": "tpot_mean",
    "tbt": "tpot_mean",
    "per_token_latency": "tpot_mean",
    "token_latency": "tpot_mean",
    "decode_step_time": "tpot_mean",
    "itl": "itl_mean",
    "inter_token_latency": "itl_mean",
    "intertoken_latency": "itl_mean",
    "ttft": "ttft_mean",
    "time_to_first_token": "ttft_mean",
    "first_token_latency": "ttft_mean",
    "e2e_latency": "e2e_latency_mean",
    "e2e": "e2e_latency_mean",
    "e2el": "e2e_latency_mean",
    "end_to_end_latency": "e2e_latency_mean",
    "request_latency": "e2e_latency_mean",
    "latency": "e2e_latency_mean",
    "output_throughput": "output_throughput",
    "output_token_throughput": "output_throughput",
    "generation_throughput": "output_throughput",
    "decode_throughput": "output_throughput",
    "throughput": "output_throughput",
    "tokens": "output_throughput",
    "tok": "output_throughput",
    "tps": "output_throughput",
    "output_tokens": "output_throughput",
    "tokens_per_second": "output_throughput",
    "output_tokens_per_second": "output_throughput",
    "total_throughput": "total_throughput",
    "total_token_throughput": "total_throughput",
    "request_throughput": "request_throughput",
    "samples_throughput": "samples_throughput",
    "sample_throughput": "samples_throughput",
    "inference_throughput": "samples_throughput",
    "samples": "samples_throughput",
    "samples_per_second": "samples_throughput",
    "images_per_second": "samples_throughput",
    "queries": "samples_throughput",
    "queries_per_second": "samples_throughput",
    "qps": "samples_throughput",
    "requests_per_second": "request_throughput",
    "rps": "request_throughput",
}
_STATISTIC = re.compile(r"(^|_)(mean|avg|average|median|p50)(?=_|$)")
_UNIT_SUFFIX = re.compile(r"_(ms|s|sec|seconds|tok_s|tokens_s|tps)$")
_TAIL = re.compile(r"(^|_)(p[1-9][0-9]?(\.[0-9]+)?|max|min|std|worst)(_|$)")
_MILLISECONDS = {"ms": 1.0, "msec": 1.0, "millisecond": 1.0, "s": 1e3, "sec": 1e3, "second": 1e3, "us": 1e-3,
                 "µs": 1e-3, "microsecond": 1e-3}  # fmt: skip
_TOKENS = frozenset({"tok", "token", "t"})
_SAMPLES = frozenset({"sample", "inf", "inference", "query", "querie", "image", "img", "request", "req",
                      "sequence", "seq", "sentence", "prompt"})  # fmt: skip
_WHOLE_UNITS = {"tps": ("tok", ""), "qps": ("query", ""), "rps": ("req", ""), "ips": ("inf", ""),
                "fps": ("image", "")}  # fmt: skip
_DEVICES = frozenset({"gpu", "chip", "device", "accelerator", "card"})
_KNOWN_UNITS = {
    "time": "ms, s, us", "output": "tok/s, tok/s/gpu, tok/s/user", "total": "tok/s, tok/s/gpu",
    "requests": "samples/s, queries/s, inf/s, req/s",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """The metric that a row asks for.

    `factor` turns our unit (ms, tokens/s, samples/s of all devices) into the row's, before it is shared out
    by `share`.
    """

    kind: Kind
    quantity: Quantity
    factor: float
    share: Share = ""

    def row_factor(self, count: int, concurrency: float | None, tokens_in: float, tokens_out: float) -> float:
        """What the predictor's figure is multiplied with to be the row's. Raises RefusedError."""
        factor = self.factor
        if self.kind == "throughput" and self.quantity == "total":
            factor *= (tokens_in + tokens_out) / tokens_out
        if self.kind == "throughput" and self.quantity == "requests":
            factor /= tokens_out
        if self.share == "device":
            factor /= count
        if self.share == "user":
            if concurrency is None:
                raise RefusedError("a rate for each user needs a concurrency")
            factor /= concurrency
        return factor


@lru_cache(maxsize=1024)
def asked(metric: str, unit: str) -> Asked:
    """What `metric` in `unit` means. Raises RefusedError naming the known ones."""
    words = re.sub(r"[^a-z0-9.]+", "_", metric.lower()).strip("_")
    name = words if words in METRICS else _canonical(words)
    if name is None and _TAIL.search(words):
        raise RefusedError(
            f"metric {metric[:40]!r}: tails hang on arrivals, which a row does not tell: ask for the mean, "
            "or run acceltrial simulate with a trace"
        )
    if name is None:
        raise RefusedError(f"metric {metric[:40]!r} is not predicted; known: {', '.join(sorted(METRICS))}")
    kind, quantity = METRICS[name]
    found = _unit(unit, quantity, bare=words == "throughput")
    if found is None:
        raise RefusedError(f"unit {unit[:20]!r} does not fit {metric[:40]}; known: {_KNOWN_UNITS[quantity]}")
    if quantity == "output" and found.quantity == "requests":
        kind = "samples"
    return Asked(kind, found.quantity, found.factor, found.share)


def _canonical(words: str) -> str | None:
    plain = _STATISTIC.sub("", words).strip("_")
    return _METRIC_WORDS.get(plain) or _METRIC_WORDS.get(_UNIT_SUFFIX.sub("", plain))


def _unit(unit: str, quantity: Quantity, *, bare: bool) -> Asked | None:
    """The unit's factor and share; `bare` lets it tell tokens from samples."""
    text = re.sub(r"\s+per\s+", "/", unit.lower().strip()).replace(" ", "")
    if text in _WHOLE_UNITS:
        text = _WHOLE_UNITS[text][0] + "/s"
    first, *rest = text.split("/")
    if quantity == "time":
        scale = _MILLISECONDS.get(first) or _MILLISECONDS.get(first.removesuffix("s"))
        fits = scale is not None and (not rest or rest in (["token"], ["tok"], ["request"], ["step"]))
        return Asked("tpot", quantity, 1.0 / scale) if fits and scale else None
    if not rest or rest[0].removesuffix("s") not in {"", "sec", "second"} or len(rest) > 2:
        return None
    share: Share = ""
    if len(rest) == 2:
        if rest[1] not in _DEVICES | {"user", "stream"}:
            return None
        share = "device" if rest[1] in _DEVICES else "user"
    thing = first.removesuffix("s")
    if quantity in {"output", "total"} and thing in _TOKENS:
        return Asked("throughput", quantity, 1.0, share)
    if thing in _SAMPLES and (quantity == "requests" or bare):
        return Asked("samples", "requests", 1.0, share)
    return None


def scenario_named(text: str, *, lengths: bool, concurrency: bool) -> Scenario:
    """The scenario; "offline" and "server" are MLPerf's where a row gives no lengths, or no concurrency.

    Raises:
        RefusedError: unknown, or one that a row cannot describe.
    """
    words = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if words in {"offline", "batch_offline"}:
        return "offline_max" if lengths else "mlperf_offline"
    if words in {"server", "online", "serving", "online_serving"} and (words == "server" or concurrency):
        return "closed_loop" if concurrency else "mlperf_server"
    found = _SCENARIO_WORDS.get(words)
    if found is None:
        raise RefusedError(f"scenario {text[:40]!r} is not known; known: {', '.join(_SCENARIO_NAMES)}")
    return found


_SCENARIO_NAMES: tuple[Scenario, ...] = (
    "closed_loop", "fixed_batch", "offline_max", "mlperf_offline", "mlperf_server", "mlperf_interactive",
)  # fmt: skip
SINGLE_STREAM = frozenset({"single_stream", "singlestream", "single stream", "single-stream"})
_SCENARIO_WORDS: dict[str, Scenario] = {
    **{name: name for name in _SCENARIO_NAMES},
    "concurrency": "closed_loop", "constant_concurrency": "closed_loop", "closed": "closed_loop",
    "closedloop": "closed_loop", "online": "closed_loop", "serving": "closed_loop",
    "online_serving": "closed_loop",
    "single_stream": "closed_loop", "singlestream": "closed_loop",
    "static_batch": "fixed_batch", "static": "fixed_batch", "batch": "fixed_batch",
    "fixedbatch": "fixed_batch",
    "max_throughput": "offline_max", "throughput": "offline_max", "offlinemax": "offline_max",
    "interactive": "mlperf_interactive",
}  # fmt: skip

_FORMATS = {
    "float32": "fp32", "float": "fp32", "float16": "fp16", "half": "fp16", "bfloat16": "bf16",
    "float8": "fp8",
    "e4m3": "fp8", "fp8_e4m3": "fp8", "e5m2": "fp8", "fp8_e5m2": "fp8", "mxfp8": "fp8", "fp8_dynamic": "fp8",
    "fp8_w8a8": "fp8", "w8a8_fp8": "fp8", "float4": "fp4", "nvfp4": "fp4", "mxfp4": "fp4", "i8": "int8",
    "w8a8": "int8", "int8_w8a8": "int8", "w8a8_int8": "int8", "i4": "int4", "w4a16": "int4", "awq": "int4",
    "gptq": "int4", "awq_int4": "int4", "gptq_int4": "int4", "int4_awq": "int4", "int4_gptq": "int4",
    "q4": "int4", "q4_0": "int4", "q4_k_m": "int4", "4bit": "int4", "w8a16": "w_int8",
}  # fmt: skip
_NOT_SAID = frozenset({"auto", "default", "n_a", "na", "none", "unknown", "unspecified"})
_IN_A_NAME = {
    "fp4": r"nvfp4|mxfp4|fp4", "fp8": r"fp8|mxfp8", "int4": r"awq|gptq|int4|w4a16|4bit|q4_k_m|q4_0",
    "int8": r"int8|w8a8", "w_int8": r"w8a16",
}  # fmt: skip


def format_named(text: str) -> tuple[str, bool]:
    """The format of weights, and whether products keep 16 bits ("w-int8"); "" where the text tells none.

    Raises:
        RefusedError: unknown.
    """
    words = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_").removesuffix("_matmul")
    if not words or words in _NOT_SAID:
        return "", False
    words = _FORMATS.get(words, words)
    weights = words.removeprefix("w_")
    weights = _FORMATS.get(weights, weights)
    if weights not in BYTES_PER_PARAMETER:
        raise RefusedError(f"precision {text[:40]!r} is not known; known: {', '.join(BYTES_PER_PARAMETER)}")
    return weights, words.startswith("w_")


@lru_cache(maxsize=4096)
def format_in_name(model: str) -> tuple[str, bool]:
    """The format in a model's name ("…-Instruct-FP8"), as `format_named` gives it; "" where none."""
    for name, pattern in _IN_A_NAME.items():
        if re.search(rf"(?<![a-z0-9])({pattern})(?![a-z0-9])", model.lower()):
            return name.removeprefix("w_"), name.startswith("w_")
    return "", False
