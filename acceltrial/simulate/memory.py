"""Paged cache memory of a replica and the prefixes it keeps, in compiled code.

A finished request's full blocks stay under its key until memory is short; the least recently used go first.
Requests that reuse a prefix pin it and share its blocks.
"""

from __future__ import annotations

from acceltrial.simulate.compiled import compiled, inlined
from acceltrial.simulate.state import BLOCK_TOKENS, Replicas


@inlined
def blocks_for(tokens: int) -> int:
    """Blocks that hold `tokens` tokens."""
    return (tokens + BLOCK_TOKENS - 1) // BLOCK_TOKENS


@inlined
def unlink(x: Replicas, r: int, key: int) -> None:
    """Takes a prefix out of the order of use."""
    before, after = x.cache[key, r].cache_before, x.cache[key, r].cache_after
    if before >= 0:
        x.cache[before, r].cache_after = after
    else:
        x.rep[r].cache_head = after
    if after >= 0:
        x.cache[after, r].cache_before = before
    else:
        x.rep[r].cache_tail = before


@inlined
def link(x: Replicas, r: int, key: int) -> None:
    """Puts a prefix at the recent end of the order of use."""
    head = x.rep[r].cache_head
    x.cache[key, r].cache_before = -1
    x.cache[key, r].cache_after = head
    if head >= 0:
        x.cache[head, r].cache_before = key
    else:
        x.rep[r].cache_tail = key
    x.rep[r].cache_head = key


@inlined
def take(x: Replicas, r: int, blocks: int) -> bool:
    """Makes `blocks` blocks a request's own, evicting prefixes where none is free; False: too few."""
    while x.rep[r].free < blocks and x.rep[r].cache_tail >= 0:
        key = x.rep[r].cache_tail
        unlink(x, r, key)
        freed = x.cache[key, r].cache_tokens // BLOCK_TOKENS
        x.cache[key, r].cache_tokens = 0
        x.rep[r].cached -= freed
        x.rep[r].free += freed
    if x.rep[r].free < blocks:
        return False
    x.rep[r].free -= blocks
    x.rep[r].own += blocks
    return True


@inlined
def pin(x: Replicas, r: int, key: int) -> None:
    """Keeps a prefix from eviction for one more request."""
    if x.cache[key, r].cache_users == 0:
        blocks = x.cache[key, r].cache_tokens // BLOCK_TOKENS
        unlink(x, r, key)
        x.rep[r].cached -= blocks
        x.rep[r].pinned += blocks
    x.cache[key, r].cache_users += 1


@inlined
def unpin(x: Replicas, r: int, key: int) -> None:
    """Lets a prefix go for one request."""
    x.cache[key, r].cache_users -= 1
    if x.cache[key, r].cache_users == 0:
        blocks = x.cache[key, r].cache_tokens // BLOCK_TOKENS
        x.rep[r].pinned -= blocks
        if blocks > 0:
            x.rep[r].cached += blocks
            link(x, r, key)


@compiled
def shrink(x: Replicas, r: int, key: int, hit: int) -> None:
    """Cuts a pinned prefix to the `hit` blocks that its only user reads."""
    spare = x.cache[key, r].cache_tokens // BLOCK_TOKENS - hit
    x.cache[key, r].cache_tokens = hit * BLOCK_TOKENS
    x.rep[r].pinned -= spare
    x.rep[r].free += spare


@inlined
def release(x: Replicas, r: int, key: int, hit: int, tokens: int, keep: bool) -> None:
    """Gives back the blocks of a request with `tokens` tokens in the cache, `hit` of its blocks shared.

    With `keep` its full blocks extend or become the prefix under `key`.
    """
    own = blocks_for(tokens) - hit
    x.rep[r].own -= own
    if key >= 0 and keep:
        longer = tokens // BLOCK_TOKENS - x.cache[key, r].cache_tokens // BLOCK_TOKENS
        if longer > 0:
            if x.cache[key, r].cache_users > 0:
                x.rep[r].pinned += longer
            else:
                if x.cache[key, r].cache_tokens > 0:
                    unlink(x, r, key)
                link(x, r, key)
                x.rep[r].cached += longer
            x.cache[key, r].cache_tokens += longer * BLOCK_TOKENS
            own -= longer
    x.rep[r].free += own
    if hit > 0:
        unpin(x, r, key)


@compiled
def forget(x: Replicas, r: int) -> None:
    """Empties the prefix cache of a replica on which nothing runs."""
    while x.rep[r].cache_tail >= 0:
        key = x.rep[r].cache_tail
        unlink(x, r, key)
        x.cache[key, r].cache_tokens = 0
    x.rep[r].free += x.rep[r].cached
    x.rep[r].cached = 0
