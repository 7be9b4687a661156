"""Rows as sources publish them (the columns of a table of measurements) turned into cases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from acceltrial.catalog import Catalogue
from acceltrial.predict.case import SCENARIOS, Kind, Scenario, ServingCase
from acceltrial.predict.device import Device
from acceltrial.predict.engines import engine_named
from acceltrial.predict.names import Names
from acceltrial.predict.refusal import RefusedError, refuse_impossible
from acceltrial.predict.shape import BYTES_PER_PARAMETER, TOKEN_FAMILIES, ModelShape

__all__ = ["COLUMNS", "METRICS", "RefusedError", "Row", "RowReader", "refuse_impossible"]

COLUMNS = (
    "accelerator",
    "count",
    "model",
    "params_b",
    "precision",
    "scenario",
    "input_len",
    "output_len",
    "concurrency",
    "metric",
    "unit",
)
METRICS: dict[str, tuple[Kind, str]] = {
    "output_throughput": ("throughput", "tok/s"),
    "samples_throughput": ("samples", "samples/s"),
    "tpot_mean": ("tpot", "ms"),
    "tpot_p50": ("tpot", "ms"),
    "itl_mean": ("tpot", "ms"),
    "itl_p50": ("tpot", "ms"),
    "ttft_mean": ("ttft", "ms"),
    "ttft_p50": ("ttft", "ms"),
    "e2e_latency_mean": ("e2e", "ms"),
    "e2e_latency_p50": ("e2e", "ms"),
}
UNITS: dict[str, tuple[str, float]] = {
    "ms": ("ms", 1.0),
    "s": ("ms", 1e3),
    "us": ("ms", 1e-3),
    "tok/s": ("tok/s", 1.0),
    "tokens/s": ("tok/s", 1.0),
    "samples/s": ("samples/s", 1.0),
    "inf/s": ("samples/s", 1.0),
    "queries/s": ("samples/s", 1.0),
}
"""Unit as written: our unit, and how many of ours one of it is."""
MLPERF_TOKENS = {
    # Mean tokens of the benchmark's data set; MLCommons inference rules and data set cards.
    "llama-2-7b": (294.0, 294.0),
    "llama-2-70b": (294.0, 294.0),
    "llama-3.1-8b": (778.0, 128.0),
    "llama-3.1-405b": (9400.0, 684.0),
    "mixtral-8x7b": (292.0, 145.0),
    "gpt-j-6b": (870.0, 276.0),
    "whisper-large-v3": (1500.0, 60.0),
    "deepseek-r1": (1000.0, 3880.0),
    # SQuAD 1.1 without its padding, which submissions leave out.
    "bert-large": (178.0, 1.0),
}
MLPERF_SINGLE_PASS_TOKENS = 384.0
MAX_COUNT = 4096
MAX_TOKENS = 1e8


@dataclass(frozen=True, slots=True)
class Row:
    """A case with the metric asked for.

    `factor` turns our unit into the row's, `note` says what was assumed.
    """

    case: ServingCase
    kind: Kind
    factor: float
    note: str = ""


class RowReader:
    """Turns rows into cases with the names and figures of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._names = Names(catalogue)

    def read(self, row: Mapping[str, str | None]) -> Row:
        """The case of one row.

        Raises:
            RefusedError: a name is unknown (with the nearest known), a figure is missing or impossible, the
                precision is not supported, or the model does not fit.
        """
        device, counted = self._names.device(_text(row, "accelerator"))
        model = self._names.model(_text(row, "model"), _number(row, "params_b"))
        shape = model.shape
        kind, factor = _metric(_text(row, "metric"), _text(row, "unit"))
        scenario = _scenario(row)
        precision, compute = _precisions(_text(row, "precision", optional=True), scenario, device, shape)
        lengths = _lengths(row, scenario, shape, kind)
        case = ServingCase(
            device=device,
            shape=shape,
            count=_count(row, counted),
            precision=precision,
            compute=compute,
            scenario=scenario,
            input_tokens=lengths[0],
            output_tokens=lengths[1],
            concurrency=_number(row, "concurrency"),
            engine=engine_named(row),
            doubt=model.doubt,
        )
        if scenario in {"closed_loop", "fixed_batch"} and case.concurrency is None:
            raise RefusedError(f"scenario {scenario} needs a concurrency")
        refuse_impossible(case)
        return Row(case, kind, factor, model.note)


