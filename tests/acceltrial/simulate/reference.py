"""A slow simulator of one replica in plain Python, written from docs/simulator.md and nothing else.

Step by step, first come first served, chunked prefill, paged memory, preemption of the youngest; no prefixes.
"""

from __future__ import annotations

from dataclasses import dataclass

from acceltrial.simulate import Load, Server, StepTimes

BLOCK = 16


@dataclass
class Request:
    index: int
    arrival: float
    inputs: int
    outputs: int
    given: int = 0
    left: int = 0
    context: int = 0
    ttft: float = float("nan")
    e2e: float = float("nan")

    @property
    def blocks(self) -> int:
        return -(-self.context // BLOCK)


def reference(load: Load, steps: StepTimes, server: Server) -> tuple[list[float], list[float]]:
    """Seconds to the first token and to the end of every request."""
    assert server.replicas == 1
    assert not server.prefix_cache
    requests = [
        Request(i, float(load.arrival[i]), int(load.inputs[i]), int(load.outputs[i]))
        for i in range(len(load))
    ]
    total = server.cache_tokens // BLOCK
    coming, waiting = list(requests), list[Request]()
    running, reading = list[Request](), list[Request]()
    tails, ended = list[Request](), list[Request]()
    now, due = 0.0, 0

    def used() -> int:
        return sum(one.blocks for one in running + tails + ended + reading)

    def admit(ended: int) -> bool:
        if not waiting or len(running) + len(tails) + ended >= server.max_sequences:
            return False
        tokens = waiting[0].inputs + waiting[0].given
        spare = total // 100 + due if running or tails or ended else 0
        if total - used() < -(-tokens // BLOCK) + spare:
            return False
        one = waiting.pop(0)
        one.context = one.left = tokens
        reading.append(one)
        return True

    while coming or waiting or running or reading or tails:
        if not (waiting or running or reading or tails):
            now = max(now, coming[0].arrival)
        while coming and coming[0].arrival <= now:
            waiting.append(coming.pop(0))
        due = sum(one.context % BLOCK == 0 for one in running)
        if not reading:
            admit(0)
        if total - used() < due:
            victim = next(line for line in (reading, tails, running) if line).pop()
            victim.context = 0
            waiting.insert(0, victim)
            continue
        batch, context = len(running), sum(one.context for one in running)
        for one in running:
            one.context += 1
        if not reading and not tails:
            now += decode_s(steps, batch, context)
        else:
            ended, tails = tails, []
            chunk, prompts = sum(one.left for one in ended), len(ended)
            read = sum(one.context - one.left for one in ended)
            seen = sum(one.left * (one.context - one.left / 2) for one in ended)
            for one in ended:
                one.left = 0
            budget = max(server.token_budget - batch, 1)
            while reading and chunk < budget:
                one = reading[-1]
                tail = server.prompt_tail if one.left > server.prompt_tail else 0
                part = min(one.left - tail, budget - chunk)
                before = one.context - one.left
                chunk, prompts, read = chunk + part, prompts + 1, read + before
                seen += part * (before + part / 2)
                one.left -= part
                if one.left > tail:
                    break
                (tails if tail else ended).append(reading.pop())
                if chunk >= budget or not admit(len(ended)):
                    break
            now += mixed_s(steps, batch, context, chunk, prompts, read, seen)
        for one in running:
            one.given += 1
        finish(running, now, steps.base)
        for one in ended:
            one.given += 1
            if one.given == 1:
                one.ttft = now - one.arrival + steps.base
            running.append(one)
        ended = []
        finish(running, now, steps.base)
    return [one.ttft for one in requests], [one.e2e for one in requests]


def finish(running: list[Request], now: float, base: float) -> None:
    for one in [one for one in running if one.given >= one.outputs]:
        one.e2e = now - one.arrival + base
        one.context = 0
        running.remove(one)


def decode_s(steps: StepTimes, batch: int, context: float) -> float:
    return (
        blend(steps, memory_s(steps, batch, context), steps.token * batch + steps.attention * context)
        + steps.sequence * batch
        + steps.layers
    )


def mixed_s(
    steps: StepTimes, batch: int, context: float, chunk: int, prompts: int, read: float, seen: float
) -> float:
    prompt = (steps.token + steps.link) * chunk + steps.attention * seen
    memory = memory_s(steps, batch + chunk, context + read)
    if batch == 0:
        return steps.prefill_factor * (max(memory, prompt) + steps.layers + steps.prompt * prompts)
    alone = steps.token * batch + steps.attention * context
    decode = decode_s(steps, batch, context)
    both = blend(steps, memory, alone + prompt) + steps.sequence * batch + steps.layers
    return decode + steps.prefill_factor * (both - decode + steps.prompt * prompts)


def memory_s(steps: StepTimes, tokens: int, context: float) -> float:
    touched = 1 - (1 - steps.expert_share) ** tokens
    return steps.shared + steps.experts * touched + steps.cache * context


def blend(steps: StepTimes, memory: float, compute: float) -> float:
    return float((memory**steps.blend + compute**steps.blend) ** (1 / steps.blend))
