"""Prompt text of a wanted length, different for every request, drawn from one seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from acceltrial.errors import ConfigurationError
from acceltrial.load.words import WORDS


@dataclass(frozen=True, slots=True)
class TokenRate:
    """How many tokens a text of so many words makes: `fixed + per_word × words`.

    `source` says how it is known: the tokenizer, a probe of the server's usage, or an assumption.
    """

    per_word: float = 1.0
    fixed: float = 0.0
    source: str = "assumed one token a word"

    def words(self, tokens: int) -> int:
        """The number of words that comes nearest to `tokens`; at least 1."""
        return max(1, round((tokens - self.fixed) / self.per_word))


def write_prompts(
    input_tokens: npt.NDArray[np.int64],
    rate: TokenRate,
    seed: int,
    *,
    session: npt.NDArray[np.int64] | None = None,
) -> Iterator[str]:
    """One text a request, of about the wanted tokens.

    Texts differ from their first word on, so that no prefix cache helps; turns of one session
    share their beginning, as a growing conversation does.
    """
    wanted = [rate.words(tokens) for tokens in input_tokens.tolist()]
    if session is None:
        generator = np.random.default_rng([seed, 4])
        for count in wanted:
            yield _text(generator, count)
        return
    longest: dict[int, int] = {}
    for number, count in zip(session.tolist(), wanted, strict=True):
        longest[number] = max(longest.get(number, 0), count)
    words = {
        number: _words(np.random.default_rng([seed, 5, number + 1]), count)
        for number, count in longest.items()
    }
    for number, count in zip(session.tolist(), wanted, strict=True):
        yield " ".join(words[number][:count])


def _words(generator: np.random.Generator, count: int) -> list[str]:
    return [WORDS[i] for i in generator.integers(0, len(WORDS), count).tolist()]


def _text(generator: np.random.Generator, count: int) -> str:
    return " ".join(_words(generator, count))


# Counting ---------------------------------------------------------------------------------------


class Tokenizer:
    """The model's own tokenizer, from a `tokenizer.json` or a folder that holds one."""

    def __init__(self, path: Path) -> None:
        file = path / "tokenizer.json" if path.is_dir() else path
        try:
            from tokenizers import Tokenizer as Loaded
        except ImportError as error:
            raise ConfigurationError(
                "the package `tokenizers` is not installed", where=str(path), remedy="pip install tokenizers"
            ) from error
        try:
            self._loaded = Loaded.from_file(str(file))
        except Exception as error:  # the library raises bare Exception for every fault of the file
            raise ConfigurationError(
                f"the tokenizer cannot be read ({error})",
                where=str(file),
                remedy="point to its tokenizer.json",
            ) from error
        # Files of sentence encoders cut and pad to the model's window: every text would count the same.
        self._loaded.no_truncation()
        self._loaded.no_padding()

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a prompt, with the special tokens that the tokenizer adds."""
        return [len(encoded.ids) for encoded in self._loaded.encode_batch(list(texts))]

    def count_plain(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as output, without special tokens."""
        return [len(found.ids) for found in self._loaded.encode_batch(list(texts), add_special_tokens=False)]

    def rate(self) -> TokenRate:
        """Tokens a word of our texts."""
        return fit_rate(lambda text: self.count([text])[0], "the given tokenizer")


def fit_rate(count: Callable[[str], int], source: str) -> TokenRate:
    """Fits `fixed + per_word × words` through a short and a long text. Raises ConfigurationError."""
    generator = np.random.default_rng(0)
    short, long = 32, 256
    few, many = count(_text(generator, short)), count(_text(generator, long))
    per_word = (many - few) / (long - short)
    if per_word <= 0:
        raise ConfigurationError(
            f"{long} words counted as {many} tokens and {short} words as {few}",
            where=source,
            remedy="give --tokenizer with the model's tokenizer.json",
        )
    return TokenRate(per_word, max(0.0, few - per_word * short), source)


def exact_prompts(texts: list[str], input_tokens: npt.NDArray[np.int64], tokenizer: Tokenizer) -> list[str]:
    """Texts trimmed or padded by whole words to the wanted tokens where the tokenizer allows it."""
    result = list(texts)
    for _ in range(4):
        counts = tokenizer.count(result)
        wrong = [
            i for i, (n, want) in enumerate(zip(counts, input_tokens.tolist(), strict=True)) if n != want
        ]
        if not wrong:
            break
        for i in wrong:
            result[i] = _adjust(result[i], int(input_tokens[i]) - counts[i])
    return result


def _adjust(text: str, difference: int) -> str:
    words = text.split(" ")
    if difference < 0:
        return " ".join(words[: max(1, len(words) + difference)])
    return " ".join(words + [words[i % len(words)] for i in range(difference)])


def prompt_text(prompt: Any) -> str:
    """All text of a prompt in whatever form it was given, for counting."""
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, dict):
        return str(prompt.get("content", ""))
    return "\n".join(prompt_text(part) for part in prompt)
