"""The declaration of classify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acceltrial.errors import DataContractError
from acceltrial.traces.statistics import TraceStats
from schemas.base import table_of
from schemas.classification import Classes, ClassEvidence, Profiles, Requirements
from schemas.inputs import Findings
from stages.artifacts import (
    CLASS_EVIDENCE,
    CLASSES,
    CLASSIFY_FINDINGS,
    MODELS,
    PROFILES,
    REQUESTS,
    REQUIREMENTS,
    TRACE_SOURCES,
    WORKLOADS,
)
from stages.classify.burden import cost_ruling, pain_ruling
from stages.classify.criticality import criticality_ruling
from stages.classify.findings import disagreements, gaps
from stages.classify.nature import family_ruling, phase_ruling, stability_ruling
from stages.classify.params import ClassifyParams
from stages.classify.profile import concurrency, concurrency_ruling, profile_row
from stages.classify.requirements import requirements
from stages.classify.ruling import Ruling
from stages.classify.shape import shape_ruling
from stages.classify.traffic import traffic_by_workload
from stages.contract import Context, Inputs, Outputs, Stage

Row = Mapping[str, Any]


@dataclass(slots=True)
class _Tables:
    classes: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    requirements: list[dict[str, Any]] = field(default_factory=list)
    profiles: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)


def run(inputs: Inputs, params: ClassifyParams, context: Context) -> Outputs:
    """Class, evidence, requirements and benchmark profile of every workload, and what disagrees.

    Raises:
        DataContractError: a workload names a model that the models table lacks, or requests out of order.
    """
    traffic = traffic_by_workload(inputs.path(REQUESTS.name))
    models = {row["model"]: row for row in inputs.table(MODELS.name).iter_rows(named=True)}
    grades = {row["workload"]: row["grade"] for row in inputs.table(TRACE_SOURCES.name).iter_rows(named=True)}
    tables = _Tables()
    for workload in inputs.table(WORKLOADS.name).sort("workload").iter_rows(named=True):
        name = workload["workload"]
        if workload["model"] not in models:
            raise DataContractError(
                f"workload {name} names the model {workload['model']}, which the models table lacks",
                where=str(inputs.path(MODELS.name)),
                remedy="run the stage collect again",
            )
        recorded = grades.get(name) == "measured"
        classify(workload, models[workload["model"]], traffic.get(name), recorded, params, tables)
    context.progress(f"{len(tables.classes)} workloads classified, {len(tables.findings)} findings")
    return {
        CLASSES.name: table_of(Classes, tables.classes),
        CLASS_EVIDENCE.name: table_of(ClassEvidence, tables.evidence),
        REQUIREMENTS.name: table_of(Requirements, tables.requirements),
        PROFILES.name: table_of(Profiles, tables.profiles),
        CLASSIFY_FINDINGS.name: table_of(Findings, tables.findings),
    }


def classify(
    workload: Row,
    model: Row,
    stats: TraceStats | None,
    recorded: bool,
    params: ClassifyParams,
    tables: _Tables,
) -> None:
    """Adds the rows of one workload."""
    name = workload["workload"]
    busy = concurrency(workload, stats)
    criticality = criticality_ruling(workload, params)
    rulings = [
        criticality,
        phase_ruling(workload),
        family_ruling(workload, model),
        shape_ruling(workload, stats, recorded, params),
        stability_ruling(workload, params),
        cost_ruling(workload, stats, busy.mean),
        pain_ruling(workload, criticality.decided),
    ]
    classes = {"workload": name, **{ruling.attribute: ruling.decided for ruling in rulings}}
    tables.classes.append(classes)
    all_rulings: list[Ruling] = [*rulings, concurrency_ruling(busy)]
    tables.evidence.extend(ruling.row(name) for ruling in all_rulings)
    tables.requirements.extend(requirements(workload, classes))
    tables.profiles.append(profile_row(workload, model, stats, busy, criticality.decided, params))
    tables.findings.extend(disagreements(name, rulings))
    tables.findings.extend(gaps(workload, model, stats, recorded, params))


STAGE = Stage(
    name="classify",
    version="1",
    params=ClassifyParams,
    inputs=(WORKLOADS, MODELS, REQUESTS, TRACE_SOURCES),
    outputs=(CLASSES, CLASS_EVIDENCE, REQUIREMENTS, PROFILES, CLASSIFY_FINDINGS),
    run=run,
    about="Says what each workload is, by which rule and evidence, and which benchmark its traffic defines",
)
