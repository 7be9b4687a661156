"""Each workload's trace into the requests table, with the record of where it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from acceltrial.portfolio import Portfolio
from acceltrial.portfolio.workload import Workload
from schemas.base import table_of
from schemas.inputs import TraceSources
from stages.collect.origins import Origin, is_overridden, origin_of
from stages.collect.params import CollectParams, TraceOverride
from stages.collect.requests_file import Written, requests_file
from stages.collect.shared import SharedBatches
from stages.collect.trace_findings import trace_findings
from stages.contract import Context


@dataclass(frozen=True, slots=True)
class Collected:
    """The requests file, the table of its sources, and what was noticed on the way."""

    requests: Path
    sources: pl.DataFrame
    findings: list[dict[str, Any]]


def collect_traces(portfolio: Portfolio, params: CollectParams, context: Context) -> Collected:
    """Writes all traces into one requests table in `context.scratch`.

    Raises:
        ConfigurationError: a trace cannot be opened as it is described.
        DataContractError: a trace holds what no trace may hold; with file, row and column.
        StorageError: a file cannot be read or written.
    """
    path = context.scratch / "requests.parquet"
    sources: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    workloads = sorted(portfolio.workloads, key=lambda w: w.id)
    origins = _origins(workloads, portfolio, params.trace_override, context)
    with requests_file(path) as table:
        for workload, origin in zip(workloads, origins, strict=True):
            limit = _context_tokens(workload, portfolio)
            done = table.write(
                workload.id, origin.batches, limit=params.max_requests_per_trace, context_tokens=limit
            )
            context.progress(f"{workload.id}: {done.rows:,} requests over {done.span_s / 60:,.1f} min")
            sources.append(_source(workload, origin, done))
            findings += trace_findings(workload, origin, done, limit)
    for origin in origins:
        if isinstance(origin.batches, SharedBatches):
            origin.batches.close()
    return Collected(path, table_of(TraceSources, sources), findings)


def _origins(
    workloads: list[Workload], portfolio: Portfolio, override: TraceOverride | None, context: Context
) -> list[Origin]:
    """All traces opened before the first is read, so that what is wrong with the last one shows at once.

    A trace that several workloads share is read once.
    """
    names = ["" if is_overridden(item, override) else item.trace for item in workloads]
    opened: dict[str, Origin] = {}
    for name, workload in zip(names, workloads, strict=True):
        if name in opened:
            continue
        origin = origin_of(workload, portfolio, override, context.root)
        if names.count(name) > 1:
            copy = context.scratch / f"trace-{len(opened)}.arrow"
            origin = replace(origin, batches=SharedBatches(iter(origin.batches), copy))
        opened[name] = origin
    return [opened[name] for name in names]


def _context_tokens(workload: Workload, portfolio: Portfolio) -> int | None:
    window = next(model.context_window for model in portfolio.models if model.id == workload.model)
    limits = [limit for limit in (workload.context_tokens, window) if limit is not None]
    return min(limits) if limits else None


def _source(workload: Workload, origin: Origin, done: Written) -> dict[str, Any]:
    facts = origin.facts
    skipped = [f"{count:,} rows left out: {reason}" for reason, count in sorted(facts.skipped.items())]
    cut = [f"read up to request {done.rows:,}"] if done.cut else []
    drawn = facts.origin == "generated" or facts.spread_step_s is not None
    return {
        "workload": workload.id,
        "trace": origin.trace,
        "format": facts.format,
        "origin": facts.origin,
        "path": origin.path,
        "digest": origin.digest,
        "rows_read": done.rows + sum(facts.skipped.values()),
        "rows_kept": done.rows,
        "span_s": done.span_s,
        "spread_step_s": facts.spread_step_s,
        "seed": facts.seed if drawn else None,
        "grade": "declared" if facts.origin == "generated" else "measured",
        "licence": origin.licence,
        "note": "; ".join([*origin.notes, *facts.notes, *skipped, *cut]),
    }
