"""Recognition of literals that look like credentials: files name where a secret is, never the secret."""

from __future__ import annotations

import math
import re
from collections import Counter

_KNOWN = re.compile(
    r"""\b(?:sk|pk|rk)[-_](?:[A-Za-z]+[-_])?[A-Za-z0-9_-]{16,}   # OpenAI, Anthropic, Stripe and lookalikes
    |\bhf_[A-Za-z0-9]{16,} |\bgsk_[A-Za-z0-9]{16,} |\bnvapi-[A-Za-z0-9_-]{16,} |\bcsk-[a-z0-9]{16,}
    |\bgh[pousr]_[A-Za-z0-9]{16,} |\bglpat-[A-Za-z0-9_-]{16,} |\bxox[abpr]-[A-Za-z0-9-]{10,}
    |\b(?:AKIA|ASIA)[0-9A-Z]{16}\b |\bAIza[0-9A-Za-z_-]{30,}
    |\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,} |-----BEGIN\ [A-Z ]*PRIVATE\ KEY |\bBearer\s+\S{8,}
    |://[^/\s:@]+:[^/\s@]+@ |[?&](?:api[_-]?key|token|access[_-]?key|password|sig|signature)=[^&\s]+""",
    re.VERBOSE | re.IGNORECASE,
)
_TOKEN = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/=_-]{32,}(?![A-Za-z0-9+/=_-])")
_RANDOM_BITS_PER_CHARACTER = 3.6
_LONGEST_WORD = 20
_PLAIN_DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{64}|[0-9a-f]{40}")


def looks_like_secret(text: str) -> bool:
    """Whether `text` holds something shaped like a key, token or password in a URL.

    Known key formats count, and so does any word of 32 characters or more that mixes letters and
    digits as randomly as a key does. Hexadecimal digests of files and commits do not.
    """
    if _KNOWN.search(text):
        return True
    return any(_is_random(word) for word in _TOKEN.findall(text) if not _PLAIN_DIGEST.fullmatch(word))


def _is_random(word: str) -> bool:
    mixed = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    words_joined = max(len(part) for part in re.split(r"[-_/]", word)) < _LONGEST_WORD
    return mixed and not words_joined and _entropy_bits(word) >= _RANDOM_BITS_PER_CHARACTER


def _entropy_bits(word: str) -> float:
    """Shannon entropy of the characters of `word`, in bits per character."""
    counts = Counter(word).values()
    return -sum(n / len(word) * math.log2(n / len(word)) for n in counts)
