from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from acceltrial.errors import DataContractError
from acceltrial.simulate.observation import Pace, joined_paces, most_together, percentile_errors, phase_of


def records(**columns: list[object]) -> pl.DataFrame:
    base: dict[str, list[object]] = {
        "sent_s": [1.0, 0.0, 2.0],
        "first_token_s": [1.5, 0.2, None],
        "last_s": [3.5, 1.2, None],
        "input_tokens": [10, 20, None],
        "output_tokens": [5, 1, None],
        "error_class": [None, None, "timeout"],
    }
    return pl.DataFrame(base | columns)


def test_answered_requests_in_order_of_sending() -> None:
    phase = phase_of(records(), "run")
    assert phase.sent_s.tolist() == [0.0, 1.0]
    assert phase.ttft_s.tolist() == pytest.approx([0.2, 0.5])
    assert phase.e2e_s.tolist() == pytest.approx([1.2, 2.5])
    assert np.isnan(phase.gap_s[0])
    assert phase.gap_s[1] == pytest.approx(0.5)
    assert phase.streams == 1


def test_nothing_streamed_is_refused() -> None:
    with pytest.raises(DataContractError, match="none of 3 requests"):
        phase_of(records(first_token_s=[None] * 3), "run")
    with pytest.raises(DataContractError, match="no column error_class"):
        phase_of(records().drop("error_class"), "run")


def test_overlap_counts_instants_and_not_touching_ends() -> None:
    assert most_together(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 3.0])) == 2
    assert most_together(np.array([0.0, 1.0]), np.array([1.0, 2.0])) == 1
    assert most_together(np.zeros(0), np.zeros(0)) == 1


def test_errors_are_relative() -> None:
    found = percentile_errors(np.array([1.1] * 10), np.array([1.0] * 10))
    assert found == {"p50": pytest.approx(0.1), "p95": pytest.approx(0.1)}


def test_the_pace_of_each_batch_is_seen_where_nothing_else_happens() -> None:
    """One decodes alone at 0.1 s, then two at 0.2 s; the gap with a prompt in it counts for neither."""
    alone = [1.0, 1.1, 1.2, 1.3, 1.4]
    both = [2.0, 2.2, 2.4, 2.6, 2.8]
    frame = records(
        sent_s=[0.5, 1.45, 9.0],
        first_token_s=[1.0, 2.0, None],
        last_s=[2.8, 2.8, None],
        input_tokens=[10, 20, None],
        output_tokens=[10, 5, None],
        token_times_s=[alone + both, both, None],
    )
    paces = phase_of(frame, "run").paces
    assert set(paces) == {1, 2}
    assert paces[1].seconds == pytest.approx(0.1)
    assert paces[1].context == pytest.approx(10 + 1 + 1.5)
    assert paces[2].seconds == pytest.approx(0.2)
    assert paces[2].gaps == 8
    assert phase_of(frame.with_columns(output_tokens=pl.lit(7)), "run").paces == {}


def test_paces_of_several_phases_are_weighed_by_what_was_seen() -> None:
    whole = phase_of(records(), "run")
    phases = [replace(whole, paces={1: Pace(0.1, 10.0, 30)}), replace(whole, paces={1: Pace(0.2, 20.0, 10)})]
    assert joined_paces(phases)[1] == pytest.approx((0.125, 12.5, 40))
