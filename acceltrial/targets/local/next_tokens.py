"""What a model in 32-bit torch says of every next token of texts. Run as `python -m … SETTINGS_JSON`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from acceltrial.targets.supervise import follow_parent


def next_tokens(folder: str, texts: list[str], top: int) -> dict[str, Any]:
    """For each text its tokens, where each ends in the text, and the `top` likeliest tokens after each.

    `words` gives the text of every token that is named.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # On a shared machine two threads wait for one another longer than one takes for these few texts.
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    found = []
    for text in texts:
        encoded = tokenizer(text, return_offsets_mapping=True)
        with torch.inference_mode():
            logits = model(torch.tensor([encoded["input_ids"]])).logits[0]
        best = torch.log_softmax(logits.float(), dim=-1).topk(min(top, logits.shape[-1]))
        found.append(
            {
                "text": text,
                "tokens": encoded["input_ids"],
                "ends": [end for _, end in encoded["offset_mapping"]],
                "top_ids": best.indices.tolist(),
                "top_logprobs": best.values.tolist(),
            }
        )
    ids = sorted({token for one in found for row in one["top_ids"] for token in row})
    return {"texts": found, "words": {str(token): tokenizer.decode([token]) for token in ids}}


if __name__ == "__main__":
    follow_parent()
    settings = json.loads(sys.argv[1])
    result = next_tokens(settings["folder"], settings["texts"], settings["top"])
    Path(settings["out"]).write_text(json.dumps(result))
