"""Which decisions reopen: a stored flip condition was crossed, or the recommendation is another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

Tables = Mapping[str, pl.DataFrame]


def reopened(before: Tables, after: Tables) -> list[dict[str, Any]]:
    """One entry a reason, by workload; empty where every decision stands.

    Args:
        before: `flips` and `decisions` of the evaluation that was decided on.
        after: the same of the new one, and the `prices`, `targets` and `workloads` that it rests on.
    """
    now = _now(after)
    found = [
        {
            "workload": row["workload"],
            "why": f"{row['kind'].replace('_', ' ')} crossed its flip condition",
            "key": row["key"],
            "then": row["today"],
            "now": value,
            "flips_at": row["flips_at"],
            "rival": row["rival"],
        }
        for row in before["flips"].sort("workload", "kind").to_dicts()
        if (value := now.get(("", "", row["key"]), now.get((row["workload"], row["option"], row["key"]))))
        is not None
        and _crossed(row["today"], row["flips_at"], value)
    ]
    return sorted(
        [*found, *_other_winner(before, after)], key=lambda entry: (entry["workload"], entry["why"])
    )


def in_words(entry: Mapping[str, Any]) -> str:
    """The entry as one line for a log."""
    if entry["flips_at"] is None:
        return f"{entry['workload']} reopened: {entry['why']} ({entry['then']} → {entry['now']})"
    figures = f"{entry['then']:g} → {entry['now']:g}, flips at {entry['flips_at']:g}"
    return f"{entry['workload']} reopened: {entry['why']} ({entry['key']}: {figures})"


def _crossed(then: float | None, flips_at: float | None, now: float) -> bool:
    """Whether `now` lies at or beyond the point that `then` was short of."""
    if then is None or flips_at is None or then == flips_at:
        return False
    return now >= flips_at if then < flips_at else now <= flips_at


def _now(after: Tables) -> dict[tuple[str, str, str], float]:
    """Today's value by (workload, option, key); ("", "", key) for what holds for all."""
    found: dict[tuple[str, str, str], float] = {}
    for price, usd in after["prices"].select("price", "usd_per_accelerator_hour").rows():
        found["", "", f"price.{price}"] = usd
    for name, actions in after["workloads"].select("workload", "actions_per_month").rows():
        found["", "", f"workload.{name}.volume"] = actions
    for row in after["flips"].to_dicts():
        if row["today"] is not None:
            found[row["workload"], row["option"], row["key"]] = row["today"]
    return found


def _other_winner(before: Tables, after: Tables) -> list[dict[str, Any]]:
    new = dict(after["decisions"].select("workload", "option").rows())
    return [
        {
            "workload": name, "why": "another option is recommended", "key": "", "then": option,
            "now": new.get(name), "flips_at": None, "rival": new.get(name),
        }
        for name, option in before["decisions"].sort("workload").select("workload", "option").rows()
        if new.get(name) != option
    ]  # fmt: skip
