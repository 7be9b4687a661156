"""Progress for people: a live line on a terminal, plain lines elsewhere, always on stderr.

Work reports through the logger `acceltrial.progress`, so that it knows neither terminal nor orchestrator.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

LOGGER = logging.getLogger("acceltrial.progress")


def say(line: str) -> None:
    """Reports what is going on now."""
    LOGGER.info(line)


def done(line: str) -> None:
    """Reports a finished step; on a terminal the line stays."""
    LOGGER.info(line, extra={"lasting": True})


@contextmanager
def shown() -> Iterator[None]:
    """Shows what `say` and `done` report while the block runs."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    LOGGER.setLevel(logging.INFO)
    if not console.is_terminal:
        handler: logging.Handler = _PlainLines()
        with _attached(handler):
            yield
        return
    with console.status("starting") as status:
        handler = _LiveLine(console, status)
        with _attached(handler):
            yield


@contextmanager
def _attached(handler: logging.Handler) -> Iterator[None]:
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)


class _PlainLines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self._start = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"[{time.monotonic() - self._start:7.1f} s] {record.getMessage()}\n")
        sys.stderr.flush()


class _LiveLine(logging.Handler):
    def __init__(self, console: object, status: object) -> None:
        super().__init__()
        self._console = console
        self._status = status
        self._start = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.status import Status

        assert isinstance(self._console, Console)
        assert isinstance(self._status, Status)
        line = escape(f"[{time.monotonic() - self._start:7.1f} s] {record.getMessage()}")
        if getattr(record, "lasting", False):
            self._console.print(line)
        else:
            self._status.update(line)
