"""Phase, model family and stability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stages.classify.params import ClassifyParams
from stages.classify.ruling import Ruling

_FITTING: Final[dict[str, frozenset[str]]] = {
    "chatbot": frozenset({"dense_llm", "moe_llm", "multimodal"}),
    "copilot": frozenset({"dense_llm", "moe_llm", "multimodal"}),
    "batch": frozenset({"dense_llm", "moe_llm", "multimodal", "embedding", "vision", "speech", "diffusion"}),
    "agent": frozenset({"dense_llm", "moe_llm", "multimodal"}),
    "embedding": frozenset({"embedding", "dense_llm", "multimodal"}),
    "reranker": frozenset({"reranker", "embedding", "dense_llm"}),
    "multimodal": frozenset({"multimodal", "vision", "speech", "diffusion"}),
    "scoring": frozenset({"classical", "deep_ranking"}),
    "sensor": frozenset({"spiking", "classical", "vision", "speech"}),
}
"""Model families that are usual for a kind; kinds not named take any."""


def phase_ruling(workload: Mapping[str, Any]) -> Ruling:
    """Training or inference: the declaration, against what the kind implies."""
    implied = "training" if workload["kind"] == "training" else "inference"
    steps = workload["training_steps_per_run"]
    evidence = f"kind {workload['kind']}" + (f", {steps:,.0f} steps a run" if steps is not None else "")
    rule = "phase.kind" if implied == workload["phase"] else "phase.declared"
    return Ruling("phase", workload["phase"], implied, workload["phase"], rule, evidence)


def family_ruling(workload: Mapping[str, Any], model: Mapping[str, Any]) -> Ruling:
    """The model family; an agent loop and an event stream are families of their own, whatever their model."""
    family, kind = str(model["family"]), workload["kind"]
    active = f"{model['params_b']:g} B parameters, {model['active_params_b']:g} B active"
    evidence = f"model {model['model']} is {family} ({active})"
    if kind == "agent":
        return Ruling("family", None, "agentic_orchestrator", "agentic_orchestrator", "family.agent-loop",
                      f"multi-turn calls around {evidence}")  # fmt: skip
    if kind == "sensor" or workload["event_driven"]:
        return Ruling("family", None, "event_driven_sensor", "event_driven_sensor", "family.event-driven",
                      f"an event stream; {evidence}")  # fmt: skip
    usual = _FITTING.get(kind)
    if usual is not None and family not in usual:
        return Ruling(
            "family", f"kind_{kind}", family, family, "family.model",
            f"{evidence}, which is unusual for the kind {kind} ({', '.join(sorted(usual))})",
            note="check the workload's kind and its model: one of them is probably wrong",
        )  # fmt: skip
    return Ruling("family", None, family, family, "family.model", evidence)


def stability_ruling(workload: Mapping[str, Any], params: ClassifyParams) -> Ruling:
    """How often the model changes: the count a year outweighs the word."""
    declared, changes = workload["declared_stability"], workload["model_changes_per_year"]
    if changes is None:
        return Ruling(
            "stability", declared, None, declared or "unknown",
            "stability.declared" if declared else "stability.unknown",
            "model_changes_per_year is not given",
        )  # fmt: skip
    if changes <= params.frozen_changes_per_year:
        observed = "frozen"
    else:
        observed = "stable" if changes <= params.stable_changes_per_year else "changing"
    return Ruling(
        "stability", declared, observed, observed, "stability.changes-per-year",
        f"{changes:g} model changes a year (frozen up to {params.frozen_changes_per_year:g},"
        f" stable up to {params.stable_changes_per_year:g})",
        note="the count of changes decides: correct it, or the declared word",
    )  # fmt: skip
