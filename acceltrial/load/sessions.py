"""Conversations: turns that wait for the answer before them, with a context that grows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from acceltrial.errors import ConfigurationError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Turns(NamedTuple):
    """Columns of a schedule, one entry a turn, ordered by the earliest time at which it can be sent."""

    intended_s: Floats
    input_tokens: Ints
    session: Ints
    turn: Ints
    prefix_tokens: Ints
    after: Ints
    think_s: Floats


def turns_of(
    starts_s: Floats,
    turns: int,
    *,
    think_s: float,
    first_input_tokens: int,
    growth_tokens: int,
    random: np.random.Generator,
) -> Turns:
    """`turns` turns for each start; a turn's prefix is the whole prompt of the turn before.

    Pauses are exponential with mean `think_s`. Raises ConfigurationError on counts out of range.
    """
    if turns < 1 or think_s < 0:
        raise ConfigurationError("sessions need at least one turn and no negative pause", where="schedule")
    count = len(starts_s) * turns
    think = random.exponential(think_s, count) if think_s else np.zeros(count)
    turn = np.tile(np.arange(turns), len(starts_s))
    session = np.repeat(np.arange(len(starts_s)), turns)
    think[turn == 0] = 0.0
    earliest = np.repeat(starts_s, turns) + think.reshape(len(starts_s), turns).cumsum(axis=1).reshape(-1)
    order = np.argsort(earliest, kind="stable")
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    before = np.where(turn == 0, -1, place[np.maximum(np.arange(count) - 1, 0)])
    prefix = np.where(turn == 0, 0, first_input_tokens + (turn - 1) * growth_tokens)
    return Turns(
        intended_s=earliest[order],
        input_tokens=(first_input_tokens + turn * growth_tokens)[order],
        session=session[order],
        turn=turn[order],
        prefix_tokens=prefix[order],
        after=before[order],
        think_s=think[order],
    )
