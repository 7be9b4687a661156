"""The step-time model: what a server does with a load, from peaks, architecture and a few shared figures.

Symbols: n devices of a replica, b sequences in a batch, i and o tokens in and out, B and C peak bandwidth and
rate, e their achievable shares.

    decode step   t_d(b)  = blend(bytes(b) ÷ (n·B·e_m), flops(b) ÷ (n·C·e_c)) + overhead(b)
    prefill       t_p     = max(flops(i) ÷ (n·C·e_c), weights ÷ (n·B·e_m)) + exchange + overhead
    steady state  t(b)    = t_d(b) with the prefill of b/o requests added to its arithmetic (chunked prefill)
    throughput            = b ÷ t(b)
    time per token        = t_d(b) + ψ·(t(b) - t_d(b))
    first token           = t_p·(1 + κ·b^η) + ω·t(b) + base + waiting for room in the cache (Little's law)
    b                     = the least of concurrency, what the cache holds, and the engine's own limit
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

import numpy as np

from acceltrial.predict.achieved import TYPICAL
from acceltrial.predict.case import SCENARIOS, CaseArrays, FloatArray
from acceltrial.predict.steptime import all_reduce_gb, blend_s, overhead_s

Names: TypeAlias = np.ndarray[Any, np.dtype[np.str_]]
CLOSED, FIXED = SCENARIOS.index("closed_loop"), SCENARIOS.index("fixed_batch")
SERVER, INTERACTIVE = SCENARIOS.index("mlperf_server"), SCENARIOS.index("mlperf_interactive")
MLPERF = SCENARIOS.index("mlperf_offline")
RUNTIME_GB = 1.5
FIVE_BITS = 5.0
CALL_S = 0.002
"""What a call to a model of one pass costs beside its operations: queue, copy and network (declared)."""
USABLE = 0.9
DEFAULT_LINK_GB_S = 32.0
"""Where no rate between devices is stated: a PCIe 4 bus, half of it a direction."""
TASKS = ("vision", "diffusion", "encoder", "speech", "beam")
_TASK_OF = {
    "vision": "vision",
    "diffusion": "diffusion",
    "embedding": "encoder",
    "reranker": "encoder",
    "speech": "speech",
}


@dataclass(frozen=True, slots=True)
class Physical:
    """The fitted figures, all positive; prior medians as defaults.

    Attributes:
        memory: share of the peak that is reached. compute: the same, for a device on which a large product
            reaches `TYPICAL` of its peak; others in proportion. four_bits: what of it is left in four bits.
            link: share of the rate between devices.
        us_sequence, us_layer, us_link: microseconds a step for each sequence, for each layer, and for each
            layer and doubling of n.
        blend: the power p of the blend. interference: ψ. queue, queue_power: κ and η.
        base_ms: of the first token.
        server, interactive, tuned: factors of the MLPerf scenarios on throughput.
        batch_limit: sequences that an engine runs together where nothing else limits it.
        mixed_…, queue_…: what an engine multiplies ψ and κ with. wait_step: ω, of the step that is running.
        vision … beam: how much faster or slower than e_c a kind of single-pass work runs.
    """

    memory: float = 0.75
    compute: float = 0.55
    four_bits: float = 0.6
    link: float = 0.5
    us_sequence: float = 15.0
    us_layer: float = 20.0
    us_link: float = 12.0
    blend: float = 1.6
    interference: float = 0.6
    queue: float = 0.2
    queue_power: float = 0.6
    base_ms: float = 15.0
    server: float = 0.93
    interactive: float = 0.6
    tuned: float = 1.0
    batch_limit: float = 1024.0
    vision: float = 1.0
    diffusion: float = 1.0
    encoder: float = 1.0
    speech: float = 1.0
    beam: float = 1.0
    mixed_trtllm: float = 1.0
    mixed_vllm: float = 1.0
    mixed_sglang: float = 1.0
    queue_trtllm: float = 1.0
    queue_vllm: float = 1.0
    queue_sglang: float = 1.0
    wait_step: float = 0.5

    @classmethod
    def names(cls) -> list[str]:
        """The figures' names, in order."""
        return [field.name for field in fields(cls)]

    def logs(self) -> FloatArray:
        """Natural logarithms of the figures, in the order of `names`."""
        return np.log([getattr(self, name) for name in self.names()])

    @classmethod
    def from_logs(cls, logs: FloatArray) -> Physical:
        """The figures whose logarithms these are."""
        return cls(**dict(zip(cls.names(), np.exp(logs).tolist(), strict=True)))


