"""Step times and gap bins in compiled code; the formulas are those of `acceltrial.predict.physics`."""

from __future__ import annotations

import math

from acceltrial.simulate.compiled import inlined
from acceltrial.simulate.state import BIN_GROWTH, BINS, FIRST_BIN_S, Array

SHARED, EXPERTS, LOG_UNTOUCHED, CACHE, TOKEN, ATTENTION, LINK, SEQUENCE, LAYERS, BLEND, PREFILL = range(11)
"""Places in the array of step-time figures; `configuration.StepTimes` says what they are."""
_LOG_GROWTH = math.log(BIN_GROWTH)


@inlined
def _memory_s(p: Array, tokens: float, context: float) -> float:
    touched = 1.0 - math.exp(p[LOG_UNTOUCHED] * tokens)
    return float(p[SHARED] + p[EXPERTS] * touched + p[CACHE] * context)


@inlined
def _blend_s(memory: float, compute: float, power: float) -> float:
    larger, smaller = max(memory, compute), min(memory, compute)
    if larger <= 0.0:
        return 0.0
    return float(larger * (1.0 + (smaller / larger) ** power) ** (1.0 / power))


@inlined
def decode_s(p: Array, scale: Array, batch: int, context: float) -> float:
    """Seconds of a step that gives `batch` sequences one token each, `context` tokens in all."""
    compute = p[TOKEN] * batch + p[ATTENTION] * context
    blended = _blend_s(_memory_s(p, batch, context), compute, p[BLEND])
    return float(scale[batch] * (blended + p[SEQUENCE] * batch + p[LAYERS]))


@inlined
def mixed_s(
    p: Array, scale: Array, batch: int, context: float, chunk: int, read: float, seen: float
) -> float:
    """Seconds of a step that also reads `chunk` prompt tokens.

    `read` tokens of earlier context are loaded for them, `seen` pairs of tokens attend to one another.
    """
    prompt = p[TOKEN] * chunk + p[ATTENTION] * seen + p[LINK] * chunk
    memory = _memory_s(p, batch + chunk, context + read)
    if batch == 0:
        return float(p[PREFILL] * (max(memory, prompt) + p[LAYERS]))
    alone = p[TOKEN] * batch + p[ATTENTION] * context
    beside = p[SEQUENCE] * batch + p[LAYERS]
    decode = _blend_s(_memory_s(p, batch, context), alone, p[BLEND]) + beside
    both = _blend_s(memory, alone + prompt, p[BLEND]) + beside
    return float(scale[batch] * decode + p[PREFILL] * (both - decode))


@inlined
def bin_of(seconds: float) -> int:
    """The bin of a gap."""
    if seconds <= FIRST_BIN_S:
        return 0
    return min(BINS - 1, int(math.log(seconds / FIRST_BIN_S) / _LOG_GROWTH))


@inlined
def bin_middle(index: int) -> float:
    """The geometric middle of a bin, in seconds."""
    return float(FIRST_BIN_S * math.exp((index + 0.5) * _LOG_GROWTH))