def _text(row: Mapping[str, str | None], column: str, *, optional: bool = False) -> str:
    value = (row.get(column) or "").strip()
    if not value and not optional:
        raise RefusedError(f"{column} is empty")
    if len(value) > 200:
        raise RefusedError(f"{column} is longer than 200 characters")
    return value


def _number(row: Mapping[str, str | None], column: str) -> float | None:
    text = row.get(column)
    return _figure(text.strip(), column) if text and text.strip() else None


@lru_cache(maxsize=1 << 16)
def _figure(text: str, column: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise RefusedError(f"{column} is not a number: {text[:40]!r}") from error
    if not math.isfinite(value):
        raise RefusedError(f"{column} is not finite: {text}")
    if value <= 0:
        raise RefusedError(f"{column} must be above zero, not {text}")
    if value > MAX_TOKENS:
        raise RefusedError(f"{column} is out of range: {text}")
    return value


def _count(row: Mapping[str, str | None], counted: int | None) -> int:
    count = _number(row, "count") or counted
    if count is None:
        raise RefusedError("count is empty")
    if counted is not None and count != counted:
        raise RefusedError(f"count {count:g} contradicts the {counted} of the accelerator's name")
    count = float(count)
    if not count.is_integer() or count > MAX_COUNT:
        raise RefusedError(f"count must be a whole number up to {MAX_COUNT}, not {count:g}")
    return int(count)


@lru_cache(maxsize=256)
def _metric(metric: str, unit: str) -> tuple[Kind, float]:
    if metric not in METRICS:
        raise RefusedError(f"metric {metric[:40]!r} is not predicted; known: {', '.join(sorted(METRICS))}")
    kind, ours = METRICS[metric]
    if unit not in UNITS or UNITS[unit][0] != ours:
        fitting = ", ".join(name for name, (target, _) in UNITS.items() if target == ours)
        raise RefusedError(f"unit {unit[:20]!r} does not fit {metric}; known: {fitting}")
    return kind, 1.0 / UNITS[unit][1]


def _scenario(row: Mapping[str, str | None]) -> Scenario:
    name = _text(row, "scenario")
    for scenario in SCENARIOS:
        if scenario == name:
            return scenario
    raise RefusedError(f"scenario {name[:40]!r} is not known; known: {', '.join(SCENARIOS)}")


def _precisions(text: str, scenario: Scenario, device: Device, shape: ModelShape) -> tuple[str, str]:
    """Format of the weights and of the products. An empty cell means the benchmark's usual one."""
    if text.startswith("w-"):
        weights, compute = text.removeprefix("w-"), device.sixteen_bit()
    else:
        weights = compute = text.removesuffix("-matmul")
    if not text:
        weights = compute = _usual(scenario, device, shape)
    if weights not in BYTES_PER_PARAMETER:
        raise RefusedError(f"precision {text[:40]!r} is not known; known: {', '.join(BYTES_PER_PARAMETER)}")
    return weights, compute


def _usual(scenario: Scenario, device: Device, shape: ModelShape) -> str:
    if not scenario.startswith("mlperf"):
        return device.sixteen_bit()
    order = ["fp8", "int8"]
    if shape.family in TOKEN_FAMILIES:
        order = ["fp4", "fp8", "int8"]
    elif shape.family == "vision":
        order = ["int8", "fp8"]
    native = (name for name in order if device.support(name) == "native")
    return next(native, device.sixteen_bit())


def _lengths(
    row: Mapping[str, str | None], scenario: Scenario, shape: ModelShape, kind: Kind
) -> tuple[float, float]:
    tokens_in, tokens_out = _number(row, "input_len"), _number(row, "output_len")
    if scenario.startswith("mlperf"):
        usual = MLPERF_TOKENS.get(shape.model, (MLPERF_SINGLE_PASS_TOKENS, 1.0))
        if shape.family in TOKEN_FAMILIES and shape.model not in MLPERF_TOKENS and tokens_in is None:
            raise RefusedError(f"the lengths of {shape.model} in {scenario} are not known: give input_len")
        return tokens_in or usual[0], tokens_out or usual[1]
    if tokens_in is None and shape.flops_per_inference is not None and shape.family not in TOKEN_FAMILIES:
        return MLPERF_SINGLE_PASS_TOKENS, tokens_out or 1.0
    if tokens_in is None:
        raise RefusedError("input_len is empty")
    if tokens_out is None and shape.family in TOKEN_FAMILIES and kind != "ttft":
        raise RefusedError("output_len is empty")
    return tokens_in, tokens_out or 1.0
