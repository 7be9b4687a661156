"""Prompt text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.load.prompts import Tokenizer, TokenRate, exact_prompts, fit_rate, prompt_text, write_prompts
from acceltrial.load.words import WORDS


@pytest.fixture
def tokenizer(tmp_path: Path) -> Tokenizer:
    """A real tokenizer: words, with a start token."""
    tokenizers = pytest.importorskip("tokenizers")
    vocabulary = {"<s>": 0, "[UNK]": 1} | {word: i + 2 for i, word in enumerate(WORDS)}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.post_processor = tokenizers.processors.TemplateProcessing("<s> $A", None, [("<s>", 0)])
    made.save(str(tmp_path / "tokenizer.json"))
    return Tokenizer(tmp_path)


def test_lengths_and_differences() -> None:
    texts = list(write_prompts(np.array([5, 50, 500]), TokenRate(), seed=1))
    assert [len(text.split()) for text in texts] == [5, 50, 500]
    many = list(write_prompts(np.full(200, 12), TokenRate(), seed=1))
    assert len({" ".join(text.split()[:4]) for text in many}) == 200
    assert many == list(write_prompts(np.full(200, 12), TokenRate(), seed=1))


def test_sessions_share_their_beginning() -> None:
    texts = list(write_prompts(np.array([4, 4, 8]), TokenRate(), 1, session=np.array([0, 1, 0])))
    assert texts[2].startswith(texts[0])
    assert not texts[2].startswith(texts[1])


def test_rate() -> None:
    rate = fit_rate(lambda text: 3 + 2 * len(text.split()), "test")
    assert (rate.per_word, rate.fixed) == (2.0, 3.0)
    assert rate.words(103) == 50
    assert rate.words(0) == 1
    with pytest.raises(ConfigurationError):
        fit_rate(lambda _text: 7, "a server that always says 7")


def test_tokenizer(tokenizer: Tokenizer) -> None:
    assert tokenizer.count(["time year"]) == [3]
    assert tokenizer.count_plain(["time year"]) == [2]
    assert tokenizer.rate().fixed == 1.0
    wanted = np.array([10, 3, 1])
    texts = exact_prompts(["time", "time year people way", "time"], wanted, tokenizer)
    assert tokenizer.count(texts) == [10, 3, 2]  # one word and the start token are the least


def test_broken_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    for path in (tmp_path, tmp_path / "absent.json"):
        with pytest.raises(ConfigurationError):
            Tokenizer(path)


def test_prompt_text() -> None:
    assert prompt_text([{"role": "user", "content": "a"}, {"role": "x", "content": "b"}]) == "a\nb"
    assert prompt_text(("q", ["d1", "d2"])) == "q\nd1\nd2"


def test_a_tokenizer_file_that_cuts_and_pads_still_counts_the_whole_text(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    loaded = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    loaded.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    loaded.enable_truncation(8)
    loaded.enable_padding(length=8)
    loaded.save(str(tmp_path / "tokenizer.json"))
    assert Tokenizer(tmp_path).count(["a b", "a " * 30]) == [2, 30]
