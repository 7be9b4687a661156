"""What changed since an earlier quarter's roadmap, which the portfolio keeps as last_quarter.json."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from acceltrial.errors import DataContractError
from stages.report.formatting import DASH, money, percent, words
from stages.report.lookup import COST_TITLES
from stages.report.roadmap import Roadmap, RoadmapFigure, WorkloadEntry

LAST_QUARTER = "last_quarter.json"
NOTABLE = 0.05
"""Costs, and shares of evidence, that moved by less are not told."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing about one workload, as it was and as it is."""

    workload: str
    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.workload}: {self.what}: {self.before} → {self.after}"


@dataclass(frozen=True, slots=True)
class Changes:
    """Every change since `quarter`, in the portfolio's order."""

    quarter: str
    rows: tuple[Change, ...]


def read_last(portfolio: Path) -> Roadmap | None:
    """The roadmap.json that was kept in the portfolio; None where none was.

    Raises:
        DataContractError: the file is no roadmap of this form.
    """
    path = portfolio / LAST_QUARTER
    if not path.exists():
        return None
    try:
        return Roadmap.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise DataContractError(
            f"this is no roadmap of acceltrial: {first}",
            where=f"{portfolio.name}/{LAST_QUARTER}",
            remedy="copy an earlier evaluation's data/stages/report/roadmap.json there, or remove the file",
        ) from error


def compare(last: Roadmap, now: Roadmap) -> Changes:
    """What a reader of the earlier roadmap would want to know."""
    before = {entry.workload: entry for entry in last.workloads}
    present = {entry.workload for entry in now.workloads}
    rows: list[Change] = []
    for entry in now.workloads:
        old = before.get(entry.workload)
        if old is None:
            rows.append(Change(entry.workload, "workload", "not in the portfolio", _choice(entry)))
        else:
            rows += _of_workload(old, entry)
    gone = [entry for entry in last.workloads if entry.workload not in present]
    rows += [Change(entry.workload, "workload", _choice(entry), "not in the portfolio") for entry in gone]
    return Changes(last.quarter, tuple(rows))


def with_changes(now: Roadmap, changes: Changes | None) -> Roadmap:
    """The roadmap with its changes told."""
    if changes is None:
        return now
    told = [str(change) for change in changes.rows]
    reason = f"compared with the roadmap of {changes.quarter}"
    return now.model_copy(update={"changed_since_last_quarter": told, "changed_reason": reason})


def _of_workload(old: WorkloadEntry, new: WorkloadEntry) -> Iterator[Change]:
    name = new.workload
    if _choice(old) != _choice(new):
        yield Change(name, "choice", _choice(old), _choice(new))
    if _moved(old.cost, new.cost):
        title = f"cost {COST_TITLES.get(new.cost.unit, words(new.cost.unit))}"
        yield Change(name, title, money(old.cost.value), f"{money(new.cost.value)}{_by(old.cost, new.cost)}")
    saved, saves = old.savings_vs_all_gpu, new.savings_vs_all_gpu
    if _moved(saved, saves):
        yield Change(name, "saved a month against GPUs", money(saved.value), money(saves.value))
    measured = (_measured(old), _measured(new))
    if abs(measured[1] - measured[0]) >= NOTABLE:
        yield Change(name, "measured share of the evidence", *map(percent, measured))
    states = {state.quarter: state for state in old.quarters}
    for state in new.quarters:
        was = states.get(state.quarter)
        if was and was.state != state.state:
            yield Change(name, state.quarter, words(was.state), f"{words(state.state)}: {state.evidence}")
    signed = (_signed(old), _signed(new))
    if signed[0] != signed[1]:
        yield Change(name, "sign-offs", *signed)


def _choice(entry: WorkloadEntry) -> str:
    return entry.option or words(entry.status)


def _moved(old: RoadmapFigure, new: RoadmapFigure) -> bool:
    """Whether a figure appeared, vanished, or moved notably in the same unit."""
    if old.unit != new.unit:
        return False
    if old.value is None or new.value is None:
        return old.value is not new.value
    return abs(new.value - old.value) > NOTABLE * max(abs(old.value), abs(new.value))


def _by(old: RoadmapFigure, new: RoadmapFigure) -> str:
    if not old.value or new.value is None:
        return ""
    share = new.value / old.value - 1
    return f" ({'+' if share > 0 else ''}{percent(share)})"


def _measured(entry: WorkloadEntry) -> float:
    return entry.evidence.measured if entry.evidence else 0.0


def _signed(entry: WorkloadEntry) -> str:
    approved = sum(sign.verdict == "approved" for sign in entry.sign_offs)
    rejected = sum(sign.verdict == "rejected" for sign in entry.sign_offs)
    if not entry.sign_offs:
        return DASH
    return f"{approved} of {len(entry.sign_offs)}" + (f", {rejected} rejected" if rejected else "")
