"""The reference on a tiny model with random weights."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from acceltrial.targets.local.next_tokens import next_tokens


@pytest.mark.slow
def test_the_likeliest_tokens_of_every_position_come_with_their_words(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = {"<unk>": 0, **{word: n for n, word in enumerate(("the", "pump", "is", "a", "motor"), 1)}}
    spoken = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    spoken.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=spoken, unk_token="<unk>").save_pretrained(tmp_path)
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(words), **size)).save_pretrained(tmp_path)
    found = next_tokens(str(tmp_path), ["the pump is", "a motor"], 3)
    first = found["texts"][0]
    assert first["tokens"] == [1, 2, 3]
    assert [first["text"][:end] for end in first["ends"]] == ["the", "the pump", "the pump is"]
    assert all(len(row) == 3 and row == sorted(row, reverse=True) for row in first["top_logprobs"])
    assert all(sum(math.exp(v) for v in row) <= 1.0001 for row in first["top_logprobs"])
    assert {str(token) for row in first["top_ids"] for token in row} <= found["words"].keys()
