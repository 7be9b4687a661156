"""Writes a GGUF file's weights as a transformers folder. Run as `python -m … GGUF FOLDER DTYPE`."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Any

import numpy as np


def convert(gguf_file: Path, folder: Path, dtype_name: str) -> None:
    """Dequantises `gguf_file` into `folder` with its tokenizer, in `bfloat16` or `float32`."""
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
    AutoTokenizer.from_pretrained(**source).save_pretrained(folder)


def read_quickly() -> None:
    """Makes this process read GGUF files once, and from plain memory.

    Slicing a memory map costs microseconds and the vocabulary has a million slices; and transformers
    opens the file several times over. Together that is a minute and a half on two cores.
    """
    import gguf

    class PlainReader(gguf.GGUFReader):  # type: ignore[misc]
        def __init__(self, path: Any, mode: str = "r") -> None:
            mapped, np.memmap = np.memmap, _from_file  # type: ignore[misc, assignment]
            try:
                super().__init__(path, mode)
            finally:
                np.memmap = mapped  # type: ignore[misc]

    gguf.GGUFReader = functools.cache(PlainReader)


def _from_file(path: Any, **_mode: Any) -> Any:
    return np.fromfile(path, dtype=np.uint8)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
