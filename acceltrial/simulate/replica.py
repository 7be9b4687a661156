"""One replica through time: continuous batching with chunked prefill, in compiled code."""

from __future__ import annotations

import math
from typing import Any

from acceltrial.simulate.compiled import compiled, inlined
from acceltrial.simulate.memory import take
from acceltrial.simulate.queues import next_end, pop_end
from acceltrial.simulate.sequences import admit, finish, preempt, start_decoding
from acceltrial.simulate.state import BLOCK_TOKENS, GENERATED, PREFILLED, STEPS, Array, Replicas, Settings
from acceltrial.simulate.steps import bin_of, decode_s, mixed_s
from acceltrial.simulate.transfer import send

_LONG_RUN = 1 << 40


@compiled
def advance(
    c: Settings, q: Array, x: Replicas, p: Array, scale: Array, r: int, until: float, sent: Any, lag: bool
) -> None:
    """Runs the steps of replica `r` that begin before `until` (seconds).

    With `lag` it may stay behind where nothing that a router sees happens before `until`.
    """
    if lag and until <= x.rep[r].quiet_until:
        return
    while x.rep[r].now < until and x.rep[r].load > 0:
        if x.rep[r].current < 0:
            admit(c, q, x, r)
        if x.rep[r].current >= 0 or x.rep[r].tails > 0:
            _mixed_step(c, q, x, p, scale, r, sent)
        elif x.rep[r].running > 0:
            if lag and _is_quiet(c, x, p, scale, r, until):
                return
            _decode_steps(c, q, x, p, scale, r, until)
        else:
            raise RuntimeError("a waiting request fits nowhere")


@compiled
def _mixed_step(c: Settings, q: Array, x: Replicas, p: Array, scale: Array, r: int, sent: Any) -> None:
    """A step that reads prompts, up to the token budget, beside the decoding sequences."""
    if not take(x, r, _needed(x, r, 0)):
        # The prompt being read goes first, and with it this step.
        preempt(c, q, x, r)
        return
    batch, context = x.rep[r].running, float(x.rep[r].context)
    budget = max(c.token_budget - batch, 1)
    chunk, prompts, read, seen = 0, 0, 0.0, 0.0
    for place in range(x.rep[r].tails):
        i = x.slots[r, place].tail
        _end_prompt(x, r, i, x.slots[r, place].tail_hit)
        before = q[i].inputs + q[i].generated - c.prompt_tail
        read += before
        seen += c.prompt_tail * (before + 0.5 * c.prompt_tail)
    prompts = x.rep[r].tails
    chunk = prompts * c.prompt_tail
    x.rep[r].tails = 0
    while x.rep[r].current >= 0 and chunk < budget:
        i = x.rep[r].current
        left = x.rep[r].left
        tail = c.prompt_tail if left > c.prompt_tail else 0
        part = min(left - tail, budget - chunk)
        before = q[i].inputs + q[i].generated - left
        chunk += part
        prompts += 1
        read += before
        seen += part * (before + 0.5 * part)
        x.rep[r].left -= part
        if x.rep[r].left > tail:
            break
        x.rep[r].current = -1
        if tail > 0:
            x.slots[r, x.rep[r].tails].tail = i
            x.slots[r, x.rep[r].tails].tail_hit = x.rep[r].hit
            x.rep[r].tails += 1
        else:
            _end_prompt(x, r, i, x.rep[r].hit)
        if chunk >= budget or not admit(c, q, x, r):
            break
    x.counts[PREFILLED] += chunk
    _pass_time(c, x, r, mixed_s(p, scale, batch, context, chunk, prompts, read, seen), 1)
    _end_sequences(c, q, x, r)
    ended = x.rep[r].ended_count
    x.rep[r].ended_count = 0
    for place in range(ended):
        i = x.slots[r, place].ended
        if start_decoding(c, q, x, r, i, x.slots[r, place].ended_hit):
            send(c, q, x, r, i, sent)


@inlined
def _end_prompt(x: Replicas, r: int, i: int, hit: int) -> None:
    """Notes that this step ends the prompt of request `i`."""
    x.slots[r, x.rep[r].ended_count].ended = i
    x.slots[r, x.rep[r].ended_count].ended_hit = hit
    x.rep[r].ended_count += 1


