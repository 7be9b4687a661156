"""Every file that crosses a stage boundary, declared once with its schema."""

from __future__ import annotations

from schemas import canary, classification, decision, evidence, inputs, mapping
from schemas.base import Table
from stages.contract import PlainFile, TableFile

# Inputs of the pipeline: what a person edits.
PORTFOLIO = PlainFile("data/portfolio")
CATALOGUE = PlainFile("data/catalogue")


def _table(stage: str, name: str, schema: type[Table], *, streamed: bool = False) -> TableFile:
    return TableFile(f"data/stages/{stage}/{name}.parquet", schema, streamed)


# collect
WORKLOADS = _table("collect", "workloads", inputs.Workloads)
MODELS = _table("collect", "models", inputs.Models)
REQUESTS = _table("collect", "requests", inputs.Requests, streamed=True)
TRACE_SOURCES = _table("collect", "trace_sources", inputs.TraceSources)
ACCELERATORS = _table("collect", "accelerators", inputs.Accelerators)
ACCELERATOR_FACTS = _table("collect", "accelerator_facts", inputs.AcceleratorFacts)
OPERATOR_COVERAGE = _table("collect", "operator_coverage", inputs.OperatorCoverage)
PRICES = _table("collect", "prices", inputs.Prices)
TARGETS = _table("collect", "targets", inputs.Targets)
COLLECT_FINDINGS = _table("collect", "collect_findings", inputs.Findings)

# classify
CLASSES = _table("classify", "classes", classification.Classes)
CLASS_EVIDENCE = _table("classify", "class_evidence", classification.ClassEvidence)
REQUIREMENTS = _table("classify", "requirements", classification.Requirements)
PROFILES = _table("classify", "profiles", classification.Profiles)
CLASSIFY_FINDINGS = _table("classify", "classify_findings", inputs.Findings)

# map_hardware
CANDIDATES = _table("map_hardware", "candidates", mapping.Candidates)
CONSTRAINTS = _table("map_hardware", "constraints", mapping.Constraints)
NEUROMORPHIC_GATE = _table("map_hardware", "neuromorphic_gate", mapping.NeuromorphicGate)

# benchmark
MEASUREMENTS = _table("benchmark", "measurements", evidence.Measurements)
REQUEST_RECORDS = _table("benchmark", "request_records", evidence.RequestRecords)
BENCHMARK_CELLS = _table("benchmark", "benchmark_cells", evidence.BenchmarkCells)
PREDICTION_LEDGER = _table("benchmark", "prediction_ledger", evidence.PredictionLedger)
TELEMETRY = _table("benchmark", "telemetry", evidence.Telemetry)
BENCHMARK_FINDINGS = _table("benchmark", "benchmark_findings", inputs.Findings)

# score
COSTS = _table("score", "costs", decision.Costs)
TCO = _table("score", "tco", decision.Tco)
FLIPS = _table("score", "flips", decision.Flips)
FLIP_LINES = _table("score", "flip_lines", decision.FlipLines)
BILLED = _table("score", "billed", decision.Billed)
SCORE_FINDINGS = _table("score", "score_findings", inputs.Findings)
SCORES = _table("score", "scores", decision.Scores)
RANKING = _table("score", "ranking", decision.Ranking)
ROLE_RANKING = _table("score", "role_ranking", decision.RoleRanking)
PLACEMENTS = _table("score", "placements", decision.Placements)
DECISIONS = _table("score", "decisions", decision.Decisions)
SIGN_OFFS = _table("score", "sign_offs", decision.SignOffs)
PLAN = _table("score", "plan", decision.Plan)
SECURITY_GATES = _table("score", "security_gates", decision.SecurityGates)
POLICY_VERDICTS = _table("score", "policy_verdicts", decision.PolicyVerdicts)

# canary
CANARY_VERDICTS = _table("canary", "canary_verdicts", canary.CanaryVerdicts)
CANARY_OBSERVATIONS = _table("canary", "canary_observations", canary.CanaryObservations)
CANARY_EVENTS = _table("canary", "canary_events", canary.CanaryEvents)

# report
REPORT = PlainFile("data/stages/report/report.html")
ROADMAP = PlainFile("data/stages/report/roadmap.json")
REPORT_TABLES = PlainFile("data/stages/report/tables")
