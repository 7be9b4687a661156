"""Writes a GGUF file's weights as a transformers folder. Run as `python -m … GGUF FOLDER DTYPE`."""

from __future__ import annotations

import functools
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np

from acceltrial.targets.supervise import follow_parent

LONG_ARRAY = 1000
ROWS_AT_ONCE = 4096


def convert(gguf_file: Path, folder: Path, dtype_name: str) -> None:
    """Dequantises `gguf_file` into `folder` with its tokenizer, in `bfloat16` or `float32`.

    Raises:
        ValueError: the tokenizer that was read has another number of tokens than the model.
    """
    read_quickly()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    dtype = {"bfloat16": torch.bfloat16, "float32": torch.float32}[dtype_name]
    source = {"pretrained_model_name_or_path": str(gguf_file.parent), "gguf_file": gguf_file.name}
    read = AutoModelForCausalLM.from_pretrained(**source, dtype=dtype, device_map="cpu")
    config = read.config
    # A folder that says "quantised by GGUF" while holding plain weights does not load.
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):
        fresh = AutoModelForCausalLM.from_config(config, dtype=dtype)
    fresh.load_state_dict(read.state_dict(), assign=True)
    fresh.tie_weights()
    fresh.generation_config = read.generation_config
    fresh.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(**source)
    if len(tokenizer) != config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens were read where the model has {config.vocab_size}")
    tokenizer.save_pretrained(folder)


def read_quickly() -> None:
    """Makes this process read GGUF files from memory, once, and the lists in them only where they are used.

    The library keeps each of a million pieces of the vocabulary as an array of its own, several times over;
    it makes the table of names anew for each module, and copies weights through thousands of small arrays.
    """
    import gguf

    np.memmap = _InMemory  # type: ignore[misc, assignment]
    gguf.GGUFReader = functools.cache(_reader(gguf))
    gguf.get_tensor_name_map = functools.cache(gguf.get_tensor_name_map)
    gguf.dequantize = functools.partial(_dequantised, gguf.dequantize)


class _InMemory(np.memmap):
    """A whole file in memory in place of its map, whose slices cost microseconds each."""

    def __new__(cls, path: Any, **_mode: Any) -> Any:
        return _content(str(path))


@functools.cache
def _content(path: str) -> Any:
    return np.fromfile(path, dtype=np.uint8)


def _reader(gguf: Any) -> Any:
    """A reader that leaves long lists unread: only the length is asked for, as the size of the vocabulary."""

    class Reader(gguf.GGUFReader):  # type: ignore[misc]
        def __init__(self, path: Any, mode: str = "r") -> None:
            super().__init__(path, mode)
            name = f"{self.fields['general.architecture'].contents()}.vocab_size"
            tokens = self.fields.get("tokenizer.ggml.tokens")
            if tokens is not None and name not in self.fields:
                size = [gguf.GGUFValueType.UINT64]
                self.fields[name] = gguf.ReaderField(0, name, [tokens.parts[_COUNT]], [0], size)

        def _get_field_parts(self, orig_offs: int, raw_type: int) -> Any:
            if raw_type == gguf.GGUFValueType.ARRAY:
                kind, count = self._get(orig_offs, np.uint32), self._get(orig_offs + 4, np.uint64)
                if count[0] > LONG_ARRAY:
                    element = gguf.GGUFValueType(kind[0])
                    width = self.gguf_scalar_to_np.get(element)
                    end = _end_of_array(self.data, orig_offs + 12, int(count[0]), width)
                    return end - orig_offs, [kind, count], [], [gguf.GGUFValueType.ARRAY, element]
            return super()._get_field_parts(orig_offs, raw_type)

    return Reader


_COUNT = 4
"""Where the length of a list stands among the parts of its field: after length and text of the key, its
type, and the type of the elements."""


def _end_of_array(data: Any, start: int, count: int, element: Any) -> int:
    """Where an array of `count` numbers of type `element`, or of texts (None), ends."""
    if element is not None:
        return start + count * int(np.dtype(element).itemsize)
    end = start
    for _ in range(count):
        end += 8 + int(struct.unpack_from("<Q", data, end)[0])
    return end


def _dequantised(dequantize: Any, data: Any, kind: Any) -> Any:
    """What `dequantize` gives, a few thousand rows at a time and each put in its place once."""
    if len(data) <= ROWS_AT_ONCE:
        return dequantize(data, kind)
    first = dequantize(data[:ROWS_AT_ONCE], kind)
    whole = np.empty((len(data), *first.shape[1:]), first.dtype)
    whole[:ROWS_AT_ONCE] = first
    for start in range(ROWS_AT_ONCE, len(data), ROWS_AT_ONCE):
        whole[start : start + ROWS_AT_ONCE] = dequantize(data[start : start + ROWS_AT_ONCE], kind)
    return whole


if __name__ == "__main__":
    follow_parent()
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
