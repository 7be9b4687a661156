"""Where the money lies: training or inference."""

from __future__ import annotations

from collections.abc import Sequence

from stages.report.advice.answer import Advice, names
from stages.report.advice.choice import Choice, known, sum_of
from stages.report.formatting import money, percent, plural, words


def first_phase(choices: Sequence[Choice]) -> Advice:
    """The phase that takes most of the monthly cost."""
    question = "Training or inference first?"
    spend = {
        phase: [c.month for c in choices if c.phase == phase and known(c.month)]
        for phase in ("inference", "training")
    }
    rows = {phase: [row for row in found if row] for phase, found in spend.items()}
    totals = {phase: sum(row["value"] for row in found) for phase, found in rows.items()}
    whole = sum(totals.values())
    if not whole:
        return Advice(
            question, "The tables do not say: no recommended option has a monthly cost.", (), sure=False
        )
    first = max(totals, key=lambda phase: totals[phase])
    reasons = [
        f"{words(phase).capitalize()}: {money(totals[phase])} a month over"
        f" {plural(len(rows[phase]), 'workload')}."
        if rows[phase]
        else f"{words(phase).capitalize()}: no recommended workload has a monthly cost."
        for phase in totals
    ]
    reasons.append("The bills may be compared; unit costs of the two never are.")
    missing = [c.workload for c in choices if not known(c.month)]
    if missing:
        reasons.append(f"Not counted, since the cost is unknown: {names(missing)}.")
    figures = tuple(
        sum_of(f"{phase}, a month", totals[phase], rows[phase]) for phase in totals if rows[phase]
    )
    answer = f"{first.capitalize()} first: {percent(totals[first] / whole)} of the monthly cost lies there."
    return Advice(question, answer, tuple(reasons), figures, sure=all(rows.values()))
