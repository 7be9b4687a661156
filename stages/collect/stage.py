"""The declaration of collect."""

from __future__ import annotations

from acceltrial.catalog import load_catalogue
from acceltrial.portfolio import read_portfolio
from stages.artifacts import (
    ACCELERATOR_FACTS,
    ACCELERATORS,
    CATALOGUE,
    COLLECT_FINDINGS,
    MODELS,
    OPERATOR_COVERAGE,
    PORTFOLIO,
    PRICES,
    REQUESTS,
    TARGETS,
    TRACE_SOURCES,
    WORKLOADS,
)
from stages.collect.findings import catalogue_findings, findings_table, portfolio_findings
from stages.collect.operators import operator_coverage_table
from stages.collect.params import CollectParams
from stages.collect.portfolio_tables import models_table, targets_table, workloads_table
from stages.collect.traces import collect_traces
from stages.contract import Context, Inputs, Outputs, Stage


def run(inputs: Inputs, params: CollectParams, context: Context) -> Outputs:
    """The canonical tables of portfolio, catalogue and traces.

    Raises:
        ConfigurationError: the portfolio or the catalogue is incomplete or malformed.
        DataContractError: a trace or a catalogue table breaks its rules.
        StorageError: a file cannot be read or written.
    """
    portfolio = read_portfolio(inputs.path(PORTFOLIO.name), shown_as=PORTFOLIO.path)
    catalogue = load_catalogue(inputs.path(CATALOGUE.name), today=context.now.date())
    traces = collect_traces(portfolio, params, context)
    findings = [
        *portfolio_findings(portfolio),
        *catalogue_findings(portfolio, catalogue),
        *traces.findings,
    ]
    return {
        WORKLOADS.name: workloads_table(portfolio),
        MODELS.name: models_table(portfolio),
        TARGETS.name: targets_table(portfolio, catalogue),
        REQUESTS.name: traces.requests,
        TRACE_SOURCES.name: traces.sources,
        ACCELERATORS.name: catalogue.accelerators.sort("accelerator"),
        ACCELERATOR_FACTS.name: catalogue.accelerator_facts.sort("accelerator", "field", "source", "value"),
        OPERATOR_COVERAGE.name: operator_coverage_table(portfolio, catalogue),
        PRICES.name: catalogue.prices.sort("price"),
        COLLECT_FINDINGS.name: findings_table(findings),
    }


STAGE = Stage(
    name="collect",
    version="1",
    params=CollectParams,
    inputs=(PORTFOLIO, CATALOGUE),
    outputs=(
        WORKLOADS,
        MODELS,
        REQUESTS,
        TRACE_SOURCES,
        ACCELERATORS,
        ACCELERATOR_FACTS,
        OPERATOR_COVERAGE,
        PRICES,
        TARGETS,
        COLLECT_FINDINGS,
    ),
    run=run,
    about="Reads the portfolio, the catalogue and the traces into canonical tables.",
)
