"""Which cells there are: what each measures, on which device, and on what its result depends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from acceltrial.storage.digest import value_digest
from stages.benchmark.params import BenchmarkParams
from stages.contract import Cell, Inputs

TEXT_APIS = frozenset({"completions", "chat"})
Row = Mapping[str, Any]


def split(inputs: Inputs, params: BenchmarkParams) -> list[Cell]:
    """Device peaks first, then serving, then training, then what is only predicted."""
    targets = inputs.table("targets").filter(pl.col("enabled")).sort("target").to_dicts()
    workloads = inputs.table("workloads").sort("workload").to_dicts()
    profiles = {row["workload"]: row for row in inputs.table("profiles").to_dicts()}
    traces = {row["workload"]: row for row in inputs.table("trace_sources").to_dicts()}
    pairs = [
        (workload, target)
        for workload in workloads
        for target in targets
        if fits(workload, target, profiles.get(workload["workload"]))
    ]
    cells = list(_peaks([target for _, target in pairs], params))
    seen: set[str] = set()
    for work in ("serving", "training"):
        for workload, target in pairs:
            if (workload["phase"] == "training") == (work == "training"):
                name = workload["workload"]
                cell = _cell(work, workload, target, profiles.get(name), traces.get(name), params)
                # Cold storage and a second replica are the option's, not the workload's: once is enough.
                first = target["target"] not in seen
                seen.add(target["target"])
                cells.append(replace(cell, spec={**cell.spec, "measures_starts": first}))
    cells.append(_predicted(inputs, params))
    return cells


def fits(workload: Row, target: Row, profile: Row | None) -> bool:
    """Whether the target serves the workload's model in the way that the workload uses it."""
    if workload["model"] != target["model"]:
        return False
    if workload["phase"] == "training" or target["api"] == "training":
        return bool(workload["phase"] == target["api"] == "training")
    wanted = profile["api"] if profile else target["api"]
    return bool(target["api"] == wanted or {target["api"], wanted} <= TEXT_APIS)


def _cell(
    work: str, workload: Row, target: Row, profile: Row | None, trace: Row | None, params: BenchmarkParams
) -> Cell:
    spec = {
        "work": work,
        "workload": workload["workload"],
        "option": target["target"],
        "target": {name: target[name] for name in TARGET_KEYS},
        "needs": {name: workload[name] for name in WORKLOAD_KEYS},
        "profile": value_digest(_plain(profile)),
        "trace": value_digest(_plain(trace)),
        "params": _params(work, params),
    }
    key = f"{workload['workload']}@{target['target']}"
    return Cell(key=key, spec=spec, device=target["device"], max_age_h=params.max_age_h)


def _peaks(targets: list[Row], params: BenchmarkParams) -> Iterator[Cell]:
    """One cell for each device of this machine on which something is measured."""
    devices = sorted({target["device"] for target in targets if target["kind"] in LOCAL_KINDS})
    for device in devices:
        spec = {"work": "peak", "workload": "", "option": device, "params": _params("peak", params)}
        yield Cell(key=f"peak@{device}", spec=spec, device=device, max_age_h=params.max_age_h)


def _predicted(inputs: Inputs, params: BenchmarkParams) -> Cell:
    names = ("workloads", "models", "profiles", "candidates", "accelerators", "prices")
    digests = {name: _table_digest(inputs.table(name)) for name in names}
    spec = {"work": "predicted", "workload": "", "option": "", "inputs": digests, "seed": params.seed}
    return Cell(key="predicted", spec=spec)


def _table_digest(frame: pl.DataFrame) -> str:
    return value_digest(frame.write_csv())


def _plain(row: Row | None) -> dict[str, str]:
    return {name: str(value) for name, value in sorted((row or {}).items())}


def _params(work: str, params: BenchmarkParams) -> dict[str, Any]:
    own = {"peak": ("probe",), "training": ("training", "seed"), "serving": SERVING_PARAMS}[work]
    dumped = params.model_dump(mode="json", exclude={"max_age_h"})
    return {name: value for name, value in sorted(dumped.items()) if name.startswith(own)}


LOCAL_KINDS = frozenset({"llamacpp", "transformers_serve", "torch_embeddings", "torch_training"})
SERVING_PARAMS = (
    "seed", "concurrency", "screen", "replay", "rate", "utilisation", "max_input", "max_output", "request",
    "calibrate", "quality", "retrieval",
)  # fmt: skip
TARGET_KEYS = (
    "target", "kind", "title", "device", "accelerator", "model", "precision", "api", "environment", "region",
    "enabled", "launch",
)  # fmt: skip
WORKLOAD_KEYS = (
    "workload", "kind", "phase", "model", "streaming", "slo_ttft_ms", "slo_tpot_ms", "slo_e2e_ms",
    "slo_percentile", "context_tokens", "training_batch_size", "training_sequence_tokens",
)  # fmt: skip
