"""The operators of one model, by `torch.export`. Run as `python -m … SOURCE`; prints one JSON object.

SOURCE is a folder with config.json, or a JSON object with `model_type` and the figures of a small
configuration of that architecture: its weights are then random, and its graph is that of the architecture.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

TOKENS = 12
LONGEST = 64


def describe(source: str) -> dict[str, Any]:
    """What one forward pass is made of.

    Returns:
        `operators`: core ATen operators after decomposition, with their number in the graph, a layer's
        counted in every layer; `dynamic_shapes`: whether batch and length may vary in one graph, else
        `dynamic_problem` says why not; `graph_breaks`: where a tracing compiler falls back to Python, with
        `break_reasons`; `torch`, `transformers`: versions; `architecture`; `problem` when nothing could
        be exported.
    """
    import torch
    import transformers

    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    model, architecture = _model(source)
    found: dict[str, Any] = {
        "architecture": architecture,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    program, found["dynamic_shapes"], found["dynamic_problem"] = _exported(model)
    if program is None:
        return {**found, "operators": {}, "problem": found["dynamic_problem"], **_breaks(model)}
    nodes = (node for node in program.run_decompositions().graph.nodes if node.op == "call_function")
    counts = Counter(_name(node.target) for node in nodes)
    counts.pop("", None)
    return {**found, "operators": dict(sorted(counts.items())), "problem": "", **_breaks(model)}


def _model(source: str) -> tuple[Any, str]:
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    if source.startswith("{"):
        figures = json.loads(source)
        config = AutoConfig.for_model(figures.pop("model_type"), **figures)
    else:
        config = AutoConfig.from_pretrained(Path(source))
    config.use_cache = False
    kind = AutoModelForCausalLM if type(config) in MODEL_FOR_CAUSAL_LM_MAPPING else AutoModel
    torch.manual_seed(0)
    with torch.no_grad():
        if source.startswith("{"):
            model = kind.from_config(config)
        else:
            model = kind.from_pretrained(Path(source), config=config)
    return model.eval(), config.model_type


def _inputs() -> dict[str, Any]:
    import torch

    tokens = torch.ones((2, TOKENS), dtype=torch.long)
    return {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}


def _exported(model: Any) -> tuple[Any, bool, str]:
    """The program, whether batch and length are free in it, and why not."""
    import torch

    inputs = _inputs()
    free = {
        name: {0: torch.export.Dim("batch", max=8), 1: torch.export.Dim("length", max=LONGEST)}
        for name in inputs
    }
    problem = ""
    for shapes in (free, None):
        try:
            with torch.no_grad():
                program = torch.export.export(model, (), inputs, dynamic_shapes=shapes, strict=False)
        except Exception as error:  # whatever the exporter raises is the finding
            problem = problem or _first_line(error)
            continue
        return program, shapes is not None, problem
    return None, False, problem


def _breaks(model: Any) -> dict[str, Any]:
    import torch

    try:
        with torch.no_grad():
            told = torch._dynamo.explain(model)(**_inputs())
    except Exception as error:  # as above
        return {"graph_breaks": None, "break_reasons": [_first_line(error)]}
    reasons = sorted({str(reason.reason).splitlines()[0][:200] for reason in told.break_reasons})
    return {"graph_breaks": int(told.graph_break_count), "break_reasons": reasons}


def _name(target: Any) -> str:
    """`aten::mm` for the operator's overload; "" for Python's own arithmetic on shapes."""
    schema = getattr(target, "_schema", None)
    return "" if schema is None else str(schema.name)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200] if lines else 'no message'}"


if __name__ == "__main__":
    print(json.dumps(describe(sys.argv[1])))
