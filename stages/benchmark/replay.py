"""Trace replay: the workload's own arrivals and lengths, open loop, with checkable answers."""

from __future__ import annotations

from dataclasses import dataclass

from acceltrial.load import LoadResult, Schedule
from acceltrial.quality.questionnaire import Questionnaire
from acceltrial.quality.ranking import UnusableAnswerError
from acceltrial.quality.score import Score
from acceltrial.targets import RunningServer
from stages.benchmark.levels import Demand, load
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.thinning import Window


@dataclass(frozen=True, slots=True)
class Replay:
    """A finished replay.

    Attributes:
        score: of its answers; None where they cannot be checked, and `reason` says why.
    """

    result: LoadResult
    score: Score | None
    reason: str = ""

    @property
    def correct(self) -> list[bool | None] | None:
        """One entry a record; None where the request has no checkable answer or none came."""
        return self.score.correct if self.score else None


def run_replay(
    server: RunningServer,
    window: Window,
    demand: Demand,
    asked: Questionnaire | None,
    params: BenchmarkParams,
) -> Replay:
    """Sends the window's requests when the trace says, whatever the server does.

    What they ask is the first so many questions of `asked`, or text of the engine's own.
    """
    questions = asked.part(0, len(window)) if asked else None
    schedule = Schedule.from_arrivals(
        window.arrival_s,
        input_tokens=list(window.input_tokens),
        output_tokens=list(window.output_tokens),
        seed=params.seed,
        prompts=questions.prompts if questions else None,
    )
    result = load(
        server,
        schedule,
        demand,
        timeout_s=params.request_timeout_s,
        deadline_s=window.arrival_s[-1] + params.request_timeout_s + 5,
        calibrate=params.calibrate,
        keep_text=questions is not None,
        with_tokenizer=questions is None,
    )
    if questions is None:
        return Replay(result, None)
    try:
        return Replay(result, questions.judge(result.records))
    except UnusableAnswerError as error:
        return Replay(result, None, str(error))


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
