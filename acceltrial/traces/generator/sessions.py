"""Sessions: follow-up requests whose prompt holds the whole conversation so far."""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acceltrial.traces.generator.spec import SessionSpec


class _Open(NamedTuple):
    context_tokens: int
    number: int
    turn: int
    last_s: float


@dataclass(frozen=True, slots=True)
class Sessions:
    """Session number, turn and repeated context of every request."""

    number: NDArray[np.int64]
    turn: NDArray[np.int32]
    context_tokens: NDArray[np.int32]


@dataclass(slots=True)
class _Client:
    waiting: list[_Open] = field(default_factory=list)
    swept_s: float = 0.0


def assign_sessions(
    times_s: NDArray[np.float64],
    client: NDArray[np.int32],
    inputs: NDArray[np.int32],
    outputs: NDArray[np.int32] | None,
    spec: SessionSpec,
    random: np.random.Generator,
) -> Sessions:
    """Makes a share of the requests continue an earlier one of the same client.

    A request continues the longest open conversation that fits into its prompt, so the lengths stay as drawn
    and every context grows from turn to turn. Where too few prompts can hold an open conversation, the next
    ones that can are taken until the share is met.
    """
    n = times_s.size
    number, turn = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int32)
    context = np.zeros(n, dtype=np.int32)
    answers = outputs if outputs is not None else np.zeros(n, dtype=np.int32)
    clients: dict[int, _Client] = {}
    owed, sessions = 0.0, 0
    chance = random.random(n)
    for i in range(n):
        state = clients.setdefault(int(client[i]), _Client())
        now, size = float(times_s[i]), int(inputs[i])
        if now - state.swept_s > spec.max_pause_s:
            state.waiting = [item for item in state.waiting if now - item.last_s <= spec.max_pause_s]
            state.swept_s = now
        owed += spec.follow_up_share
        found = _take(state.waiting, size, now, spec) if owed > chance[i] else None
        if found is None:
            number[i], sessions = sessions, sessions + 1
        else:
            owed -= 1
            number[i], turn[i], context[i] = found.number, found.turn + 1, found.context_tokens
        owed = min(owed, 50.0)
        if turn[i] + 1 < spec.max_turns:
            insort(state.waiting, _Open(size + int(answers[i]), int(number[i]), int(turn[i]), now))
    return Sessions(number, turn, context)


def _take(waiting: list[_Open], size: int, now_s: float, spec: SessionSpec) -> _Open | None:
    """The open conversation with the longest context below `size` that is not over, removed from the list."""
    index = bisect_right(waiting, (size, -1)) - 1
    while index >= 0:
        found = waiting.pop(index)
        if now_s - found.last_s <= spec.max_pause_s:
            return found
        index -= 1
    return None
