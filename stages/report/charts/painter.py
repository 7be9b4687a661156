"""Vega-Lite specifications as SVG, drawn by a second process while this one makes the next chart.

The drawing library holds the lock of Python while it works, so a thread would not help. Run as a script this
file is that process: a specification a line comes in, a drawing a line goes out, and it ends with its input.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

Painter = tuple["subprocess.Popen[bytes]", ThreadPoolExecutor]


@contextmanager
def painting() -> Iterator[None]:
    """Within the block `paint` hands its work to a process of its own, which ends with the block."""
    command = [sys.executable, "-P", __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        queue = ThreadPoolExecutor(max_workers=1)  # one at a time: its answers come in order
        token = _PAINTER.set((process, queue))
        try:
            yield
        finally:
            _PAINTER.reset(token)
            queue.shutdown(cancel_futures=True)
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # it was ended, which the chart that waited for it tells
                process.stdin.close()


def paint(spec: dict[str, Any]) -> Future[str]:
    """The SVG of `spec`: to be waited for inside `painting`, and drawn at once outside of it.

    The result raises ValueError for a specification that cannot be drawn.
    """
    if painter := _PAINTER.get():
        process, queue = painter
        return queue.submit(_ask, process, json.dumps(spec))
    drawn: Future[str] = Future()
    try:
        drawn.set_result(_draw(spec))
    except ValueError as error:
        drawn.set_exception(error)
    return drawn


def _ask(process: subprocess.Popen[bytes], spec: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(spec.encode() + b"\n")
        process.stdin.flush()
        answer = process.stdout.readline()
    except BrokenPipeError:
        answer = b""
    if not answer:
        from acceltrial.errors import AcceltrialError  # the script itself needs none of the package

        raise AcceltrialError(
            "the process that draws the charts was ended",
            where="report",
            remedy="free memory, run again",
        )
    found: dict[str, str] = json.loads(answer)
    if "problem" in found:
        raise ValueError(found["problem"])
    return found["svg"]


def _draw(spec: dict[str, Any]) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec))


def main() -> None:
    """Draws what comes in until nothing more comes."""
    for line in sys.stdin.buffer:
        try:
            found = {"svg": _draw(json.loads(line))}
        except ValueError as error:
            found = {"problem": str(error)}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


_PAINTER: ContextVar[Painter | None] = ContextVar("painter", default=None)

if __name__ == "__main__":
    main()
