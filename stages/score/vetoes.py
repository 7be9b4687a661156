"""What rules an option out whatever it scores elsewhere, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

from stages.score.admission import Admission
from stages.score.costing import Costing
from stages.score.figures import Given
from stages.score.params import ScoreParams
from stages.score.service import Figures
from stages.score.support import ENDED, SUPPORT, last_day, support_of
from stages.score.world import Option, Workload, World

BELOW_FLOOR = "success rate"
"""How the reason of a quality veto begins."""


WAYS_OUT: Final = {
    "quality": "try a model or prompt that answers better, or, if the business can bear it, lower"
    " success_rate_floor in workloads.yaml (acceltrial whatif --set workload.NAME.success_rate_floor=…"
    " shows what wins then)",
    "unknown price": "give it a price: price_usd_hr in targets.yaml, or an offer in offers.yaml",
    "unknown cost": "measure or predict its throughput for this workload",
    "latency target": "shorten prompts or answers, or loosen the target in workloads.yaml",
    "deadline": "shorten the run, or move its deadline_h in workloads.yaml",
    "support end": "correct support.csv of the catalogue, with its source",
    "capacity": "raise score.max_replicas in params.yaml",
}
"""What the owner can do about a kind of veto."""


class Veto(NamedTuple):
    """One reason against an option; `kind` is what would have to change for it to go."""

    kind: str
    reason: str


def infeasible(option: Option) -> Veto | None:
    """The mapping's rejection, or None for a feasible option."""
    row = option.row
    if row["feasible"]:
        return None
    by = f" (short by {-row['margin']:.0%})" if row["margin"] is not None and row["margin"] < 0 else ""
    return Veto(
        f"infeasible: {row['binding_constraint']}", f"{row['binding_constraint']}{by}: {row['reason']}"
    )


def vetoes_of(
    world: World,
    workload: Workload,
    option: Option,
    admission: Admission,
    figures: Figures,
    costing: Costing,
    params: ScoreParams,
    today: date,
) -> list[Veto]:
    """Every veto against a feasible option."""
    found: list[Veto] = []
    if admission.refusal:
        kind = "unknown price" if admission.unpriced else admission.refusal.split(":")[0]
        found.append(Veto(kind, admission.refusal))
    elif not costing.known:
        found.append(Veto("unknown cost", _with_cell(world, workload, option, costing.reason)))
    latency = figures.latency
    found.extend(_support(world, option, today))
    limited = bool(workload.targets_ms) or (workload.training and workload.row["deadline_h"] is not None)
    if limited and latency.known and latency.value > 1:
        what = "deadline" if workload.training else "latency target"
        found.append(
            Veto(what, f"{what} missed by {latency.value - 1:.0%} ({latency.grade}: {latency.source})")
        )
    found.extend(_quality(workload, figures))
    replicas = costing.central.get("replicas", 1.0)
    if costing.known and replicas > params.max_replicas:
        found.append(
            Veto("capacity", f"would need {replicas:g} replicas, more than the {params.max_replicas} allowed")
        )
    success = costing.central.get("successful_action_share", 1.0)
    if costing.known and not success > 0 and not any(veto.kind == "latency target" for veto in found):
        why = figures.on_time.reason or "no action would succeed"
        found.append(Veto("unknown cost", f"no cost of a successful action can be given: {why}"))
    return found


def nearest_to_go(vetoes: Iterable[list[Veto]]) -> str:
    """In words, the one kind of veto whose end would free most options, with an example and the way out."""
    lists = [found for found in vetoes if found]
    alone = Counter(found[0].kind for found in lists if len({veto.kind for veto in found}) == 1)
    if not alone:
        kinds = Counter(veto.kind for found in lists for veto in {v.kind: v for v in found}.values())
        told = ", ".join(f"'{kind}' {count}" for kind, count in sorted(kinds.items()))
        return f"every option breaks several vetoes at once ({told} of {len(lists)})"
    kind, count = min(alone.items(), key=lambda item: (-item[1], item[0]))
    reason = next(found[0].reason for found in lists if found[0].kind == kind)
    way_out = f" To lift it: {WAYS_OUT[kind]}." if kind in WAYS_OUT else ""
    return f"without the veto '{kind}' {count} of {len(lists)} options would be left ({reason}).{way_out}"


def below_floor(workload: Workload, correct: Given) -> bool:
    """Whether success lies below the owner's floor with all of its interval: measured, or borrowed.

    Right answers are the model's doing more than the chip's: an option that nobody measured does not escape.
    """
    floor = workload.row["success_rate_floor"]
    if floor is None or correct.grade not in ("measured", "predicted"):
        return False
    return bool((correct.high if correct.high == correct.high else correct.value) < floor)


def _quality(workload: Workload, figures: Figures) -> list[Veto]:
    correct, floor = figures.correct, workload.row["success_rate_floor"]
    if not below_floor(workload, correct):
        return []
    return [
        Veto(
            "quality",
            f"{BELOW_FLOOR} {correct.value:.2f} is below the floor of {floor:.2f} ({correct.source})",
        )
    ]


def _support(world: World, option: Option, today: date) -> list[Veto]:
    row = support_of(option.family, world.support)
    if row is None:
        return []
    ends = last_day(row["ends"], SUPPORT)
    if row["stage"] not in ENDED and (ends is None or ends >= today):
        return []
    when = f"ended on {ends}" if ends is not None else row["stage"].replace("_", " ")
    return [Veto("support end", f"support of {option.family}: {when} ({row['item']}: {row['source']})")]


def _with_cell(world: World, workload: Workload, option: Option, reason: str) -> str:
    cell = world.cells.get((workload.id, option.id))
    if cell is None or cell["status"] in ("measured", "predicted"):
        return reason
    return f"{reason}; benchmark {cell['status']}: {cell['detail']}"
