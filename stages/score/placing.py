"""Where the chosen option goes, by which rule, and where its traffic spills to."""

from __future__ import annotations

from typing import Any

from stages.score.choice import Case, Choice
from stages.score.vetoes import nearest_to_go

_SPECIAL = ("training_accelerator", "inference_asic", "tpu", "npu", "neuromorphic")


def placement_row(choice: Choice) -> dict[str, Any]:
    """The workload's row of Placements."""
    winner = choice.winner
    if winner is None or winner.costing.offer is None:
        return {
            "workload": choice.workload.id,
            "option": None,
            "environment": "none",
            "region": "none",
            "rule": "none",
            "reason": why_nothing(choice),
            "fallback_option": None,
            "fallback_reason": "nothing is placed, so nothing spills over",
        }
    offer = winner.costing.offer
    rule, reason = _rule(choice, winner)
    fallback, why = fallback_of(choice)
    return {
        "workload": choice.workload.id,
        "option": winner.option.id,
        "environment": offer.environment,
        "region": offer.region,
        "rule": rule,
        "reason": reason,
        "fallback_option": fallback,
        "fallback_reason": why,
    }


def fallback_of(choice: Choice) -> tuple[str | None, str]:
    """The best option without veto on another accelerator family, a GPU where one is left, and why."""
    winner = choice.winner
    if winner is None:
        return None, "nothing is placed, so nothing spills over"
    others = [choice.kept[i] for i in choice.order if choice.kept[i].option.family != winner.option.family]
    if not others:
        return (
            None,
            f"no option without veto is left outside the family {winner.option.family}: the path is single",
        )
    gpus = [case for case in others if case.option.accelerator_class == "gpu"]
    chosen = (gpus or others)[0]
    rank = choice.rank_of[chosen.option.id]
    what = "best GPU" if gpus else "no GPU is left; best option"
    return chosen.option.id, (
        f"{what} outside the family {winner.option.family} (rank {rank} of {len(choice.kept)}), so what takes"
        f" {winner.option.family} down does not take it down too"
    )


def why_nothing(choice: Choice) -> str:
    """Why the workload has no recommendation, and what would have to change."""
    if not choice.cases and not choice.rejected:
        return "the mapping has no option for this workload"
    if not choice.cases:
        reasons = sorted({veto.kind for _, veto in choice.rejected})
        return f"none of {len(choice.rejected)} options is feasible ({', '.join(reasons)})"
    told = nearest_to_go(case.vetoes for case in choice.cases).replace("NAME", choice.workload.id)
    return f"all {len(choice.cases)} feasible options are vetoed; {told}"


def _rule(choice: Choice, winner: Case) -> tuple[str, str]:
    offer, workload = winner.costing.offer, choice.workload
    assert offer is not None
    judgement = winner.admission.judgements[offer.offer]
    preferred = judgement.preferences
    if preferred:
        rule, reason = preferred[0].rule, preferred[0].detail
    elif workload.criticality == "exploratory":
        rule, reason = "cheapest-pool", "exploratory work goes to the cheapest pool that the rules allow"
    elif workload.stability in ("frozen", "stable") and winner.option.accelerator_class in _SPECIAL:
        rule = "stable-volume-on-specialised"
        reason = "the model is stable and the specialised chip scores best at the real volume"
    elif workload.row["residency"] != "any":
        rule = "cheapest-in-residency"
        reason = f"cheapest allowed offer for data that stays in {workload.row['residency']}"
    else:
        rule, reason = "cheapest-allowed", "cheapest offer that no rule forbids"
    warned = "; ".join(verdict.detail for verdict in judgement.verdicts if verdict.outcome == "warn")
    terms = f"{offer.price_model} at {offer.usd_per_accelerator_hour:.4g} USD an accelerator and hour"
    return rule, f"{reason} ({offer.provider}, {terms})" + (f". Mind: {warned}" if warned else "")
