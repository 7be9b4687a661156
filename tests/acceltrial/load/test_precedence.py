"""Precedence in the scheduler."""

from __future__ import annotations

import os

from acceltrial.load.precedence import take_precedence


def test_precedence_is_asked_for_never_demanded() -> None:
    child = os.fork()
    if not child:
        os._exit(0 if take_precedence() in ("realtime", "nice -10", "ordinary") else 1)
    assert os.waitpid(child, 0)[1] == 0
