"""The questions every team asks, answered from this portfolio's own tables.

Pure: tables in, answers with their reasons and figures out. A figure names the rows that it comes from; a sum
names all of them. Where the tables do not hold an answer, the answer says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from acceltrial.evidence import Grade, weakest_grade
from stages.report.formatting import money, percent, plural, words
from stages.report.lookup import costs_by_option, workload_phase
from stages.report.tables import Tables

Row = dict[str, Any]
SPECIAL = ("training_accelerator", "inference_asic", "tpu", "npu", "neuromorphic")
MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure behind an answer: its label, text, weakest grade and the rows that give it."""

    label: str
    text: str
    grade: str
    rows: tuple[tuple[str, Row], ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """A question with its answer. `sure` is False where the tables hold too little to answer."""

    question: str
    answer: str
    reasons: tuple[str, ...]
    figures: tuple[Figure, ...] = ()
    sure: bool = True


@dataclass
class _Choice:
    """A workload with a recommendation, and what its rivals of other classes are worth."""

    workload: str
    option: str
    accelerator_class: str
    decision: Row
    phase: str
    month: Row | None
    gpu: str | None
    gpu_month: Row | None
    best_special: Row | None = field(default=None)


def advise(tables: Tables) -> list[Advice]:
    """The five answers, in a fixed order."""
    choices = [choice for workload in tables.workloads if (choice := _choice(tables, workload))]
    return [
        _start_with(tables, choices),
        _trusted_benchmark(tables),
        _hybrid(choices),
        _neuromorphic(tables),
        _first_phase(choices),
    ]


def _start_with(tables: Tables, choices: Sequence[_Choice]) -> Advice:
    question = "Start with GPUs or with specialised chips?"
    if not choices:
        return Advice(
            question, "The tables do not say: nothing is recommended yet.", _undecided(tables), sure=False
        )
    classes = Counter(choice.accelerator_class for choice in choices)
    special = [choice for choice in choices if choice.accelerator_class in SPECIAL]
    told = ", ".join(f"{words(name)} {n}" for name, n in sorted(classes.items(), key=lambda i: (-i[1], i[0])))
    reasons = [f"Of {plural(len(choices), 'recommendation')}: {told}."]
    if special:
        reasons.append(f"A specialised chip comes first for {_names(c.workload for c in special)}.")
    rivals = [choice for choice in choices if choice.best_special and choice not in special]
    reasons += [_rival(choice) for choice in rivals[:MOST_NAMED]]
    without = len(choices) - len(special) - len(rivals)
    if without:
        reasons.append(f"For {plural(without, 'workload')} no specialised chip is left without veto.")
    if len(special) * 2 > len(choices):
        answer = "With specialised chips, for most of this portfolio."
    elif special:
        answer = f"With GPUs, and one pilot on a specialised chip: {special[0].workload}."
    elif classes.most_common(1)[0][0] == "cpu":
        answer = "With neither: CPUs come first for most of this portfolio."
    else:
        answer = "With GPUs: no specialised chip comes first for any workload."
    figures = tuple(
        Figure(
            f"{c.workload}: probability of being best",
            percent(c.decision["p_best"]),
            _grade(c.decision),
            (("decisions", c.decision),),
        )
        for c in choices
    )
    return Advice(question, answer, tuple(reasons), figures)


def _trusted_benchmark(tables: Tables) -> Advice:
    question = "Which benchmark to trust?"
    measured = [
        row
        for row in tables["measurements"].iter_rows(named=True)
        if row["grade"] == "measured" and row["value"] is not None
    ]
    valid = [row for row in measured if row["valid"]]
    ledger = list(tables["prediction_ledger"].iter_rows(named=True))
    reasons, figures = [], []
    gaps = _screen_gaps(valid)
    if gaps:
        off = median(abs(gap) for gap, _, _ in gaps)
        rows = tuple(("measurements", row) for _, *pair in gaps for row in pair)
        reasons.append(
            f"The synthetic screen differs from the replay of the same workload by {percent(off)}"
            f" at the median ({plural(len(gaps), 'figure')})."
        )
        figures.append(Figure("screen against replay, median difference", percent(off), "measured", rows))
    if ledger:
        error = median(abs(row["error_share"]) for row in ledger)
        covered = sum(row["covered"] for row in ledger) / len(ledger)
        rows = tuple(("prediction_ledger", row) for row in ledger)
        reasons.append(
            f"Predictions were off by {percent(error)} at the median and their interval held"
            f" {percent(covered)} of {plural(len(ledger), 'later measurement')}."
        )
        figures.append(Figure("error of predictions, median", percent(error), "measured", rows))
    if len(measured) > len(valid):
        reasons.append(
            f"{plural(len(measured) - len(valid), 'measured figure')} broke the instrument's bound"
            " and count for nothing."
        )
    if not valid:
        reasons.append("Nothing was measured here: every figure is published, predicted or declared.")
        return Advice(
            question,
            "None yet: measure one target with your own trace first.",
            tuple(reasons),
            tuple(figures),
            sure=False,
        )
    replayed = sorted({row["workload"] for row in valid if row["phase"] == "replay"})
    if not replayed:
        reasons.append("What was measured is no replay of a trace.")
        return Advice(
            question,
            "The synthetic screen, to rule options out; none yet to choose one.",
            tuple(reasons),
            tuple(figures),
        )
    reasons.append(f"Replays exist for {_names(replayed)}.")
    return Advice(
        question,
        "The replay of your own trace; the screen only to rule options out.",
        tuple(reasons),
        tuple(figures),
    )


def _hybrid(choices: Sequence[_Choice]) -> Advice:
    question = "Is a hybrid worth it?"
    both = [c for c in choices if _known(c.month) and _known(c.gpu_month)]
    if not both:
        return Advice(
            question,
            "The tables do not say: no workload has a monthly cost both as recommended and on GPUs.",
            (),
            sure=False,
        )
    plan = sum(c.month["value"] for c in both if c.month)
    gpus = sum(c.gpu_month["value"] for c in both if c.gpu_month)
    other = [c for c in both if c.accelerator_class != "gpu"]
    saving = gpus - plan
    sure_low = sum(_low(c.gpu_month) - _high(c.month) for c in other)
    reasons = [
        f"The recommended options cost {money(plan)} a month, the best-ranked GPU of each workload"
        f" {money(gpus)} ({plural(len(both), 'workload')} with both figures).",
        f"{plural(len(other), 'workload')} would leave the GPUs"
        f"{': ' + _names(c.workload for c in other) if other else ''}.",
    ]
    left = [c.workload for c in choices if c not in both]
    if left:
        reasons.append(f"Not counted, since a figure is missing: {_names(left)}.")
    if not other:
        answer = "Not today: every recommendation with both figures is a GPU."
    elif saving <= 0:
        answer = "Not for money: the mix costs no less than GPUs alone."
    elif sure_low > 0:
        answer = f"Yes: it saves {money(saving)} a month ({percent(saving / gpus)}), and all intervals agree."
    else:
        answer = (
            f"Perhaps: it would save {money(saving)} a month ({percent(saving / gpus)}),"
            " but the intervals overlap."
        )
    figures = (
        _sum("recommended, a month", plan, [c.month for c in both if c.month]),
        _sum("GPUs only, a month", gpus, [c.gpu_month for c in both if c.gpu_month]),
    )
    return Advice(question, answer, tuple(reasons), figures)


def _neuromorphic(tables: Tables) -> Advice:
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
        answer = (
            f"For one narrow job: {_names(passed)}; compare it with the low-power baseline before buying."
        )
    else:
        answer = f"For a pilot of {_names(passed)} against a low-power baseline, not for a purchase."
    cited = tuple(("neuromorphic_gate", row) for row in rows if row["workload"] in passed)
    figures = (
        (Figure("workloads that pass the gate", f"{len(passed)} of {len(verdicts)}", "", cited),)
        if cited
        else ()
    )
    return Advice(question, answer, tuple(reasons), figures)


def _first_phase(choices: Sequence[_Choice]) -> Advice:
    question = "Training or inference first?"
    spend = {
        phase: [c.month for c in choices if c.phase == phase and _known(c.month)]
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
    missing = [c.workload for c in choices if not _known(c.month)]
    if missing:
        reasons.append(f"Not counted, since the cost is unknown: {_names(missing)}.")
    figures = tuple(_sum(f"{phase}, a month", totals[phase], rows[phase]) for phase in totals if rows[phase])
    answer = f"{first.capitalize()} first: {percent(totals[first] / whole)} of the monthly cost lies there."
    return Advice(question, answer, tuple(reasons), figures, sure=all(rows.values()))


def _choice(tables: Tables, workload: str) -> _Choice | None:
    decision = tables.row("decisions", workload)
    if decision is None or decision["option"] is None:
        return None
    option = decision["option"]
    classes = {row["option"]: row["accelerator_class"] for row in tables.rows("candidates", workload)}
    ranked = sorted(
        (r for r in tables.rows("ranking", workload) if r["rank"]), key=lambda r: (r["rank"], r["option"])
    )
    gpu = next((r["option"] for r in ranked if classes.get(r["option"]) == "gpu"), None)
    costs = costs_by_option(tables, workload)
    return _Choice(
        workload=workload,
        option=option,
        accelerator_class=classes.get(option, "unknown"),
        decision=decision,
        phase=workload_phase(tables, workload),
        month=costs.get(option, {}).get("usd_per_month"),
        gpu=gpu,
        gpu_month=costs.get(gpu, {}).get("usd_per_month") if gpu else None,
        best_special=next((r for r in ranked if classes.get(r["option"]) in SPECIAL), None),
    )


def _undecided(tables: Tables) -> tuple[str, ...]:
    counts = Counter(words(row["status"]) for row in tables["decisions"].iter_rows(named=True))
    return tuple(f"{plural(n, 'workload')}: {status}." for status, n in sorted(counts.items()))


def _rival(choice: _Choice) -> str:
    row = choice.best_special
    assert row is not None
    share = "unknown" if row["p_best"] is None else percent(row["p_best"])
    return (
        f"{choice.workload}: {row['option']} is the best specialised chip, rank {row['rank']},"
        f" best in {share} of the draws."
    )


def _screen_gaps(rows: Sequence[Row]) -> list[tuple[float, Row, Row]]:
    """Synthetic ÷ replay - 1, with both rows, for each figure that both phases have."""
    found: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        if row["phase"] in ("synthetic", "replay") and row["unit"] == "ms":
            key = (row["workload"], row["option"], row["metric"], row["statistic"])
            found.setdefault(key, {})[row["phase"]] = row
    return [
        (pair["synthetic"]["value"] / pair["replay"]["value"] - 1, pair["synthetic"], pair["replay"])
        for _, pair in sorted(found.items())
        if len(pair) == 2 and pair["replay"]["value"]
    ]


def _sum(label: str, value: float, rows: Sequence[Row]) -> Figure:
    grade = str(weakest_grade([Grade(row["grade"]) for row in rows])) if rows else ""
    return Figure(label, money(value), grade, tuple(("costs", row) for row in rows))


def _grade(decision: Row) -> str:
    taking_part = [grade for grade in Grade if decision[f"share_{grade}"] > 0]
    return str(weakest_grade(taking_part)) if taking_part else ""


def _known(row: Row | None) -> bool:
    return row is not None and row["value"] is not None


def _low(row: Row | None) -> float:
    assert row is not None
    return float(row["value"] if row["low"] is None else row["low"])


def _high(row: Row | None) -> float:
    assert row is not None
    return float(row["value"] if row["high"] is None else row["high"])


def _names(workloads: Any) -> str:
    names = list(workloads)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
