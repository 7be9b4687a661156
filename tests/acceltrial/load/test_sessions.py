"""Turns in order, with contexts that grow. How they are sent is in test_driver.py."""

from __future__ import annotations

import numpy as np
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.load.sessions import Turns, turns_of


def made(starts: list[float], turns: int, think_s: float = 0.5) -> Turns:
    return turns_of(
        np.asarray(starts),
        turns,
        think_s=think_s,
        first_input_tokens=64,
        growth_tokens=100,
        random=np.random.default_rng(1),
    )


def test_a_turn_comes_after_the_one_before_it_and_repeats_its_prompt() -> None:
    found = made([0.0, 0.1], 3)
    assert np.all(np.diff(found.intended_s) >= 0)
    for place, before in enumerate(found.after):
        if found.turn[place] == 0:
            assert (before, found.prefix_tokens[place], found.think_s[place]) == (-1, 0, 0)
        else:
            assert (found.session[before], found.turn[before]) == (
                found.session[place],
                found.turn[place] - 1,
            )
            assert found.prefix_tokens[place] == found.input_tokens[before]
            assert found.input_tokens[place] == found.input_tokens[before] + 100


def test_no_session_at_all_and_counts_out_of_range() -> None:
    assert len(made([], 3).turn) == 0
    assert made([0.0], 1, think_s=0).after.tolist() == [-1]
    for turns, think_s in ((0, 1.0), (1, -1.0)):
        with pytest.raises(ConfigurationError, match="sessions need"):
            made([0.0], turns, think_s)
