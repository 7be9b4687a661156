"""The judgement of every stream of a file: the first few at once, the rest on all cores.

Judging is many small steps of numpy, between which Python's lock is taken: threads gain nothing, processes
all. Streams go to them one by one, so that memory stays bounded however long the file is.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from acceltrial.errors import AcceltrialError

if TYPE_CHECKING:
    from acceltrial.canary.guardrails import JudgeSettings
    from acceltrial.canary.records import Records

ALONE = 40
"""So many streams are judged in the time that other processes take to start."""
MOST_PROCESSES = 8
AHEAD = 2
"""Streams that wait for each process."""

Stream: TypeAlias = "tuple[str, Records]"
Verdict: TypeAlias = dict[str, Any]
"""The JSON of one stream: verdict, second, guardrail, and evidence (nats) against each guardrail's bound."""


def judge_streams(path: Path, settings: JudgeSettings) -> list[Verdict]:
    """The verdict on each stream, in order of their names.

    Raises:
        DataContractError: as `read_streams` and `records_from_frame` do.
        AcceltrialError: a judging process was killed.
    """
    streams = _read(path)
    found = [_judged(str(path), name, records, settings) for name, records in islice(streams, ALONE)]
    if (following := next(streams, None)) is not None:
        found += _side_by_side(path, following, streams, settings)
    return sorted(found, key=lambda verdict: str(verdict["stream"]))


def _place(path: str, name: str) -> str:
    return f"{path} stream {plain(name)}"


def plain(name: str) -> str:
    """The name with control characters spelt out, so that a recording cannot command the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in name)


def _side_by_side(
    path: Path, first: Stream, rest: Iterator[Stream], settings: JudgeSettings
) -> list[Verdict]:
    found: list[Verdict] = []
    waiting: deque[Future[Verdict]] = deque()
    processes = min(os.cpu_count() or 2, MOST_PROCESSES)
    # Forked, they would inherit the locks of threads that they do not have.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        try:
            for name, records in chain([first], rest):
                waiting.append(pool.submit(_judged, str(path), name, records, settings))
                if len(waiting) > AHEAD * processes:
                    found.append(waiting.popleft().result())
            found += [future.result() for future in waiting]
        except BrokenProcessPool as error:
            raise AcceltrialError(
                "a judging process died", where=str(path), remedy="look for a lack of memory, then run again"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)
    return found


def _read(path: Path) -> Iterator[Stream]:
    from acceltrial.canary.records import records_from_frame
    from acceltrial.canary.streams import read_streams

    for name, frame in read_streams(path):
        yield name, records_from_frame(frame, _place(str(path), name))


def _judged(path: str, name: str, records: Records, settings: JudgeSettings) -> Verdict:
    from acceltrial.canary.judge import judge

    judgement = judge(records, settings, where=_place(path, name))
    return {
        "stream": name,
        "verdict": judgement.verdict,
        "at_s": judgement.at_s,
        "guardrail": judgement.guardrail,
        "evidence": {
            "reason": judgement.reason,
            "guardrails": {state.name: state.summary() for state in judgement.states},
            "notes": list(judgement.notes),
        },
    }
