"""Rows as sources publish them (the columns of a table of measurements) turned into cases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from acceltrial.catalog import Catalogue
from acceltrial.predict.case import NARROW, Kind, Scenario, ServingCase
from acceltrial.predict.device import Device
from acceltrial.predict.device_names import Spelling
from acceltrial.predict.engines import engine_named
from acceltrial.predict.formats import format_in_name, format_named
from acceltrial.predict.names import FoundModel, Names
from acceltrial.predict.refusal import RefusedError, refuse_impossible
from acceltrial.predict.shape import ENCODER_FAMILIES, TOKEN_FAMILIES, ModelShape
from acceltrial.predict.wording import SINGLE_STREAM, Asked, asked, scenario_named

__all__ = ["COLUMNS", "RefusedError", "Row", "RowReader", "refuse_impossible"]

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
ONE_PASS_DOUBT = 2.0
"""How much wider intervals are where a call to a model of one pass is waited for: no row was fitted."""
FITTED_FAMILIES = TOKEN_FAMILIES | ENCODER_FAMILIES | {"vision", "diffusion", "speech"}
LEAST_VISION_FLOPS = 2e9
"""A quarter of the smallest network that was fitted (ResNet-50)."""
FITTED_LINES = {"vision": ("resnet", "vit"), "diffusion": ("sdxl",), "speech": ("whisper",)}
UNLIKE_DOUBT = 3.0
"""How much wider intervals are for models of one pass of whose family another line was fitted."""
MAX_COUNT = 4096
MAX_TOKENS = 1e8
MAX_CONCURRENCY = 1 << 16
"""Of rows that were published none has a tenth of it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case with the metric asked for.

    `factor` turns our unit into the row's, `note` says what was assumed. Where `inverse`, the row asks for
    a rate that is `factor` ÷ our milliseconds: of answers that are waited for (Little's law), or of one
    user's tokens.
    """

    case: ServingCase
    kind: Kind
    factor: float
    note: str = ""
    inverse: bool = False

    def in_row_unit(self, value: float, low: float, high: float) -> tuple[float, float, float]:
        """A figure of ours with its interval, in the row's unit."""
        if self.inverse:
            return self.factor / value, self.factor / high, self.factor / low
        return value * self.factor, low * self.factor, high * self.factor

    def in_our_unit(self, value: float) -> float:
        """A figure of the row in ours."""
        return self.factor / value if self.inverse else value / self.factor


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
        device, spelling = self._names.device(_text(row, "accelerator"))
        model = self._names.model(_text(row, "model"), _number(row, "params_b"))
        shape = model.shape
        wanted = asked(_text(row, "metric"), _text(row, "unit", optional=True))
        _refuse_unlike(wanted, shape)
        scenario, concurrency = _load(row)
        precision, compute, said = precisions(
            _text(row, "precision", optional=True), _text(row, "model"), scenario, device, shape
        )
        lengths = _lengths(row, scenario, shape, wanted.kind)
        case = ServingCase(
            device=device,
            shape=shape,
            count=_count(row, spelling),
            precision=precision,
            compute=compute,
            scenario=scenario,
            input_tokens=lengths[0],
            output_tokens=lengths[1],
            concurrency=concurrency,
            engine=engine_named(row),
            doubt=_doubt(model, wanted, scenario),
        )
        if case.concurrency is None and (
            scenario in {"closed_loop", "fixed_batch"} or wanted.kind in {"ttft", "e2e"}
        ):
            raise RefusedError(f"{wanted.kind} in scenario {scenario} needs a concurrency")
        refuse_impossible(case)
        wanted = _answers(wanted, case)
        factor = wanted.row_factor(case.count, case.concurrency, case.input_tokens, case.output_tokens)
        note = "; ".join(filter(None, (model.note, _unlike(shape), said)))
        if wanted.quantity == "speed":
            return Row(case, "tpot", factor, note, inverse=True)
        waited = wanted.kind == "samples" and scenario == "closed_loop"
        if waited and shape.family not in TOKEN_FAMILIES and concurrency is not None:
            return Row(case, "e2e", 1e3 * concurrency * factor, note, inverse=True)
        return Row(case, wanted.kind, factor, note)


def _refuse_unlike(wanted: Asked, shape: ModelShape) -> None:
    """Raises RefusedError where no row like it was fitted, or a model of one pass is asked for its tokens."""
    if shape.family not in FITTED_FAMILIES:
        raise RefusedError(
            f"{shape.model} ({shape.family}) is bound by look-ups and small operations, not modelled here: "
            "no row like it was fitted"
        )
    if shape.family == "vision" and (shape.flops_per_inference or math.inf) < LEAST_VISION_FLOPS:
        raise RefusedError(
            f"{shape.model} takes {shape.flops_per_inference:.2g} operations an image: networks that small "
            "wait for memory and launches, and no row like it was fitted"
        )
    if shape.family in TOKEN_FAMILIES or wanted.kind in {"samples", "e2e"} or wanted.quantity == "requests":
        return
    if shape.family == "speech" and wanted.kind == "throughput":
        return
    raise RefusedError(f"{shape.model} answers in one pass: ask for samples_throughput or e2e_latency_mean")


def _unlike(shape: ModelShape) -> str:
    """Which other lines of the family were fitted; empty where the model's own was."""
    lines = FITTED_LINES.get(shape.family, ("",))
    if shape.model.startswith(lines):
        return ""
    return f"of {shape.family} models only {' and '.join(lines)} were fitted"


def _doubt(model: FoundModel, wanted: Asked, scenario: Scenario) -> float:
    if _unlike(model.shape):
        return UNLIKE_DOUBT
    if model.shape.family in TOKEN_FAMILIES or (wanted.kind == "samples" and scenario != "closed_loop"):
        return model.doubt
    return max(model.doubt, ONE_PASS_DOUBT)


def _answers(wanted: Asked, case: ServingCase) -> Asked:
    """Whole answers a second: tokens a second over the answer's length, save in MLPerf's own unit."""
    if wanted.quantity != "requests":
        return wanted
    if case.shape.family not in TOKEN_FAMILIES:
        return replace(wanted, kind="samples")
    return wanted if case.scenario.startswith("mlperf") else replace(wanted, kind="throughput")


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


def _at_least_one(row: Mapping[str, str | None], column: str) -> float | None:
    value = _number(row, column)
    if value is not None and value < 1:
        raise RefusedError(f"{column} must be at least 1, not {value:g}")
    return value


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


def _count(row: Mapping[str, str | None], spelling: Spelling) -> int:
    count, counted = _number(row, "count") or spelling.count, spelling.count
    if count is None:
        raise RefusedError("count is empty")
    if counted is not None and spelling.binding and count != counted:
        raise RefusedError(f"count {count:g} contradicts the {counted} of the accelerator's name")
    count = float(count)
    if not count.is_integer() or count > MAX_COUNT:
        raise RefusedError(f"count must be a whole number up to {MAX_COUNT}, not {count:g}")
    return int(count)


def _load(row: Mapping[str, str | None]) -> tuple[Scenario, float | None]:
    """The scenario and the requests in flight."""
    text, concurrency = _text(row, "scenario"), _at_least_one(row, "concurrency")
    if concurrency is not None and concurrency > MAX_CONCURRENCY:
        raise RefusedError(f"concurrency is out of range: {concurrency:g}")
    if concurrency is None and text.lower() in SINGLE_STREAM:
        concurrency = 1.0
    lengths = _number(row, "input_len") is not None
    return scenario_named(text, lengths=lengths, concurrency=concurrency is not None), concurrency


def precisions(
    text: str, model: str, scenario: Scenario, device: Device, shape: ModelShape
) -> tuple[str, str, str]:
    """Format of the weights and of the products, and what to say of them.

    Empty `text` means the format in the model's name, else the usual one. Raises RefusedError: unknown.
    """
    weights, unpacked = format_named(text)
    named, named_unpacked = format_in_name(model)
    differ = weights and named and weights != named
    said = f"precision {weights}, though the model's name says {named}" if differ else ""
    if not weights:
        weights, unpacked = named or _usual(scenario, device, shape), named_unpacked
    if weights == shape.native_precision == "fp4" and device.support("fp4") == "unsupported":
        # Engines unpack the published four bits to 16, as they do those of AWQ or GPTQ.
        weights = "int4" if device.support("int4") == "weight_only" else weights
        unpacked, said = True, "four-bit weights are unpacked: no product in fp4 here"
    return weights, device.sixteen_bit() if unpacked else weights, said


def _usual(scenario: Scenario, device: Device, shape: ModelShape) -> str:
    if not scenario.startswith("mlperf"):
        # Models that are published in eight or four bits are served so.
        own = shape.native_precision
        four_bits = own == "fp4" and device.support("int4") == "weight_only"
        narrow = own in NARROW and device.support(own) in {"native", "weight_only"}
        return own if narrow or four_bits else device.sixteen_bit()
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
    tokens_in, tokens_out = _at_least_one(row, "input_len"), _at_least_one(row, "output_len")
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