def log_prediction(cases: CaseArrays, kinds: Names, physical: Physical) -> FloatArray:
    """Natural logarithm of each case's metric: tokens or samples a second, or milliseconds.

    `kinds` holds one of "tpot", "ttft", "throughput", "samples", "e2e" a case; NaN where a figure is unknown.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        load = _generation(cases, physical)
        values = np.select(
            [kinds == kind for kind in ("tpot", "ttft", "throughput", "e2e", "samples")],
            [
                load.tpot_s * 1e3,
                load.ttft_s * 1e3,
                load.tokens_per_s,
                _whole_s(cases, load, physical) * 1e3,
                _samples_per_s(cases, load, physical),
            ],
            default=np.nan,
        )
        speech = (cases.task == "speech") & (kinds == "throughput")
        values = np.where(speech, _speech_tokens_per_s(cases, physical), values)
        return np.asarray(np.log(values))


@dataclass(frozen=True)
class Load:
    """What a server does with the load: seconds, and tokens a second of all replicas."""

    batch: FloatArray
    tpot_s: FloatArray
    ttft_s: FloatArray
    tokens_per_s: FloatArray


def cache_limit(cases: CaseArrays) -> FloatArray:
    """Sequences whose keys and values fit beside the weights; at least 1: what does not fit is refused."""
    free = USABLE * cases.size * cases.memory_gb - cases.weight_gb - RUNTIME_GB * cases.size
    # Requests are at different points of their answer: three quarters of it on average near the limit.
    held = cases.kv_gb_per_token * (cases.input_tokens + 0.75 * cases.output_tokens)
    return np.asarray(np.maximum(1.0, np.where(held > 0, free / held, np.inf)))


def reached_tflops(cases: CaseArrays, physical: Physical) -> FloatArray:
    """TFLOPS that the devices of a replica reach together."""
    narrow = np.where(cases.bits < FIVE_BITS, physical.four_bits, 1.0)
    share = physical.compute * narrow * cases.reach / TYPICAL
    return np.asarray(cases.size * cases.rate * share)


def _habits(cases: CaseArrays, physical: Physical) -> tuple[FloatArray, FloatArray]:
    """How far prompts queue before each other and slow the steps beside them, by the likely engines."""
    queue = np.log([physical.queue_trtllm, physical.queue_vllm, physical.queue_sglang])
    mixed = np.log([physical.mixed_trtllm, physical.mixed_vllm, physical.mixed_sglang])
    return (
        physical.queue * np.exp(cases.engines @ queue),
        physical.interference * np.exp(cases.engines @ mixed),
    )


def _generation(cases: CaseArrays, physical: Physical) -> Load:
    fixed = cases.scenario == FIXED
    limit = np.minimum(cache_limit(cases), physical.batch_limit)
    batch = np.where(fixed, cases.concurrency, np.minimum(cases.concurrency, limit))
    out = np.maximum(cases.output_tokens, 1.0)
    memory, compute = _decode_parts(cases, batch, physical)
    beside = _beside_s(cases, batch, physical)
    decode = blend_s(memory, compute, physical.blend) + beside
    steady = (
        blend_s(memory, compute + batch / out * _prefill_work_s(cases, 1.0, physical), physical.blend)
        + beside
    )
    prefill = prefill_s(cases, np.where(fixed, batch, 1.0), physical)
    tokens = np.where(fixed, batch * out / (prefill + decode * out), batch / steady * cases.copies)
    tokens = tokens * _scenario_factor(cases, physical)
    waiting = np.where(cases.concurrency > batch, (cases.concurrency - batch) * out / (batch / steady), 0.0)
    queue, mixed = _habits(cases, physical)
    queued = prefill * (1.0 + queue * batch**physical.queue_power) + physical.wait_step * steady
    ttft = np.where(fixed, prefill, queued + physical.base_ms / 1e3 + waiting)
    tpot = np.where(fixed, decode, decode + mixed * (steady - decode))
    return Load(batch, tpot, ttft, tokens)


def decode_s(cases: CaseArrays, physical: Physical, tokens: float = 1.0) -> FloatArray:
    """Seconds of a decode step at each case's concurrency, over `tokens` new tokens of every sequence."""
    memory, compute = _decode_parts(cases, cases.concurrency, physical)
    beside = _beside_s(cases, cases.concurrency, physical)
    return np.asarray(blend_s(memory, tokens * compute, physical.blend) + beside)


