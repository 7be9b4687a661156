"""What rules an option out whatever it scores elsewhere, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from stages.score.admission import Admission
from stages.score.costing import Costing
from stages.score.params import ScoreParams
from stages.score.service import Figures
from stages.score.world import Option, Workload, World


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
) -> list[Veto]:
    """Every veto against a feasible option."""
    found: list[Veto] = []
    if admission.refusal:
        kind = "unknown price" if admission.unpriced else admission.refusal.split(":")[0]
        found.append(Veto(kind, admission.refusal))
    elif not costing.known:
        found.append(Veto("unknown cost", _with_cell(world, workload, option, costing.reason)))
    latency = figures.latency
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
    """In words, the one kind of veto whose end would free most options."""
    lists = [found for found in vetoes if found]
    alone = Counter(found[0].kind for found in lists if len({veto.kind for veto in found}) == 1)
    if not alone:
        return "every option breaks several vetoes at once"
    kind, count = min(alone.items(), key=lambda item: (-item[1], item[0]))
    return f"without the veto '{kind}' {count} of {len(lists)} options would be left"


def _quality(workload: Workload, figures: Figures) -> list[Veto]:
    """Success below the owner's floor with all of its interval: measured, or borrowed from the same model.

    Right answers are the model's doing more than the chip's: an option that nobody measured does not escape.
    """
    floor, correct = workload.row["success_rate_floor"], figures.correct
    if floor is None or correct.grade not in ("measured", "predicted"):
        return []
    upper = correct.high if correct.high == correct.high else correct.value
    if upper >= floor:
        return []
    return [
        Veto(
            "quality",
            f"success rate {correct.value:.2f} is below the floor of {floor:.2f} ({correct.source})",
        )
    ]


def _with_cell(world: World, workload: Workload, option: Option, reason: str) -> str:
    cell = world.cells.get((workload.id, option.id))
    if cell is None or cell["status"] in ("measured", "predicted"):
        return reason
    return f"{reason}; benchmark {cell['status']}: {cell['detail']}"
