"""Which benchmark to trust: how the screen and the predictions fared against the replays."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from stages.report.advice.answer import Advice, Figure, Row, names
from stages.report.formatting import percent, plural
from stages.report.tables import Tables


def trusted_benchmark(tables: Tables) -> Advice:
    """The nearest to one's own traffic that was measured."""
    question = "Which benchmark to trust?"
    measured = [
        row
        for row in tables["measurements"].iter_rows(named=True)
        if row["grade"] == "measured" and row["value"] is not None
    ]
    valid = [row for row in measured if row["valid"]]
    told = [*_screen_error(valid), *_prediction_error(tables)]
    reasons, figures = [reason for reason, _ in told], tuple(figure for _, figure in told)
    if len(measured) > len(valid):
        reasons.append(
            f"{plural(len(measured) - len(valid), 'measured figure')} broke the instrument's bound"
            " and count for nothing."
        )
    replayed = sorted({row["workload"] for row in valid if row["phase"] == "replay"})
    if not valid:
        answer = "None yet: measure one target with your own trace first."
        reasons.append("Nothing was measured here: every figure is published, predicted or declared.")
    elif not replayed:
        answer = "The synthetic screen, to rule options out; none yet to choose one."
        reasons.append("What was measured is no replay of a trace.")
    else:
        answer = "The replay of your own trace; the screen only to rule options out."
        reasons.append(f"Replays exist for {names(replayed)}.")
    return Advice(question, answer, tuple(reasons), figures, sure=bool(valid))


def _screen_error(valid: Sequence[Row]) -> list[tuple[str, Figure]]:
    gaps = _screen_gaps(valid)
    if not gaps:
        return []
    off = percent(median(abs(gap) for gap, _, _ in gaps))
    rows = tuple(("measurements", row) for _, *pair in gaps for row in pair)
    reason = (
        f"The synthetic screen differs from the replay of the same workload by {off} at the median"
        f" ({plural(len(gaps), 'figure')})."
    )
    return [(reason, Figure("screen against replay, median difference", off, "measured", rows))]


def _prediction_error(tables: Tables) -> list[tuple[str, Figure]]:
    ledger = list(tables["prediction_ledger"].iter_rows(named=True))
    if not ledger:
        return []
    off = percent(median(abs(row["error_share"]) for row in ledger))
    covered = sum(row["covered"] for row in ledger) / len(ledger)
    rows = tuple(("prediction_ledger", row) for row in ledger)
    reason = (
        f"Predictions were off by {off} at the median and their interval held {percent(covered)} of"
        f" {plural(len(ledger), 'later measurement')}."
    )
    return [(reason, Figure("error of predictions, median", off, "measured", rows))]


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
