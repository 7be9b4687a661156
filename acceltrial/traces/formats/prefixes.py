"""Which leading blocks of a prompt were seen before, for traces that give block hashes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from acceltrial.errors import DataContractError

MAX_BLOCK_ID: Final = 1 << 33
"""Seen blocks are a bit each (1 GiB at this id would be 8 × 10⁹ blocks)."""


class SeenBlocks:
    """An unlimited prefix cache: a bit for every block id, in order of arrival."""

    def __init__(self) -> None:
        self._bits = np.zeros(1 << 10, dtype=np.uint8)

    def leading_hits(self, ids: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Blocks at the start of each prompt that an earlier prompt had; the prompts are then remembered.

        Args:
            ids: block ids of all prompts one after another.
            sizes: how many blocks each prompt has.

        Raises:
            DataContractError: a negative id, or one too large to be a block number.
        """
        if ids.size == 0:
            return np.zeros(sizes.size, dtype=np.int64)
        if ids.min() < 0 or ids.max() >= MAX_BLOCK_ID:
            raise DataContractError(
                f"a block id is outside 0 to {MAX_BLOCK_ID}",
                remedy="number the prefix blocks in order of first appearance",
            )
        self._grow(int(ids.max()))
        prompt = np.repeat(np.arange(sizes.size), sizes)
        hit = self._known(ids) | self._earlier_in_batch(ids, prompt)
        starts = np.cumsum(sizes) - sizes
        position = np.arange(ids.size) - np.repeat(starts, sizes)
        first_miss = np.where(hit, np.repeat(sizes, sizes), position)
        hits = np.zeros(sizes.size, dtype=np.int64)
        filled = sizes > 0
        hits[filled] = np.minimum.reduceat(first_miss, starts[filled])
        np.bitwise_or.at(self._bits, ids >> 3, (1 << (ids & 7)).astype(np.uint8))
        return hits

    def _known(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        known: NDArray[np.bool_] = (self._bits[ids >> 3] >> (ids & 7).astype(np.uint8)) & 1 == 1
        return known

    @staticmethod
    def _earlier_in_batch(ids: NDArray[np.int64], prompt: NDArray[np.int64]) -> NDArray[np.bool_]:
        _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
        earlier: NDArray[np.bool_] = prompt[first][inverse] < prompt
        return earlier

    def _grow(self, largest: int) -> None:
        need = (largest >> 3) + 1
        if need > self._bits.size:
            self._bits = np.concatenate(
                [self._bits, np.zeros(max(need, 2 * self._bits.size) - self._bits.size, dtype=np.uint8)]
            )
