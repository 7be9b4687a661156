"""Tables that `map_hardware` writes."""

from __future__ import annotations

import pandera.polars as pa

from schemas.base import ACCELERATOR_CLASSES, NAME_PATTERN, PRECISIONS, Table


class Candidates(Table):
    """Every option weighed for a workload: kept with its margin, or rejected with its constraint.

    An option is either a catalogue configuration, named `<accelerator>-x<count>-<precision>`,
    or a target of targets.yaml under the target's own name.
    """

    workload: str
    option: str = pa.Field(str_matches=NAME_PATTERN)
    option_kind: str = pa.Field(isin=["catalogue", "target"])
    accelerator: str = pa.Field(nullable=True)
    accelerator_class: str = pa.Field(isin=ACCELERATOR_CLASSES)
    count: int = pa.Field(gt=0)
    precision: str = pa.Field(isin=PRECISIONS)
    feasible: bool
    binding_constraint: str
    """The constraint with the least room; for a rejected option, the one it breaks by most."""
    margin: float = pa.Field(nullable=True)
    """Room at the binding constraint: available ÷ required - 1 (negative: short by that share)."""
    memory_required_gb: float = pa.Field(gt=0, nullable=True)
    memory_available_gb: float = pa.Field(gt=0, nullable=True)
    max_batch: int = pa.Field(ge=0, nullable=True)
    reason: str


class Constraints(Table):
    """One row an option and constraint: required against available."""

    workload: str
    option: str
    constraint: str = pa.Field(
        isin=[
            "memory", "precision", "decode_bandwidth", "prefill_compute", "throughput", "interconnect",
            "runtime", "operators", "model_served", "power", "neuromorphic_gate", "context_window",
        ]
    )  # fmt: skip
    required: float = pa.Field(nullable=True)
    available: float = pa.Field(nullable=True)
    unit: str
    margin: float = pa.Field(nullable=True)
    verdict: str = pa.Field(isin=["pass", "fail", "unknown"])
    reason: str


class NeuromorphicGate(Table):
    """One row a workload and criterion; `verdict` repeats the gate's answer for the workload."""

    workload: str
    criterion: str
    met: bool
    evidence: str
    verdict: str = pa.Field(isin=["yes", "no"])
