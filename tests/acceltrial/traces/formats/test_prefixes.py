from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.traces.formats.prefixes import SeenBlocks


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(0, 40), max_size=6, unique=True), max_size=30), st.integers(1, 30))
def test_it_agrees_with_a_plain_set(prompts: list[list[int]], cut: int) -> None:
    seen: set[int] = set()
    expected = []
    for prompt in prompts:
        hits = 0
        while hits < len(prompt) and prompt[hits] in seen:
            hits += 1
        expected.append(hits)
        seen.update(prompt)
    blocks = SeenBlocks()
    got: list[int] = []
    for part in (prompts[:cut], prompts[cut:]):
        ids = np.array([i for p in part for i in p], dtype=np.int64)
        sizes = np.array([len(p) for p in part], dtype=np.int64)
        got += blocks.leading_hits(ids, sizes).tolist()
    assert got == expected
