from __future__ import annotations

import math

import pytest

from acceltrial.cost.unit import (
    per_1k_requests,
    per_1k_successful_actions,
    per_million_output_tokens,
    per_million_output_tokens_full_load,
    per_trained_step,
)


def test_by_hand() -> None:
    assert float(per_1k_requests(50, 100_000)) == pytest.approx(0.5)
    assert float(per_1k_successful_actions(50, 100_000, 0.5)) == pytest.approx(1)
    assert float(per_million_output_tokens(50, 1000, 200)) == pytest.approx(250)
    assert float(per_million_output_tokens_full_load(3.6, 1000)) == pytest.approx(1)
    assert float(per_trained_step(3.6, 2.0, 0.5)) == pytest.approx(0.003)


def test_no_output_is_unknown_not_free() -> None:
    assert math.isnan(float(per_1k_successful_actions(50, 100, 0.0)))
    assert math.isnan(float(per_1k_requests(50, 0)))
