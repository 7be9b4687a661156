from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stages.score.placing import fallback_of, placement_row


def chosen(rows: Any, chooser: Callable[..., Any]) -> Any:
    made = chooser(rows)
    return made.choose(made.world.workloads[0])


def test_the_environment_and_region_are_the_offers(rows: Any, chooser: Callable[..., Any]) -> None:
    rows["candidates"] = [row for row in rows["candidates"] if row["option"].startswith("gpu-a")]
    row = placement_row(chosen(rows, chooser))
    assert (row["environment"], row["region"], row["rule"]) == (
        "public_cloud",
        "eu-1",
        "cheapest-in-residency",
    )


def test_a_single_family_has_no_fallback_and_says_so(rows: Any, chooser: Callable[..., Any]) -> None:
    rows["candidates"] = [row for row in rows["candidates"] if row["option"].startswith("gpu-a")]
    fallback, reason = fallback_of(chosen(rows, chooser))
    assert fallback is None
    assert "path is single" in reason


def test_a_preferred_place_names_its_rule(rows: Any, chooser: Callable[..., Any]) -> None:
    rows["workloads"][0]["sensitivity"] = "regulated"
    rows["candidates"] = [row for row in rows["candidates"] if row["option"].startswith("gpu-a")]
    rows["prices"].append({**rows["prices"][0], "price": "own", "environment": "private", "region": "site-1"})
    row = placement_row(chosen(rows, chooser))
    assert (row["rule"], row["region"]) == ("regulated-prefers-private", "site-1")


def test_a_stable_workload_on_a_specialised_chip_names_the_rule(
    rows: Any, chooser: Callable[..., Any]
) -> None:
    rows["prices"].append({**rows["prices"][0], "price": "chip-eu", "accelerator": "chip"})
    rows["candidates"] = [row for row in rows["candidates"] if row["option"].startswith("chip")]
    assert placement_row(chosen(rows, chooser))["rule"] == "stable-volume-on-specialised"
