"""Criteria that a person set: applied where they hold, told where they no longer do."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from schemas.decision import CRITERIA
from stages.score.declared import Override, Overrides, load_declared
from stages.score.figures import Given
from stages.score.findings import Row, finding
from stages.score.world import Option

FILE: Final = "overrides.yaml"


class Applied:
    """The portfolio's overrides on a given day."""

    def __init__(self, overrides: list[Override], today: date) -> None:
        self._today, self._all = today, overrides
        self._valid = [one for one in overrides if one.expires >= today]
        self._used: set[int] = set()

    @classmethod
    def of(cls, portfolio: Path, today: date) -> Applied:
        """Those of the portfolio's overrides.yaml. Raises as `load_declared`."""
        return cls(load_declared(Overrides, portfolio / FILE).overrides, today)

    def to(self, workload: str, option: Option, given: tuple[Given, ...]) -> tuple[Given, ...]:
        """The criteria with what was set by hand in place of what was computed; the first override holds."""
        if not self._valid:
            return given
        changed = list(given)
        for one in reversed(self._valid):
            if one.holds_for(workload, option.id, option.row["accelerator"] or ""):
                self._used.add(id(one))
                place = CRITERIA.index(one.criterion)
                changed[place] = _given(one, given[place])
        return tuple(changed)

    def findings(self) -> list[Row]:
        """What expired and so was not counted, and what fits no option."""
        rows = []
        for one in self._all:
            about = f"{one.criterion} = {one.value:g} by {one.by} ({one.reason})"
            if one.expires < self._today:
                detail = f"{about} expired on {one.expires}: the computed value counts"
                rows.append(
                    _told(one, "expired override", detail, "renew it with a new reason, or remove it")
                )
            elif id(one) not in self._used:
                detail = f"{about} fits no option that is ranked"
                rows.append(_told(one, "idle override", detail, "correct its patterns, or remove it"))
        return rows


def _given(one: Override, computed: Given) -> Given:
    low = one.value if one.low is None else one.low
    high = one.value if one.high is None else one.high
    before = f"{computed.value:.3g}: {computed.source}" if computed.known else computed.reason
    source = f"set by {one.by} until {one.expires}: {one.reason} (computed: {before})"
    return Given(one.value, low, high, "declared", source, by_hand=True)


def _told(one: Override, name: str, detail: str, remedy: str) -> Row:
    subject = one.option if one.option != "*" else one.accelerator
    return finding("override", subject, name, "warning", detail, remedy)
