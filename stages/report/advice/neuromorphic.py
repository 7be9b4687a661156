"""Whether neuromorphic chips are ready for any of the workloads."""

from __future__ import annotations

from collections import Counter

from stages.report.advice.answer import Advice, Figure, names
from stages.report.formatting import plural, words
from stages.report.tables import Tables


def neuromorphic(tables: Tables) -> Advice:
    """Whether the gate lets any workload pass, and whether such a chip was measured."""
    question = "Is neuromorphic ready?"
    rows = list(tables["neuromorphic_gate"].iter_rows(named=True))
    verdicts = {row["workload"]: row["verdict"] for row in rows}
    if not verdicts:
        return Advice(question, "The tables do not say: the gate was not evaluated.", (), sure=False)
    passed = [workload for workload, verdict in verdicts.items() if verdict == "yes"]
    unmet = Counter(words(row["criterion"]) for row in rows if not row["met"])
    worst = ", ".join(f"{name} ({n})" for name, n in sorted(unmet.items(), key=lambda i: (-i[1], i[0]))[:3])
    reasons = [
        f"The gate says no for {len(verdicts) - len(passed)} of {plural(len(verdicts), 'workload')}"
        f"{'; most often unmet: ' + worst if worst else ''}."
    ]
    chips = {
        (row["workload"], row["option"])
        for row in tables["candidates"].iter_rows(named=True)
        if row["accelerator_class"] == "neuromorphic" and row["feasible"]
    }
    seen = [
        row
        for row in tables["measurements"].iter_rows(named=True)
        if (row["workload"], row["option"]) in chips
        and row["grade"] == "measured"
        and row["value"] is not None
    ]
    reasons.append(
        "Figures of such a chip were measured here." if seen else "No such chip was measured here."
    )
    if not passed:
        answer = "Not for this portfolio: no workload passes the gate."
    elif seen:
        answer = f"For one narrow job: {names(passed)}; compare it with the low-power baseline before buying."
    else:
        answer = f"For a pilot of {names(passed)} against a low-power baseline, not for a purchase."
    cited = tuple(("neuromorphic_gate", row) for row in rows if row["workload"] in passed)
    figures = (
        (Figure("workloads that pass the gate", f"{len(passed)} of {len(verdicts)}", "", cited),)
        if cited
        else ()
    )
    return Advice(question, answer, tuple(reasons), figures)
