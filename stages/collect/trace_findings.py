"""What a trace shows when it is put beside what its workload declares."""

from __future__ import annotations

from typing import Any

from acceltrial.portfolio.workload import TOKEN_GENERATING_KINDS, Workload
from stages.collect.findings import Severity, finding
from stages.collect.origins import Origin
from stages.collect.requests_file import Written

SECONDS_PER_MONTH = 730 * 3600
ENOUGH_REQUESTS = 100
LIGHTEST_SHARE = 0.5
HEAVIEST_MULTIPLE = 20.0
"""A busy hour is a few times the mean of a month; beyond this, trace or declaration is of something else."""


def trace_findings(
    workload: Workload, origin: Origin, done: Written, context_tokens: int | None
) -> list[dict[str, Any]]:
    """Rows of the findings table on one workload's trace.

    Args:
        workload: as declared.
        origin: where the requests came from, its batches taken.
        done: what was written.
        context_tokens: the limit that `done.too_long` was counted against.
    """
    notes = [*_about_origin(workload, origin, done), *_about_lengths(workload, done, context_tokens)]
    if not origin.overridden:
        notes += _about_volume(workload, done)
    return [finding("workload", workload.id, *note) for note in notes]


Note = tuple[str, Severity, str, str]
"""Name, severity, detail, remedy."""


def _about_origin(workload: Workload, origin: Origin, done: Written) -> list[Note]:
    notes: list[Note] = []
    facts = origin.facts
    if origin.overridden:
        detail = f"the trace '{workload.trace}' of the portfolio was replaced by {origin.path}"
        remedy = "leave out `trace_override` (TRACE=…) to use the portfolio's own"
        notes.append(("trace_overridden", "info", detail, remedy))
    if facts.spread_step_s is not None:
        detail = (
            f"timestamps come in steps of {facts.spread_step_s:g} s; arrivals were spread inside the step"
        )
        remedy = "burstiness below that step is drawn, not recorded: record finer timestamps"
        notes.append(("coarse_timestamps", "info", detail, remedy))
    if facts.skipped:
        detail = "; ".join(f"{count:,} rows: {reason}" for reason, count in sorted(facts.skipped.items()))
        notes.append(("rows_left_out", "info", detail, "none, if these rows are no requests"))
    if done.cut:
        remedy = "raise or leave out collect.max_requests_per_trace"
        notes.append(("trace_cut", "info", f"reading stopped after {done.rows:,} requests", remedy))
    return notes


def _about_lengths(workload: Workload, done: Written, context_tokens: int | None) -> list[Note]:
    notes: list[Note] = []
    if done.too_long:
        detail = (
            f"{done.too_long:,} of {done.rows:,} requests ({done.too_long / done.rows:.2%}) need more than "
            f"{context_tokens:,} tokens, the longest {done.longest_tokens:,}"
        )
        remedy = (
            "raise context_tokens, choose a model with a longer window, or expect these requests to be cut"
        )
        notes.append(("longer_than_context", "warning", detail, remedy))
    if workload.kind in TOKEN_GENERATING_KINDS and done.without_lengths:
        detail = f"{done.without_lengths:,} of {done.rows:,} requests lack the length of prompt or answer"
        remedy = "map the columns of the trace that hold the lengths"
        notes.append(("lengths_unknown", "warning", detail, remedy))
    return notes


def _about_volume(workload: Workload, done: Written) -> list[Note]:
    """Whether the trace's rate can belong to the volume that is declared."""
    if done.rows < ENOUGH_REQUESTS or done.span_s <= 0:
        return []
    declared_rps = (
        workload.business.actions_per_month * workload.business.requests_per_action / SECONDS_PER_MONTH
    )
    trace_rps = (done.rows - 1) / done.span_s
    if LIGHTEST_SHARE * declared_rps <= trace_rps <= HEAVIEST_MULTIPLE * declared_rps:
        return []
    detail = (
        f"the trace has {trace_rps:.3g} requests/s, the declared volume means {declared_rps:.3g} requests/s "
        f"on average over a month ({trace_rps / declared_rps:.3g} times)"
    )
    remedy = (
        "correct actions_per_month or requests_per_action, or use a trace of this workload's own busy hour"
    )
    return [("volume_disagrees", "warning", detail, remedy)]
