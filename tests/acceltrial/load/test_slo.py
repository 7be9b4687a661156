"""Service levels."""

from __future__ import annotations

import polars as pl
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.load.slo import Slo


def test_parse_and_count() -> None:
    slo = Slo.parse("ttft_ms<=500, tpot_ms ≤ 50@0.9")
    assert slo.share == 0.9
    assert slo.limits == (("ttft_ms", 500.0), ("tpot_ms", 50.0))
    frame = pl.DataFrame({"ttft_ms": [100.0, 600.0, 100.0, 100.0], "tpot_ms": [10.0, 10.0, None, 60.0]})
    assert slo.met(frame) == 1
    assert slo.met(frame.head(0)) == 0
    assert Slo.parse("e2e_ms<1e3").share == 0.99


@pytest.mark.parametrize(
    "text",
    ["", "ttft<5", "ttft_ms>5", "ttft_ms<=0", "ttft_ms<=nan", "ttft_ms<=--", "ttft_ms<=5@2", "ttft_ms<=5@x"],
)
def test_bad_levels(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Slo.parse(text)
