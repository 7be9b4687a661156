"""The defects of public price lists."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.catalog.price_rules import (
    as_date,
    memory_is_per_instance,
    outliers,
    refusal,
    stale,
    tpu_chips,
)
from acceltrial.catalog.regions import residency_of


@pytest.mark.parametrize(
    ("name", "chips"),
    [
        ("tpu-v5p-12288", 6144),
        ("tpu-v3-8", 4),
        ("tpu-v6e-8", 8),
        ("tpu-v5e-4", 4),
        ("TPU v3-64", 32),
        ("p5.48xlarge", None),
        ("tpu-v3", None),
        ("tpu-v4-1", None),
    ],
)
def test_slices_count_cores_or_chips(name: str, chips: int | None) -> None:
    assert tpu_chips(name) == chips


def test_placeholders_and_missing_prices_are_no_prices() -> None:
    assert "unknown" in refusal(700.0, 1)
    assert refusal(None, 8) == "the source gives no price"
    assert "believable" in refusal(80_000.0, 8)
    assert "finite" in refusal(float("nan"), 1)
    assert "cannot be priced" in refusal(2.0, 0.0)
    assert refusal(55.04, 8) == ""


def test_an_instances_memory_is_not_a_chips() -> None:
    assert memory_is_per_instance(512.0, 103.0)
    assert not memory_is_per_instance(96.0, 103.0)
    assert not memory_is_per_instance(None, 103.0)


def test_dates_mean_their_last_day() -> None:
    assert as_date("2025") == date(2025, 12, 31)
    assert as_date("2024-02") == date(2024, 2, 29)
    assert as_date("2026-09-06") == date(2026, 9, 6)


def test_staleness_depends_on_the_day_passed_in() -> None:
    prices = [{"price": "a", "as_of": "2026-01-01"}, {"price": "b", "as_of": "2027-01-01"}]
    found = stale(prices, date(2026, 11, 22), 183)
    assert [(finding.subject, finding.finding) for finding in found] == [
        ("a", "stale_price"),
        ("b", "future_price"),
    ]
    assert stale(prices[:1], date(2026, 1, 2), 183) == []


@given(st.lists(st.floats(0.01, 100), min_size=3, max_size=8), st.floats(50, 1000))
def test_an_offer_far_from_its_kind_is_an_outlier(usual: list[float], factor: float) -> None:
    middle = sorted(usual)[len(usual) // 2]
    rows = [
        {"price": str(number), "accelerator": "x", "model": "spot", "usd_per_accelerator_hour": value}
        for number, value in enumerate([middle] * 5 + [middle * factor])
    ]
    assert [finding.subject for finding in outliers(rows)] == ["5"]


@pytest.mark.parametrize(
    ("region", "group"),
    [
        ("eu-central-1", "eu"),
        ("europe-west4", "eu"),
        ("eu-north1", "eu"),
        ("eu-west-2", "gb"),
        ("us-east-1", "us"),
        ("eastus", "us"),
        ("asia-southeast1", "ap"),
        ("", "unspecified"),
        ("mars-1", "unspecified"),
    ],
)
def test_region_groups(region: str, group: str) -> None:
    assert residency_of(region) == group
