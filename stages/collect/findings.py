"""What collect noticed and could not match, as rows of the findings table."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl

from acceltrial.catalog import Catalogue
from acceltrial.portfolio import Portfolio
from schemas.base import table_of
from schemas.inputs import Findings

Severity = Literal["info", "warning", "error"]
_COMPARED = (
    "params_b", "active_params_b", "layers", "hidden_size", "heads", "kv_heads", "head_dim", "vocabulary",
)  # fmt: skip
_TOLERANCE = 0.02


def finding(
    subject_kind: str, subject: str, name: str, severity: Severity, detail: str, remedy: str
) -> dict[str, Any]:
    """One row."""
    return {
        "stage": "collect",
        "subject_kind": subject_kind,
        "subject": subject,
        "finding": name,
        "severity": severity,
        "detail": detail,
        "remedy": remedy,
    }


def findings_table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """All rows, worst first, then by subject."""
    rank = {"error": 0, "warning": 1, "info": 2}
    ordered = sorted(
        rows, key=lambda r: (rank[r["severity"]], r["subject_kind"], r["subject"], r["finding"], r["detail"])
    )
    return table_of(Findings, ordered)


def portfolio_findings(portfolio: Portfolio) -> list[dict[str, Any]]:
    """What is declared but unused, unpriced, or contradicts itself."""
    return [
        *_unused(portfolio),
        *_unpriced_targets(portfolio),
        *_unserved_workloads(portfolio),
        *_contradictions(portfolio),
    ]


def catalogue_findings(portfolio: Portfolio, catalogue: Catalogue) -> list[dict[str, Any]]:
    """What the catalogue says of itself, and where portfolio and catalogue do not meet."""
    rows = [
        finding(f.subject_kind, f.subject, f.finding, f.severity, f.detail, f.remedy)
        for f in catalogue.findings
    ]
    rows += [
        finding(
            "target", target.id, "accelerator_not_in_catalogue", "warning",
            f"the accelerator '{target.accelerator}' is not in the catalogue: nothing is predicted for it",
            "correct the name in targets.yaml, or add the device to the catalogue",
        )
        for target in portfolio.targets
        if target.accelerator is not None and catalogue.accelerator_names.find(target.accelerator) is None
    ]  # fmt: skip
    return rows + _model_disagreements(portfolio, catalogue)


def _unused(portfolio: Portfolio) -> list[dict[str, Any]]:
    models = {w.model for w in portfolio.workloads} | {t.model for t in portfolio.targets}
    traces = {item.trace for item in portfolio.workloads}
    unused = [("model", m.id) for m in portfolio.models if m.id not in models]
    unused += [("trace", t.id) for t in portfolio.traces if t.id not in traces]
    return [
        finding(
            kind, name, "unused", "info", f"no workload or target names this {kind}", "remove it, or use it"
        )
        for kind, name in unused
    ]


def _unpriced_targets(portfolio: Portfolio) -> list[dict[str, Any]]:
    return [
        finding(
            "target", target.id, "no_price", "warning", "no hourly price is given: its cost stays unknown",
            "add `price` with amount, source, as_of and grade",
        )
        for target in portfolio.targets
        if target.price is None
    ]  # fmt: skip


def _unserved_workloads(portfolio: Portfolio) -> list[dict[str, Any]]:
    served = {target.model for target in portfolio.targets if target.enabled}
    return [
        finding(
            "workload", workload.id, "no_target_serves_its_model", "info",
            f"no enabled target runs {workload.model}: every figure of this workload will be predicted",
            "add a target that serves the model, or enable one",
        )
        for workload in portfolio.workloads
        if workload.model not in served
    ]  # fmt: skip


def _contradictions(portfolio: Portfolio) -> list[dict[str, Any]]:
    models = {model.id: model for model in portfolio.models}
    rows = []
    for workload in portfolio.workloads:
        window = models[workload.model].context_window
        if window and workload.context_tokens and workload.context_tokens > window:
            rows.append(
                finding(
                    "workload", workload.id, "context_exceeds_model", "error",
                    f"context_tokens {workload.context_tokens} is more than the {window} of {workload.model}",
                    "lower context_tokens, or choose a model with a longer window",
                )
            )  # fmt: skip
        if workload.streaming and workload.kind in ("embedding", "reranker", "scoring", "training", "sensor"):
            rows.append(
                finding(
                    "workload", workload.id, "streaming_without_tokens", "warning",
                    f"kind {workload.kind} generates no tokens, so streaming has no meaning",
                    "set `streaming: false`",
                )
            )  # fmt: skip
    return rows


def _model_disagreements(portfolio: Portfolio, catalogue: Catalogue) -> list[dict[str, Any]]:
    published = {row["model"]: row for row in catalogue.models.iter_rows(named=True)}
    rows = []
    for model in portfolio.models:
        other = published.get(model.id, {})
        for name in _COMPARED:
            ours, theirs = getattr(model, name), other.get(name)
            if name == "active_params_b":
                ours = ours or model.params_b
            if ours is None or theirs is None or abs(ours - theirs) <= _TOLERANCE * abs(theirs):
                continue
            rows.append(
                finding(
                    "model", model.id, "catalogue_disagrees", "warning",
                    f"{name} is {ours:g} in models.yaml and {theirs:g} in the catalogue ({other['source']}); "
                    "the portfolio's figure is used",
                    "correct whichever is wrong",
                )
            )  # fmt: skip
    return rows
