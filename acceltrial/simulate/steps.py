"""Step times and gap bins in compiled code; the formulas are those of `acceltrial.predict.physics`."""

from __future__ import annotations

import math

from acceltrial.simulate.compiled import inlined
from acceltrial.simulate.state import BIN_GROWTH, BINS, FIRST_BIN_S, Array

SHARED, EXPERTS, LOG_UNTOUCHED, CACHE, TOKEN, ATTENTION, LINK, SEQUENCE, LAYERS, PREFILL, PROMPT, BLENDS = (
    range(12)
)
"""Places in the array of step-time figures; `configuration.StepTimes` says what they are.

From BLENDS on it holds (1 + r^p)^(1/p) at `BLEND_CELLS` + 1 ratios r from 0 to 1: powers take most of a step.
Between them the blend is linear, true to 1e-4 of itself at any p."""
BLEND_CELLS = 4096
_LOG_GROWTH = math.log(BIN_GROWTH)


@inlined
def _memory_s(p: Array, tokens: float, context: float) -> float:
    own = p[SHARED] + p[CACHE] * context
    if p[EXPERTS] > 0.0:
        own += p[EXPERTS] * (1.0 - math.exp(p[LOG_UNTOUCHED] * tokens))
    return float(own)


@inlined
def _blend_s(p: Array, memory: float, compute: float) -> float:
    larger, smaller = max(memory, compute), min(memory, compute)
    if larger <= 0.0:
        return 0.0
    place = smaller / larger * BLEND_CELLS
    cell = min(int(place), BLEND_CELLS - 1)
    low, high = p[BLENDS + cell], p[BLENDS + cell + 1]
    return float(larger * (low + (high - low) * (place - cell)))


@inlined
def decode_s(p: Array, scale: Array, batch: int, context: float) -> float:
    """Seconds of a step that gives `batch` sequences one token each, `context` tokens in all."""
    compute = p[TOKEN] * batch + p[ATTENTION] * context
    blended = _blend_s(p, _memory_s(p, batch, context), compute)
    return float(scale[batch] * (blended + p[SEQUENCE] * batch + p[LAYERS]))


@inlined
def mixed_s(
    p: Array, scale: Array, batch: int, context: float, chunk: int, prompts: int, read: float, seen: float
) -> float:
    """Seconds of a step that also reads `chunk` tokens of `prompts` prompts.

    `read` tokens of earlier context are loaded for them, `seen` pairs of tokens attend to one another.
    """
    prompt = p[TOKEN] * chunk + p[ATTENTION] * seen + p[LINK] * chunk
    memory = _memory_s(p, batch + chunk, context + read)
    if batch == 0:
        return float(p[PREFILL] * (max(memory, prompt) + p[LAYERS] + p[PROMPT] * prompts))
    alone = p[TOKEN] * batch + p[ATTENTION] * context
    beside = p[SEQUENCE] * batch + p[LAYERS]
    decode = _blend_s(p, _memory_s(p, batch, context), alone) + beside
    both = _blend_s(p, memory, alone + prompt) + beside
    return float(scale[batch] * decode + p[PREFILL] * (both - decode + p[PROMPT] * prompts))


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
