"""Writes a GGUF file's weights as a transformers folder. Run as `python -m … GGUF FOLDER DTYPE`."""

from __future__ import annotations

import functools
import sys
from pathlib import Path


def convert(gguf_file: Path, folder: Path, dtype_name: str) -> None:
    """Dequantises `gguf_file` into `folder` with its tokenizer, in `bfloat16` or `float32`."""
    import gguf

    # Reading the vocabulary takes 17 s and transformers would do it five times over.
    gguf.GGUFReader = functools.cache(gguf.GGUFReader)  # type: ignore[misc]
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    dtype = {"bfloat16": torch.bfloat16, "float32": torch.float32}[dtype_name]
    source = {"pretrained_model_name_or_path": str(gguf_file.parent), "gguf_file": gguf_file.name}
    read = AutoModelForCausalLM.from_pretrained(**source, dtype=dtype, device_map="cpu")
    config = read.config
    # A folder that says "quantised by GGUF" while holding plain weights does not load.
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    fresh = AutoModelForCausalLM.from_config(config, dtype=dtype)
    fresh.load_state_dict(read.state_dict())
    fresh.generation_config = read.generation_config
    fresh.save_pretrained(folder)
    AutoTokenizer.from_pretrained(**source).save_pretrained(folder)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
