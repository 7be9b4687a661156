"""Trace replay: the workload's own arrivals and lengths, open loop, with checkable answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from acceltrial.load import LoadResult, Schedule
from acceltrial.stats.quantiles import proportion_interval
from acceltrial.targets import RunningServer
from stages.benchmark.levels import Demand, load
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.rows import Row, RowMaker
from stages.benchmark.tasks import Item, Task, is_correct
from stages.benchmark.thinning import Window


@dataclass(frozen=True, slots=True)
class Replay:
    """A finished replay.

    Attributes:
        correct: one entry a record; None where the request has no checkable answer or none came.
    """

    result: LoadResult
    correct: list[bool | None]


def run_replay(
    server: RunningServer, window: Window, demand: Demand, task: Task | None, params: BenchmarkParams
) -> Replay:
    """Sends the window's requests when the trace says, whatever the server does."""
    items: list[Item] | None = task.items(window.input_tokens, params.seed) if task else None
    prompts = [item.prompt for item in items] if items else None
    schedule = Schedule.from_arrivals(
        window.arrival_s,
        input_tokens=list(window.input_tokens),
        output_tokens=list(window.output_tokens),
        seed=params.seed,
        prompts=prompts,
    )
    result = load(
        server,
        schedule,
        demand,
        timeout_s=params.request_timeout_s,
        deadline_s=window.arrival_s[-1] + params.request_timeout_s + 5,
        calibrate=params.calibrate,
        keep_text=items is not None,
        with_tokenizer=items is None,
    )
    return Replay(result, _checked(result, items))


def success_row(maker: RowMaker, replay: Replay, task: Task | None) -> Row:
    """The share of checkable answers that are right. A failed request has none: `failure_rate` counts it."""
    checked = [one for one in replay.correct if one is not None]
    if task is None or not checked:
        reason = (
            "no answer of this workload can be checked here" if task is None else "no checkable answer came"
        )
        return maker.row("success_rate", "rate", None, reason=reason)
    return maker.estimate(
        "success_rate",
        "rate",
        proportion_interval(sum(checked), len(checked)),
        source=f"generated task '{task.name}': the first line must begin with the right answer",
    )


def length_note(result: LoadResult, window: Window) -> str:
    """How the lengths that the server counted differ from the trace's, when they do."""
    done = result.records.filter(result.records["error_class"].is_null())
    notes = []
    generated = done["output_tokens"].is_not_null().any()
    for column, wanted, what in (
        ("input_tokens", window.input_tokens, "prompt"),
        ("output_tokens", window.output_tokens, "output"),
    ):
        seen = done[column].mean()
        asked = sum(wanted) / len(wanted)
        if what == "output" and not generated:
            continue
        if isinstance(seen, float) and abs(seen - asked) > 0.1 * asked:
            notes.append(f"mean {what} {seen:.0f} tokens by the server's count, {asked:.0f} in the window")
    return "; ".join(notes)


def _checked(result: LoadResult, items: Sequence[Item] | None) -> list[bool | None]:
    records = result.records
    if items is None:
        return [None] * records.height
    rows = records.select("index", "error_class", "text", "output_tokens_planned").iter_rows()
    return [
        is_correct(items[index].answer, text)
        if error is None and (planned is None or planned >= items[index].answer_tokens)
        else None
        for index, error, text, planned in rows
    ]
