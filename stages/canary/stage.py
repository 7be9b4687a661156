"""Declares the stage and runs its cells: a trial of one winner, and a candidate that must be rolled back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from acceltrial.canary.journal import Journal, read_journal
from acceltrial.canary.lever import LeverError
from acceltrial.canary.plan import CanaryPlan
from acceltrial.errors import ConfigurationError, TargetUnavailableError
from acceltrial.storage.atomic import write_bytes
from acceltrial.targets import spec_from_row
from schemas.base import table_of
from schemas.canary import CanaryEvents, CanaryObservations, CanaryVerdicts
from stages import artifacts
from stages.canary.choice import choose
from stages.canary.params import CanaryParams
from stages.contract import Cell, Context, Inputs, Outputs, Stage

NOTHING = "not-possible"


class CanaryGrid:
    """Two cells on the target's device, or one that says why there is none."""

    cell_version = "2"

    def split(self, inputs: Inputs, params: CanaryParams) -> list[Cell]:
        """The trial, then the demonstration."""
        found = choose(
            inputs.table("workloads"),
            inputs.table("decisions"),
            inputs.table("ranking"),
            inputs.table("targets"),
            params,
        )
        if found.target is None:
            return [Cell(NOTHING, {"why": found.why})]
        cells = []
        for purpose in ("trial", "demonstration") if params.demonstration else ("trial",):
            spec = {
                "workload": found.workload,
                "purpose": purpose,
                "why": found.why,
                "target": found.target,
                # A candidate that is degraded on purpose stands beside its own like: only the harm differs.
                "baseline": found.baseline if purpose == "trial" else found.target,
                "params": params.model_dump(mode="json"),
            }
            key = f"{purpose}-{found.workload}"
            cells.append(Cell(key, spec, device=found.target["device"], max_age_h=params.max_age_h))
        return cells

    def run_cell(self, cell: Cell, inputs: Inputs, params: CanaryParams, context: Context) -> None:
        """Runs one canary; leaves its record in `journal.jsonl`, what was found in `outcome.json`."""
        journal = context.cache / "canary" / f"{cell.key}.jsonl"
        result: dict[str, Any] = {"verdict": None, "observations": []}
        if cell.key == NOTHING:
            self._note(journal, cell.key, context.now, cell.spec["why"])
        else:
            plan = plan_of(cell.spec, params)
            try:
                result = self._trial(plan, cell, inputs, params, context, journal)
            except TargetUnavailableError as error:
                self._note(journal, plan.canary, context.now, str(error))
            except LeverError as error:
                found = {"verdict": "aborted", "guardrail": "lever", "at_s": 0.0, "final_share": 0.0}
                found["reason"] = str(error)
                row = _verdict(plan, found, context.now, cell.spec["why"], params)
                result = {"verdict": row, "observations": []}
        write_bytes(context.scratch / "journal.jsonl", journal.read_bytes())
        write_bytes(context.scratch / "outcome.json", orjson.dumps(result))
        journal.unlink()

    def _trial(
        self,
        plan: CanaryPlan,
        cell: Cell,
        inputs: Inputs,
        params: CanaryParams,
        context: Context,
        journal: Path,
    ) -> dict[str, Any]:
        from stages.canary.trial import request_lengths, run_trial

        lengths = request_lengths(inputs.path("requests"), plan.workload, params)
        trial = run_trial(
            spec_from_row(cell.spec["target"]), spec_from_row(cell.spec["baseline"]), plan, lengths, params,
            journal=journal, workdir=context.cache / "canary" / "servers", cache=context.cache,
            progress=context.progress,
        )  # fmt: skip
        outcome = asdict(trial.outcome)
        observations = outcome.pop("observations")
        found = {name: outcome[name] for name in ("verdict", "guardrail", "at_s", "final_share", "reason")}
        row = _verdict(plan, found, outcome["started"], f"{cell.spec['why']}; {trial.adjustments}", params)
        return {"verdict": row, "observations": observations}

    def _note(self, path: Path, canary: str, now: datetime, why: str) -> None:
        """Records that nothing was tried, and why: no verdict is made up."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with Journal(path, canary) as journal:
            journal.write("not_possible", t_s=0.0, at=now, share=0.0, reason=why)

    def join(
        self,
        cells: list[Cell],
        results: Mapping[str, Path],
        inputs: Inputs,  # noqa: ARG002 - of the protocol
        params: CanaryParams,  # noqa: ARG002
        context: Context,  # noqa: ARG002
    ) -> Outputs:
        """The three tables, in the order of the cells."""
        verdicts: list[dict[str, Any]] = []
        observations: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        for cell in cells:
            folder = results[cell.key]
            outcome = json.loads((folder / "outcome.json").read_bytes())
            if outcome["verdict"]:
                started = datetime.fromisoformat(outcome["verdict"]["started"])
                verdicts.append({**outcome["verdict"], "started": started})
            observations += outcome["observations"]
            events += [event.row() for event in read_journal(folder / "journal.jsonl")]
        return {
            "canary_verdicts": table_of(CanaryVerdicts, verdicts),
            "canary_observations": table_of(CanaryObservations, observations),
            "canary_events": table_of(CanaryEvents, events),
        }


def plan_of(spec: Mapping[str, Any], params: CanaryParams) -> CanaryPlan:
    """The plan of a cell. Raises ConfigurationError when the parameters contradict each other."""
    target, purpose, workload = spec["target"]["target"], spec["purpose"], spec["workload"]
    baseline = spec["baseline"]["target"]
    candidate = target if purpose == "trial" else f"{target}+degraded"
    try:
        return params.plan(
            f"{workload}.{purpose}",
            workload,
            f"{target}+second" if baseline == target else baseline,
            candidate,
            purpose,
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigurationError(
            first["msg"], where="params.yaml: canary", remedy="correct the steps or times"
        ) from error


def _verdict(
    plan: CanaryPlan, found: dict[str, Any], started: datetime, circumstances: str, params: CanaryParams
) -> dict[str, Any]:
    """A row of CanaryVerdicts whose reason ends with the circumstances that a reader must know."""
    spoilt = ""
    if plan.purpose == "demonstration":
        spoilt = f"the candidate is degraded on purpose: {params.degradation.describe()}; "
    same = plan.baseline.endswith("+second")
    beside = "a second instance of the same target" if same else "another option of the workload"
    return {
        **found,
        "canary": plan.canary,
        "workload": plan.workload,
        "baseline": plan.baseline,
        "candidate": plan.candidate,
        "purpose": plan.purpose,
        "started": started.isoformat(),
        "reason": f"{found['reason']} [{spoilt}the baseline is {beside}; {circumstances}]",
    }


STAGE = Stage(
    name="canary",
    version="1",
    params=CanaryParams,
    inputs=(
        artifacts.WORKLOADS,
        artifacts.TARGETS,
        artifacts.REQUESTS,
        artifacts.RANKING,
        artifacts.DECISIONS,
    ),
    outputs=(artifacts.CANARY_VERDICTS, artifacts.CANARY_OBSERVATIONS, artifacts.CANARY_EVENTS),
    grid=CanaryGrid(),
    about="Tries the winner on a little live traffic, with the way back kept open.",
)
