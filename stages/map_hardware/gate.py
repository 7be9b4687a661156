"""The neuromorphic gate: when an event-driven chip makes sense, and when it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

NARROW_PARAMS_B = 0.01
"""Ten million parameters: the largest networks that today's event-driven chips hold."""
UNFIT_KINDS = {
    "chatbot": "a chat",
    "copilot": "a copilot",
    "batch": "a document batch",
    "agent": "an agent",
    "multimodal": "document questions",
}


def gate(
    workloads: pl.DataFrame, models: pl.DataFrame, classes: pl.DataFrame
) -> tuple[dict[str, bool], list[dict[str, Any]]]:
    """The gate's answer for each workload, and one row a workload and criterion.

    The answer is yes only if every criterion is met: always on, event-driven, bound by power, a frozen
    model, a narrow model, and no kind of work that such chips do not do.
    """
    by_model = {row["model"]: row for row in models.iter_rows(named=True)}
    by_class = {row["workload"]: row for row in classes.iter_rows(named=True)}
    answers: dict[str, bool] = {}
    rows: list[dict[str, Any]] = []
    for row in workloads.iter_rows(named=True):
        criteria = _criteria(row, by_model[row["model"]], by_class[row["workload"]])
        answers[row["workload"]] = all(met for _, met, _ in criteria)
        verdict = "yes" if answers[row["workload"]] else "no"
        rows += [
            {
                "workload": row["workload"],
                "criterion": criterion,
                "met": met,
                "evidence": evidence,
                "verdict": verdict,
            }
            for criterion, met, evidence in criteria
        ]
    return answers, rows


def _criteria(
    workload: Mapping[str, Any], model: Mapping[str, Any], decided: Mapping[str, Any]
) -> list[tuple[str, bool, str]]:
    budget = workload["power_budget_w"]
    kind = workload["kind"]
    params_b = model["params_b"]
    return [
        ("always_on", workload["always_on"], _said("declared always on", workload["always_on"])),
        (
            "event_driven",
            workload["event_driven"],
            f"{_said('declared event-driven', workload['event_driven'])}; traffic shape {decided['shape']}",
        ),
        (
            "power_bound",
            budget is not None,
            f"power budget {budget:g} W" if budget is not None else "no power budget is declared",
        ),
        ("frozen_model", decided["stability"] == "frozen", f"the model is {decided['stability']}"),
        (
            "narrow_model",
            params_b <= NARROW_PARAMS_B,
            f"{params_b * 1e3:g} million parameters, {NARROW_PARAMS_B * 1e3:g} million at most",
        ),
        (
            "suitable_work",
            workload["phase"] == "inference" and kind not in UNFIT_KINDS,
            f"{UNFIT_KINDS.get(kind, kind)} is "
            + ("not " if kind in UNFIT_KINDS or workload["phase"] != "inference" else "")
            + "work for an event-driven chip",
        ),
    ]


def _said(what: str, truth: bool) -> str:
    return what if truth else f"not {what}"