def _beside_s(cases: CaseArrays, batch: FloatArray, physical: Physical) -> FloatArray:
    link = physical.us_link * cases.hop
    us = (physical.us_sequence, physical.us_layer, link)
    return np.asarray(overhead_s(batch, cases.layers, cases.size, *us))


def _decode_parts(cases: CaseArrays, batch: FloatArray, physical: Physical) -> tuple[FloatArray, FloatArray]:
    context = cases.input_tokens + cases.output_tokens / 2.0
    touched = 1.0 - (1.0 - cases.expert_share) ** np.maximum(batch, 1.0)
    read = cases.read_shared_gb + cases.read_expert_gb * touched
    moved = read + cases.kv_gb_per_token * context * batch
    work = batch * (cases.flops_per_token + cases.attention_flops * context) / 1e12
    return (
        moved / (cases.size * cases.bandwidth * physical.memory),
        work / reached_tflops(cases, physical),
    )


def _prefill_work_s(cases: CaseArrays, requests: FloatArray | float, physical: Physical) -> FloatArray:
    """Seconds of arithmetic and exchange for the prompts of `requests` requests."""
    tokens = cases.input_tokens * requests
    work = tokens * (cases.flops_per_token + cases.attention_flops * cases.input_tokens / 2.0) / 1e12
    link = np.where(np.isnan(cases.link), DEFAULT_LINK_GB_S, cases.link) / 2.0 * physical.link
    sent = all_reduce_gb(tokens, cases.hidden, cases.layers, cases.size)
    return np.asarray(work / reached_tflops(cases, physical) + sent / link)


def prefill_s(cases: CaseArrays, requests: FloatArray | float, physical: Physical) -> FloatArray:
    """Seconds to read the prompts of `requests` requests together."""
    touched = 1.0 - (1.0 - cases.expert_share) ** np.maximum(cases.input_tokens * requests, 1.0)
    read = (cases.read_shared_gb + cases.read_expert_gb * touched) / (
        cases.size * cases.bandwidth * physical.memory
    )
    beside = overhead_s(0.0, cases.layers, cases.size, 0.0, physical.us_layer, physical.us_link * cases.hop)
    return np.asarray(np.maximum(_prefill_work_s(cases, requests, physical), read) + beside)


def _scenario_factor(cases: CaseArrays, physical: Physical) -> FloatArray:
    factor = np.where(cases.scenario >= MLPERF, physical.tuned, 1.0)
    factor = np.where(cases.scenario == SERVER, factor * physical.server, factor)
    return np.where(cases.scenario == INTERACTIVE, factor * physical.interactive, factor)


def _whole_s(cases: CaseArrays, load: Load, physical: Physical) -> FloatArray:
    """Seconds from a request to its whole answer; of a model of one pass, by Little's law at its load."""
    generated = load.ttft_s + load.tpot_s * cases.output_tokens
    if not (single := np.isin(cases.task, list(_TASK_OF))).any():
        return np.asarray(generated)
    waiting = cases.concurrency / _samples_per_s(cases, load, physical)
    return np.asarray(np.where(single, CALL_S + waiting, generated))


def _samples_per_s(cases: CaseArrays, load: Load, physical: Physical) -> FloatArray:
    """Samples a second of single-pass models; of generating models, whole answers."""
    speed = np.array([getattr(physical, _TASK_OF.get(task, "beam")) for task in cases.task.tolist()])
    one_pass = cases.input_tokens * (cases.flops_per_token + cases.attention_flops * cases.input_tokens / 2.0)
    work = np.where(np.isnan(cases.flops_per_sample), one_pass, cases.flops_per_sample) / 1e12
    single = cases.copies * reached_tflops(cases, physical) * speed / work
    single = np.where(cases.scenario == SERVER, single * physical.server, single)
    answers = load.tokens_per_s / np.maximum(cases.output_tokens, 1.0) * physical.beam
    known = np.isin(cases.task, list(_TASK_OF))
    return np.where(known, single, answers)


def _speech_tokens_per_s(cases: CaseArrays, physical: Physical) -> FloatArray:
    out = np.maximum(cases.output_tokens, 1.0)
    per_token = cases.flops_per_sample / out + cases.flops_per_token
    rate = cases.copies * reached_tflops(cases, physical) * physical.speech
    return np.asarray(rate * 1e12 / per_token)


def with_load(cases: CaseArrays, concurrency: FloatArray) -> CaseArrays:
    """The same cases at other concurrencies."""
    return replace(cases, concurrency=concurrency)
