"""Which kind of hardware to start with, and whether a mix pays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from stages.report.advice.answer import MOST_NAMED, Advice, Figure, names
from stages.report.advice.choice import SPECIAL, Choice, high, known, low, sum_of
from stages.report.formatting import money, percent, plural, words
from stages.report.lookup import CLASS_TITLES
from stages.report.shown import decision_grade
from stages.report.tables import Tables


def start_with(tables: Tables, choices: Sequence[Choice]) -> Advice:
    """Whether any specialised chip comes first, and how far the best of them is behind."""
    question = "Start with GPUs or with specialised chips?"
    if not choices:
        return Advice(
            question, "The tables do not say: nothing is recommended yet.", _undecided(tables), sure=False
        )
    classes = Counter(choice.accelerator_class for choice in choices)
    special = [choice for choice in choices if choice.accelerator_class in SPECIAL]
    ordered = sorted(classes.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{n} {CLASS_TITLES.get(name, name)}" for name, n in ordered)
    reasons = [f"Recommended devices: {told}."]
    if special:
        reasons.append(f"A specialised chip comes first for {names(c.workload for c in special)}.")
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
            f"{c.workload}, best in draws",
            percent(c.decision["p_best"]),
            decision_grade(c.decision),
            (("decisions", c.decision),),
        )
        for c in choices
    )
    return Advice(question, answer, tuple(reasons), figures)


def hybrid(choices: Sequence[Choice]) -> Advice:
    """Whether the recommended mix costs less than GPUs alone, interval against interval."""
    question = "Is a hybrid worth it?"
    both = [c for c in choices if known(c.month) and known(c.gpu_month)]
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
    sure_low = sum(low(c.gpu_month) - high(c.month) for c in other)
    reasons = [
        f"The recommended options cost {money(plan)} a month, the best-ranked GPU of each workload"
        f" {money(gpus)} ({plural(len(both), 'workload')} with both figures).",
        f"{plural(len(other), 'workload')} would leave the GPUs: {names(c.workload for c in other)}."
        if other
        else "No workload would leave the GPUs.",
    ]
    left = [c.workload for c in choices if c not in both]
    if left:
        reasons.append(f"Not counted, since a figure is missing: {names(left)}.")
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
        sum_of("recommended, a month", plan, [c.month for c in both if c.month]),
        sum_of("GPUs only, a month", gpus, [c.gpu_month for c in both if c.gpu_month]),
    )
    return Advice(question, answer, tuple(reasons), figures)


def _undecided(tables: Tables) -> tuple[str, ...]:
    counts = Counter(words(row["status"]) for row in tables["decisions"].iter_rows(named=True))
    return tuple(f"{plural(n, 'workload')}: {status}." for status, n in sorted(counts.items()))


def _rival(choice: Choice) -> str:
    row = choice.best_special
    assert row is not None
    share = "unknown" if row["p_best"] is None else percent(row["p_best"])
    return (
        f"{choice.workload}: {row['option']} is the best specialised chip, rank {row['rank']},"
        f" best in {share} of the draws."
    )
