"""map_hardware: every workload on every option, kept with its room or rejected with its constraint."""

from __future__ import annotations

import polars as pl

from acceltrial.predict.parameters import load_parameters
from schemas.base import table_of
from schemas.mapping import Candidates, Constraints, NeuromorphicGate
from stages.artifacts import (
    ACCELERATORS,
    CANDIDATES,
    CLASSES,
    CONSTRAINTS,
    MODELS,
    NEUROMORPHIC_GATE,
    OPERATOR_COVERAGE,
    PROFILES,
    TARGETS,
    WORKLOADS,
)
from stages.contract import Context, Inputs, Outputs, Stage
from stages.map_hardware.constraints import all_checks
from stages.map_hardware.demand import demands
from stages.map_hardware.footprint import footprint
from stages.map_hardware.gate import gate
from stages.map_hardware.operators import operators_by_model
from stages.map_hardware.options import build_options
from stages.map_hardware.params import MapHardwareParams
from stages.map_hardware.target_options import target_rows
from stages.map_hardware.times import times
from stages.map_hardware.verdicts import candidate_frame, constraint_frame


def run(inputs: Inputs, params: MapHardwareParams, context: Context) -> Outputs:
    """Candidates, constraints and the neuromorphic gate of every workload, in the workloads' order."""
    workloads, models = inputs.table("workloads"), inputs.table("models")
    accelerators, targets = inputs.table("accelerators"), inputs.table("targets")
    open_for, gate_rows = gate(workloads, models, inputs.table("classes"))
    parameters = load_parameters()
    classes = dict(accelerators.select("accelerator", "accelerator_class").iter_rows())
    operators = operators_by_model(inputs.table("operator_coverage"))
    model_of = dict(workloads.select("workload", "model").iter_rows())
    candidates, constraints = [], []
    for demand in demands(workloads, models, inputs.table("profiles")):
        options = build_options(accelerators, demand, params.counts, parameters)
        fit = footprint(demand, options, params)
        checks = all_checks(
            demand,
            options,
            fit,
            times(demand, options, fit),
            params,
            open_for[demand.workload],
            operators.get(model_of[demand.workload], {}),
        )
        own, why = target_rows(demand, targets, classes)
        candidates += [candidate_frame(demand, options, checks, fit), table_of(Candidates, own)]
        constraints += [constraint_frame(demand, options, checks), table_of(Constraints, why)]
        context.progress(_told(demand.workload, candidates[-2]))
    return {
        CANDIDATES.name: pl.concat(candidates),
        CONSTRAINTS.name: pl.concat(constraints),
        NEUROMORPHIC_GATE.name: table_of(NeuromorphicGate, gate_rows),
    }


def _told(workload: str, candidates: pl.DataFrame) -> str:
    return f"{workload}: {candidates['feasible'].sum()} of {candidates.height} catalogue options are feasible"


STAGE = Stage(
    name="map_hardware",
    version="1",
    params=MapHardwareParams,
    inputs=(WORKLOADS, MODELS, CLASSES, PROFILES, ACCELERATORS, OPERATOR_COVERAGE, TARGETS),
    outputs=(CANDIDATES, CONSTRAINTS, NEUROMORPHIC_GATE),
    run=run,
    about="Weighs every accelerator, count and precision for every workload.",
)