@compiled
def _decode_steps(c: Settings, q: Array, x: Replicas, p: Array, scale: Array, r: int, until: float) -> None:
    """As many steps as nothing interrupts: an end, an arrival, or the last free block."""
    batch, context = x.rep[r].running, float(x.rep[r].context)
    most = _steps_with_room(x, r, _steps_to_end(c, x, r))
    if most == 0:
        preempt(c, q, x, r)
        return
    seconds = decode_s(p, scale, batch, context)
    if until < math.inf:
        most = max(1, min(most, math.ceil((until - x.rep[r].now) / seconds)))
    if most > 1:
        seconds = decode_s(p, scale, batch, context + 0.5 * batch * (most - 1))
        if until < math.inf:
            most = max(1, min(most, math.ceil((until - x.rep[r].now) / seconds)))
    blocks = batch * (most // BLOCK_TOKENS)
    for step in range(most % BLOCK_TOKENS):
        blocks += _needed(x, r, step)
    take(x, r, blocks)
    _pass_time(c, x, r, seconds, most)
    _end_sequences(c, q, x, r)


@inlined
def _is_quiet(c: Settings, x: Replicas, p: Array, scale: Array, r: int, until: float) -> bool:
    """Whether no sequence ends and no prefix is evicted before `until`: steps only get longer."""
    batch, most = x.rep[r].running, _steps_to_end(c, x, r)
    seconds = decode_s(p, scale, batch, float(x.rep[r].context))
    end = x.rep[r].now + most * seconds
    if end < until or x.rep[r].free < batch * (most // BLOCK_TOKENS + 1):
        return False
    x.rep[r].quiet_until = end
    return True


@inlined
def _steps_to_end(c: Settings, x: Replicas, r: int) -> int:
    """Steps until the first sequence ends, as far as they may be taken at once."""
    return int(min(x.slots[r, next_end(x, r)].s_end - x.rep[r].steps, c.most_steps))


@inlined
def _needed(x: Replicas, r: int, ahead: int) -> int:
    """Blocks that the step `ahead` steps from now needs: of sequences whose last block is full."""
    return int(x.phases[r, (-(x.rep[r].steps + ahead)) % BLOCK_TOKENS])


@inlined
def _steps_with_room(x: Replicas, r: int, most: int) -> int:
    """How many of the next `most` steps find their blocks. Each sequence needs one every block's length."""
    room, batch = x.rep[r].free + x.rep[r].cached, x.rep[r].running
    steps = room // batch * BLOCK_TOKENS
    room -= room // batch * batch
    while steps < most:
        room -= _needed(x, r, steps)
        if room < 0:
            break
        steps += 1
    return int(min(steps, most))


@inlined
def _pass_time(c: Settings, x: Replicas, r: int, seconds: float, steps: int) -> None:
    """Lets `steps` steps pass; each decoding sequence gets a token in each."""
    batch = x.rep[r].running
    if batch > 0:
        place = bin_of(seconds)
        x.gaps[r, place] += steps
        x.rep[r].low_bin = min(x.rep[r].low_bin, place)
        x.rep[r].high_bin = max(x.rep[r].high_bin, place)
        x.pooled[place] += steps * batch
    x.rep[r].now += steps * seconds
    x.rep[r].busy += steps * seconds
    used = (x.rep[r].own + x.rep[r].pinned) / c.blocks
    x.rep[r].kv_area += used * steps * seconds
    x.rep[r].kv_peak = max(x.rep[r].kv_peak, used)
    x.rep[r].batch_area += batch * steps * seconds
    x.rep[r].steps += steps
    x.rep[r].context += batch * steps
    x.counts[GENERATED] += batch * steps
    x.counts[STEPS] += steps


@inlined
def _end_sequences(c: Settings, q: Array, x: Replicas, r: int) -> None:
    """Finishes the sequences whose last token is out."""
    while True:
        slot = next_end(x, r)
        if slot < 0 or x.slots[r, slot].s_end > x.rep[r].steps:
            return
        pop_end(x, r)
        finish(c, q, x, r, slot)
