from __future__ import annotations

import polars as pl
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.traces import generate, generator_spec
from acceltrial.traces.sampling import thin


@pytest.fixture(scope="module")
def trace() -> pl.DataFrame:
    return generate(
        generator_spec(
            {"preset": "mooncake_conversation", "clients": 300, "client_skew": 0, "duration_s": 1200}
        ),
        1,
    )


@pytest.mark.parametrize("unit", ["client", "session", "request"])
def test_units_stay_whole_and_the_factor_is_told(trace: pl.DataFrame, unit: str) -> None:
    thinned = thin(trace.iter_slices(500), 0.3, seed=5, unit=unit)  # type: ignore[arg-type]
    kept = pl.concat(list(thinned))
    assert kept.height / trace.height == pytest.approx(0.3, abs=0.12)
    assert thinned.thinning.factor == trace.height / kept.height
    assert str(thinned.thinning).startswith("thinned 1:")
    if unit != "request":
        names = kept[unit].unique()
        assert trace.filter(pl.col(unit).is_in(names.implode())).height == kept.height


@pytest.mark.parametrize("unit", ["client", "session", "request"])
def test_batches_do_not_matter_and_seeds_do(trace: pl.DataFrame, unit: str) -> None:
    first = pl.concat(list(thin([trace], 0.4, seed=1, unit=unit)))  # type: ignore[arg-type]
    second = pl.concat(list(thin(trace.iter_slices(77), 0.4, seed=1, unit=unit)))  # type: ignore[arg-type]
    other = pl.concat(list(thin([trace], 0.4, seed=2, unit=unit)))  # type: ignore[arg-type]
    assert first.equals(second)
    assert not first.equals(other)


def test_rows_without_a_name_are_drawn_one_by_one(trace: pl.DataFrame) -> None:
    nameless = trace.with_columns(pl.lit(None, dtype=pl.String).alias("session"))
    kept = pl.concat(list(thin([nameless], 0.5)))
    assert kept.height / trace.height == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("share", [0, -1, 1.1, float("nan")])
def test_a_share_out_of_range_is_a_usage_error(share: float) -> None:
    with pytest.raises(ConfigurationError):
        thin([], share)
