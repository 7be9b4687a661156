"""Fine-tunes a causal language model for some steps and reports on each. Run as `python -m … SETTINGS_JSON`.

One JSON line an event goes to `settings["out"]`, so that a run that dies leaves the steps it did.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from acceltrial.targets.corpus import service_reports
from acceltrial.targets.local.peak import gemm_flops_per_s
from acceltrial.targets.marks import mark


def main(settings: dict[str, Any]) -> None:
    """Loads, trains, saves a checkpoint, counts operations, and measures the device's peak."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    mark("imported", torch=torch.__version__)
    torch.manual_seed(settings["seed"])
    if settings["threads"]:
        torch.set_num_threads(settings["threads"])
    device, dtype = settings["device"], getattr(torch, settings["dtype"])
    model = AutoModelForCausalLM.from_pretrained(settings["folder"], dtype=dtype).to(device).train()
    tokenizer = AutoTokenizer.from_pretrained(settings["folder"])
    mark("loaded")
    batches = _batches(torch, tokenizer, settings)
    optimiser = torch.optim.AdamW(model.parameters(), lr=settings["learning_rate"])
    _train(torch, model, optimiser, batches, settings)
    _checkpoint(torch, model, optimiser, settings)
    _event(settings, "memory", peak_mb=_peak_mb(torch, device))
    flops = _flops(torch, model.config, batches[0])
    rates = gemm_flops_per_s(torch, dtype, device)
    _event(settings, "operations", flops_per_step=flops, gemm_flops_per_s=max(rates))


def _batches(torch: Any, tokenizer: Any, settings: dict[str, Any]) -> list[Any]:
    rows, width = settings["batch_size"], settings["sequence_tokens"]
    # Every row begins with the start token: without it this model's loss is that of a broken text.
    needed = rows * (width - 1) * settings["steps"]
    ids: list[int] = []
    seed = settings["seed"]
    while len(ids) < needed:
        ids += tokenizer("".join(service_reports(64, seed)), add_special_tokens=False)["input_ids"]
        seed += 1
    text = torch.tensor(ids[:needed]).reshape(settings["steps"], rows, width - 1)
    start = torch.full((settings["steps"], rows, 1), tokenizer.bos_token_id or 0)
    return list(torch.cat([start, text], dim=2))


def _train(torch: Any, model: Any, optimiser: Any, batches: list[Any], settings: dict[str, Any]) -> None:
    device = settings["device"]
    synchronise = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    begin = time.perf_counter()
    for number, batch in enumerate(batches):
        if number >= settings["min_steps"] and time.perf_counter() - begin > settings["budget_s"]:
            break
        start = time.perf_counter()
        tokens = batch.to(device)
        loss = model(input_ids=tokens, labels=tokens).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        synchronise()
        seconds = time.perf_counter() - start
        _event(
            settings, "step", number=number, seconds=seconds, loss=float(loss.detach()), tokens=tokens.numel()
        )


def _checkpoint(torch: Any, model: Any, optimiser: Any, settings: dict[str, Any]) -> None:
    """Weights and optimiser state, from which training can resume, synced to disk."""
    if not settings["checkpoint"]:
        return
    import os

    path = Path(settings["checkpoint"])
    start = time.perf_counter()
    with path.open("wb") as stream:
        torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict()}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    _event(settings, "checkpoint", seconds=time.perf_counter() - start, bytes=path.stat().st_size)
    path.unlink()


def _flops(torch: Any, config: Any, batch: Any) -> int:
    """Operations of one forward and backward pass, counted on tensors without data."""
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        shadow = AutoModelForCausalLM.from_config(config)
    tokens = batch.to("meta")
    with FlopCounterMode(display=False) as counter:
        shadow(input_ids=tokens, labels=tokens).loss.backward()
    return int(counter.get_total_flops())


def _peak_mb(torch: Any, device: str) -> float:
    if device.startswith("cuda"):
        return float(torch.cuda.max_memory_allocated()) / 1e6
    # Linux counts ru_maxrss in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _event(settings: dict[str, Any], name: str, **facts: Any) -> None:
    with Path(settings["out"]).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"event": name, **facts}) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
