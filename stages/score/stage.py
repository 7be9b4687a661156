"""The declaration of score."""

from __future__ import annotations

from acceltrial.catalog.software import read_software
from acceltrial.storage.digest import value_digest
from schemas.base import table_of
from schemas.decision import (
    ROLES,
    Billed,
    Decisions,
    FlipLines,
    Flips,
    Placements,
    Plan,
    PolicyVerdicts,
    SecurityGates,
    SignOffs,
    Tco,
)
from schemas.inputs import Findings
from stages.artifacts import (
    ACCELERATORS,
    BENCHMARK_CELLS,
    BILLED,
    CANDIDATES,
    CATALOGUE,
    CLASSES,
    COSTS,
    DECISIONS,
    FLIP_LINES,
    FLIPS,
    MEASUREMENTS,
    MODELS,
    PLACEMENTS,
    PLAN,
    POLICY_VERDICTS,
    PORTFOLIO,
    PRICES,
    PROFILES,
    RANKING,
    REQUIREMENTS,
    ROLE_RANKING,
    SCORE_FINDINGS,
    SCORES,
    SECURITY_GATES,
    SIGN_OFFS,
    TARGETS,
    TCO,
    WORKLOADS,
)
from stages.contract import Context, Inputs, Outputs, Stage
from stages.score.admission import Gate, rules_for
from stages.score.billing import BILLING, billed_rows, compared
from stages.score.choice import Choice, Chooser
from stages.score.findings import billing_findings, ordered
from stages.score.flip_lines import flip_lines
from stages.score.flips_table import flip_rows
from stages.score.governance import gate_findings, gate_rows, gates_digest, load_evidence
from stages.score.overrides import Applied
from stages.score.params import ScoreParams
from stages.score.placing import placement_row
from stages.score.plan import plan_rows
from stages.score.private_offers import with_private_offers
from stages.score.signoff import catalogue_digest, decision_digest, input_digests, shared_digests, sheets
from stages.score.support import load_support
from stages.score.tables import (
    costs_table,
    decision_row,
    ranking_table,
    role_ranking_table,
    scores_table,
    verdict_rows,
)
from stages.score.tco import tco_rows
from stages.score.world import build_world

_TABLES = (
    WORKLOADS, MODELS, CLASSES, REQUIREMENTS, PROFILES, CANDIDATES, ACCELERATORS, PRICES, TARGETS,
    MEASUREMENTS, BENCHMARK_CELLS,
)  # fmt: skip


def run(inputs: Inputs, params: ScoreParams, context: Context) -> Outputs:
    """Costs, scores, rankings, placements, decisions, sign-off sheets and the log of the rules.

    Raises:
        ConfigurationError: a rule of the portfolio's policy.yaml is wrong.
        DataContractError: the sign-off ledger was tampered with.
    """
    tables = {artifact.name: inputs.table(artifact.name) for artifact in _TABLES}
    rules = rules_for(inputs.path(PORTFOLIO.name))
    portfolio, today = inputs.path(PORTFOLIO.name), context.now.date()
    tables[PRICES.name], told = with_private_offers(tables[PRICES.name], portfolio, today)
    catalogue = inputs.path(CATALOGUE.name)
    proofs, support = load_evidence(portfolio), load_support(catalogue)
    overrides = Applied.of(portfolio, today)
    world = build_world(tables, read_software(catalogue), support)
    gate = Gate(rules)
    chooser = Chooser(world, world.evidence(tables[MEASUREMENTS.name]), gate, params, today, overrides)
    choices = []
    for workload in world.workloads:
        choices.append(chooser.choose(workload))
        context.progress(_told(choices[-1]))
    for (workload_id, conflict), count in sorted(gate.conflicts.items()):
        context.progress(f"rules conflict for {workload_id} ({count} offers): {conflict}")
    flips = {choice.workload.id: flip_rows(choice, params) for choice in choices}
    decisions = [decision_row(choice, params, flips[choice.workload.id]) for choice in choices]
    placements = [placement_row(choice) for choice in choices]
    common = {
        **shared_digests(tables),
        "software": catalogue_digest(catalogue),
        "params": value_digest(params.model_dump(mode="json")),
        "rules": value_digest([[r.id, r.severity, r.expression.text, r.reason] for r in rules.rules]),
    }
    digests = {
        decision["workload"]: decision_digest(
            {"decision": decision, "placement": placement},
            {**common, **input_digests(tables, decision["workload"])},
        )
        for decision, placement in zip(decisions, placements, strict=True)
    }
    gates = {c.workload.id: gate_rows(c, proofs, support, today) for c in choices}
    signed = {
        (name, role): gates_digest(digest, gates[name]) if role == "security" else digest
        for name, digest in digests.items()
        for role in ROLES
    }
    told += [*overrides.findings(), *gate_findings([row for rows in gates.values() for row in rows])]
    costs, decided = costs_table(choices, context.now), table_of(Decisions, decisions)
    lines = [row for choice in choices for row in flip_lines(choice, params, flips[choice.workload.id])]
    bill = compared(costs, decided, portfolio / BILLING)
    return {
        COSTS.name: costs,
        BILLED.name: table_of(Billed, billed_rows(bill)),
        SCORE_FINDINGS.name: table_of(Findings, ordered([*told, *billing_findings(bill)])),
        TCO.name: table_of(Tco, tco_rows(choices, world, params)),
        FLIPS.name: table_of(Flips, [row for rows in flips.values() for row in rows]),
        FLIP_LINES.name: table_of(FlipLines, lines),
        SCORES.name: scores_table(choices),
        RANKING.name: ranking_table(choices),
        ROLE_RANKING.name: role_ranking_table(choices),
        PLACEMENTS.name: table_of(Placements, placements),
        PLAN.name: table_of(Plan, plan_rows(choices, params)),
        DECISIONS.name: decided,
        SIGN_OFFS.name: table_of(SignOffs, sheets(signed, portfolio)),
        SECURITY_GATES.name: table_of(SecurityGates, [row for rows in gates.values() for row in rows]),
        POLICY_VERDICTS.name: table_of(PolicyVerdicts, verdict_rows(gate.log)),
    }


def _told(choice: Choice) -> str:
    winner = choice.winner
    if winner is None:
        options = len(choice.cases) + len(choice.rejected)
        return f"{choice.workload.id}: nothing to recommend among {options} options"
    vetoed = len(choice.cases) - len(choice.kept)
    return f"{choice.workload.id}: {winner.option.id} first of {len(choice.kept)} ({vetoed} vetoed)"


STAGE = Stage(
    name="score",
    version="4",
    params=ScoreParams,
    inputs=(*_TABLES, PORTFOLIO, CATALOGUE),
    outputs=(
        COSTS,
        TCO,
        FLIPS,
        FLIP_LINES,
        BILLED,
        SCORE_FINDINGS,
        SCORES,
        RANKING,
        ROLE_RANKING,
        PLACEMENTS,
        PLAN,
        DECISIONS,
        SIGN_OFFS,
        SECURITY_GATES,
        POLICY_VERDICTS,
    ),
    run=run,
    about="Prices useful output, ranks the options with their stability, places and prepares sign-off",
)
