"""How records become an outcome; the rehearsal itself is tried in tests/live."""

from __future__ import annotations

import polars as pl

from acceltrial.load.reference import Answered
from acceltrial.placement.rehearsal import Trial, _judge


def test_losses_are_placed_in_time_and_answers_in_pools() -> None:
    second = 1_000_000_000
    records = pl.DataFrame(
        {
            "index": [0, 1, 2, 3],
            "intended_s": [0.0, 1.0, 2.0, 5.0],
            "sent_s": [0.0, 1.0, 2.0, 5.0],
            "last_s": [0.05, None, 2.5, None],
            "error_class": [None, "closed_early", None, "connect"],
        }
    )
    origin = 100 * second
    answered = [Answered("2", origin + 2 * second, ()), Answered("probe", origin, ())]
    found = _judge(Trial("killed"), records, answered, [origin + second])
    assert (found.requests, found.failed, found.failed_late) == (4, 2, 1)
    assert found.last_failure_s == 4.0
    assert (found.by_primary, found.by_fallback, found.slow) == (1, 1, 1)
    assert found.failure_classes == {"closed_early": 1, "connect": 1}
    assert found.as_dict()["failed_share"] == 0.5


def test_without_a_kill_every_failure_counts() -> None:
    records = pl.DataFrame(
        {"index": [0], "intended_s": [0.0], "sent_s": [None], "last_s": [None], "error_class": ["not_sent"]},
        schema_overrides={"sent_s": pl.Float64, "last_s": pl.Float64},
    )
    found = _judge(Trial("none"), records, [], [])
    assert (found.failed_late, found.slowest_ms, found.last_failure_s) == (1, None, None)
