"""Metrics, units and scenarios in the words of benchmark tools and papers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from acceltrial.predict.case import Kind, Scenario
from acceltrial.predict.refusal import RefusedError

Quantity = Literal["output", "total", "requests", "time", "speed"]
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
    "output_speed": ("tpot", "speed"),
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
    "token_throughput": "output_throughput",
    "generation_throughput": "output_throughput",
    "decode_throughput": "output_throughput",
    "throughput": "output_throughput",
    "tokens": "output_throughput",
    "tok": "output_throughput",
    "tps": "output_throughput",
    "output_tokens": "output_throughput",
    "output_tps": "output_throughput",
    "total_throughput": "total_throughput",
    "total_token_throughput": "total_throughput",
    "request_throughput": "request_throughput",
    "samples_throughput": "samples_throughput",
    "sample_throughput": "samples_throughput",
    "inference_throughput": "samples_throughput",
    "samples": "samples_throughput",
    "images": "samples_throughput",
    "inferences": "samples_throughput",
    "queries": "samples_throughput",
    "qps": "samples_throughput",
    "requests": "request_throughput",
    "rps": "request_throughput",
    "output_speed": "output_speed",
    "generation_speed": "output_speed",
    "decode_speed": "output_speed",
    "decoding_speed": "output_speed",
    "interactivity": "output_speed",
}
_STATISTIC = re.compile(r"(^|_)(mean|avg|average|median|p50|system|overall|aggregate)(?=_|$)")
_SECONDS = r"_(per_)?(s|secs?|seconds?)$"
_UNIT_SUFFIXES = tuple(
    re.compile(pattern)
    for pattern in (
        _SECONDS,
        r"_(tok|tokens?|req|requests?|samples?|queries|images?|inf)" + _SECONDS,
        r"_(ms|us|tps)$",
    )
)
_SHARE_SUFFIX = re.compile(r"_(?:per_)?(gpu|chip|device|accelerator|card|user|stream)$")
_UNIT_IN_NAME = re.compile(r"\(([^()]{1,30})\)\s*$|[_ ](ms|us|s)$|^(\S+/\S+)$", re.IGNORECASE)
_TAIL = re.compile(r"(^|_)(p[1-9][0-9]?(\.[0-9]+)?|max|min|std|worst)(_|$)")
_MILLISECONDS = {"ms": 1.0, "msec": 1.0, "millisecond": 1.0, "s": 1e3, "sec": 1e3, "second": 1e3, "us": 1e-3,
                 "µs": 1e-3, "microsecond": 1e-3}  # fmt: skip
_TOKENS = frozenset({"tok", "token", "t"})
_SAMPLES = frozenset({"sample", "inf", "inference", "query", "querie", "image", "img", "request", "req",
                      "sequence", "seq", "sentence", "prompt"})  # fmt: skip
_WHOLE_UNITS = {"tps": "tok", "qps": "query", "rps": "req", "ips": "inf", "fps": "image"}
_DEVICES = frozenset({"gpu", "chip", "device", "accelerator", "card"})
_USERS = frozenset({"user", "stream"})
_A_TOKEN = re.compile(r"(/|\bper)\s*tok", re.IGNORECASE)
_PER = {
    # What a time may be stated for, by the metric's kind.
    "tpot": frozenset({"token", "tok", "step"}), "ttft": frozenset({"request", "req"}),
    "e2e": frozenset({"request", "req", "query", "image", "sample", "inference"}),
}  # fmt: skip
_KNOWN_UNITS = {
    "time": "ms, s, us", "output": "tok/s, tok/s/gpu, tok/s/user", "total": "tok/s, tok/s/gpu",
    "requests": "samples/s, queries/s, inf/s, req/s", "speed": "tok/s, tok/s/user",
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
    name, share = _named(words)
    if name is None and _TAIL.search(words):
        raise RefusedError(
            f"metric {metric[:40]!r}: tails hang on arrivals, which a row does not tell: ask for the mean, "
            "or run acceltrial simulate with a trace"
        )
    if name is None:
        raise RefusedError(f"metric {metric[:40]!r} is not predicted; known: {', '.join(sorted(METRICS))}")
    unit = unit or _unit_in(metric)
    if not unit:
        raise RefusedError("unit is empty")
    if _STATISTIC.sub("", words).strip("_") == "latency" and _A_TOKEN.search(unit):
        name = "tpot_mean"
    kind, quantity = METRICS[name]
    found = _unit(unit, kind, quantity, bare=words == "throughput")
    if found is None or (share and found.share and share != found.share):
        raise RefusedError(f"unit {unit[:20]!r} does not fit {metric[:40]}; known: {_KNOWN_UNITS[quantity]}")
    if quantity == "output" and found.quantity == "requests":
        kind = "samples"
    return Asked(kind, found.quantity, found.factor, found.share or share)


def _named(words: str) -> tuple[str | None, Share]:
    """The metric's key in `METRICS`, and what its name shares the figure out by ("tokens_s_gpu")."""
    if words in METRICS:
        return words, ""
    if name := _canonical(words):
        return name, ""
    shared = _SHARE_SUFFIX.search(words)
    name = _canonical(words[: shared.start()]) if shared else None
    if shared is None or name is None or METRICS[name][1] == "time":
        return None, ""
    return name, "user" if shared[1] in _USERS else "device"


def _canonical(words: str) -> str | None:
    plain = _STATISTIC.sub("", words).strip("_")
    bare = (plain, *(suffix.sub("", plain) for suffix in _UNIT_SUFFIXES))
    return next((_METRIC_WORDS[text] for text in bare if text in _METRIC_WORDS), None)


def _unit_in(metric: str) -> str:
    """The unit that a column's name ends in ("Mean TPOT (ms)", "mean_tpot_ms", "tokens/s"); else empty."""
    found = _UNIT_IN_NAME.search(metric.strip())
    return next(filter(None, found.groups()), "") if found else ""


def _unit(unit: str, kind: Kind, quantity: Quantity, *, bare: bool) -> Asked | None:
    """The unit's factor and share; `bare` lets it tell tokens from samples."""
    text = re.sub(r"\s+per\s+", "/", unit.lower().strip()).replace(" ", "")
    whole, slash, of = text.partition("/")
    if whole in _WHOLE_UNITS:
        text = f"{_WHOLE_UNITS[whole]}/s{slash}{of}"
    first, *rest = text.split("/")
    if quantity == "time":
        scale = _MILLISECONDS.get(first) or _MILLISECONDS.get(first.removesuffix("s"))
        fits = scale is not None and (not rest or (len(rest) == 1 and rest[0] in _PER[kind]))
        return Asked(kind, quantity, 1.0 / scale) if fits and scale else None
    if not rest or rest[0].removesuffix("s") not in {"", "sec", "second"} or len(rest) > 2:
        return None
    share: Share = ""
    if len(rest) == 2:
        if rest[1] not in _DEVICES | _USERS:
            return None
        share = "user" if rest[1] in _USERS else "device"
    thing = first.removesuffix("s")
    if quantity == "speed":
        return Asked(kind, quantity, 1e3) if thing in _TOKENS and share != "device" else None
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
