"""Quick reading of GGUF files gives what the library's own reading gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acceltrial.targets.local import convert

gguf = pytest.importorskip("gguf")
TOKENS = [f"token {n} ü" for n in range(convert.LONG_ARRAY + 500)]


@pytest.fixture
def gguf_file(tmp_path: Path) -> Path:
    """A file with a vocabulary, short and long lists, and tensors of two types."""
    path = tmp_path / "small.gguf"
    writer = gguf.GGUFWriter(path, "gemma3")
    writer.add_block_count(2)
    writer.add_array("gemma3.short", [1, 2, 3])
    writer.add_token_list(TOKENS)
    writer.add_token_scores([float(n) for n in range(len(TOKENS))])
    writer.add_token_types([1] * len(TOKENS))
    writer.add_string("general.name", "small")
    draws = np.random.default_rng(1).normal(size=(64, 64)).astype(np.float32)
    writer.add_tensor("output_norm.weight", draws[0])
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor("token_embd.weight", gguf.quantize(draws, kind), raw_dtype=kind)
    for step in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file):
        step()
    writer.close()
    return path


def _fields(reader: Any, *without: str) -> dict[str, Any]:
    return {name: field.contents() for name, field in reader.fields.items() if name not in without}


def test_the_quick_reader_sees_the_same_but_the_long_lists(gguf_file: Path) -> None:
    quick, own = convert._reader(gguf)(gguf_file), gguf.GGUFReader(gguf_file)
    long = [f"tokenizer.ggml.{name}" for name in ("tokens", "scores", "token_type")]
    assert _fields(quick, *long, "gemma3.vocab_size") == _fields(own, *long)
    assert quick.fields["gemma3.vocab_size"].contents() == len(TOKENS)
    for mine, theirs in zip(quick.tensors, own.tensors, strict=True):
        assert (mine.name, mine.tensor_type) == (theirs.name, theirs.tensor_type)
        np.testing.assert_array_equal(mine.data, theirs.data)


def test_a_file_that_states_its_vocabulary_keeps_its_own_word(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "x.gguf", "gemma3")
    writer.add_vocab_size(7)
    writer.add_token_list(["a", "b"])
    for step in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file):
        step()
    writer.close()
    reader = convert._reader(gguf)(tmp_path / "x.gguf")
    assert reader.fields["gemma3.vocab_size"].contents() == 7
    assert len(reader.fields["tokenizer.ggml.tokens"].data) == 2


@pytest.mark.parametrize("rows", [3, convert.ROWS_AT_ONCE, 2 * convert.ROWS_AT_ONCE + 5])
def test_weights_in_pieces_are_the_weights_in_one(rows: int) -> None:
    draws = np.random.default_rng(rows).normal(size=(rows, 64)).astype(np.float32)
    kind = gguf.GGMLQuantizationType.Q8_0
    packed = gguf.quantize(draws, kind)
    np.testing.assert_array_equal(
        convert._dequantised(gguf.dequantize, packed, kind), gguf.dequantize(packed, kind)
    )
    one = draws[0]  # a list of numbers that nobody packed
    np.testing.assert_array_equal(
        convert._dequantised(gguf.dequantize, one, gguf.GGMLQuantizationType.F32), one
    )
