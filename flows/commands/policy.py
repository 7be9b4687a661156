"""`acceltrial policy test|explain`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.errors import ConfigurationError, GateError
from stages.running.workspace import find_workspace

app = cyclopts.App(name="policy", help="Test the placement rules; explain what each said about an option")
_Json = Annotated[bool, Parameter(name="--json", negative="")]


@app.command(name="test")
def check(rules: Path | None = None, *, workspace: Path | None = None, json: _Json = False) -> int:
    """Run a rule set's own tests; exit with 4 when one fails or a rule has none.

    Args:
        rules: The file (default: the portfolio's policy.yaml, else the shipped rules).
        workspace: The workspace (default: the one that holds the current folder).
        json: Print as JSON.
    """
    from acceltrial.policy.judge import conflicts_of, run_cases, untested
    from acceltrial.policy.rules import load_rules
    from stages.score.admission import FIELDS, rules_path

    path = rules or rules_path(find_workspace(workspace).root / "data/portfolio")
    loaded = load_rules(path, FIELDS)
    failures, missing, clashes = run_cases(loaded), untested(loaded), conflicts_of(loaded)
    found = {
        "rules": len(loaded.rules), "tests": len(loaded.cases), "failures": failures,
        "rules_without_test": missing, "conflicts_in_tests": clashes, "file": str(path),
    }  # fmt: skip
    if json:
        print_json(found)
    else:
        lines = [
            *(f"FAILED {line}\n" for line in failures),
            *(f"untested: no test in which {rule} applies\n" for rule in missing),
            *(f"conflict in test {line}\n" for line in clashes),
        ]
        sys.stdout.write("".join(lines))
    sys.stderr.write(
        f"{path.name}: {len(loaded.rules)} rules, {len(loaded.cases)} tests, {len(failures)} failed\n"
    )
    if failures or missing:
        raise GateError(
            f"{len(failures)} tests fail, {len(missing)} rules are never shown to apply",
            where=str(path),
            remedy="correct the rules or the tests in the file",
            details=found,
        )
    return 0


@app.command
def explain(workload: str, option: str, *, workspace: Path | None = None, json: _Json = False) -> int:
    """What every rule says about an option of the last evaluation, at each of its offers.

    Args:
        workload: The workload.
        option: The option, such as h100-sxm-x1-fp8.
        workspace: The workspace (default: the one that holds the current folder).
        json: Print as JSON.
    """
    from flows.commands.whatif import last_evaluation
    from stages.score.admission import explained
    from stages.score.world import build_world

    chosen = find_workspace(workspace)
    tables, _, _ = last_evaluation(chosen)
    world = build_world(tables)
    mine = next((w for w in world.workloads if w.id == workload), None)
    if mine is None:
        raise _unknown("workload", workload, [w.id for w in world.workloads])
    options = {o.id: o for o in world.options.get(workload, [])}
    if option not in options:
        raise _unknown("option", option, sorted(options))
    found = explained(world, mine, options[option], chosen.root / "data/portfolio")
    if json:
        print_json(found)
        return 0
    for offer in found["offers"]:
        state = "allowed" if offer["allowed"] else "forbidden"
        sys.stdout.write(
            f"{offer['offer']} ({offer['region']}, {offer['price_model']}): {state}{_why(offer)}\n"
        )
        for verdict in offer["verdicts"]:
            if verdict["outcome"] != "pass":
                sys.stdout.write(f"    {verdict['outcome']:<6} {verdict['rule']}: {verdict['detail']}\n")
    sys.stderr.write(f"{found['summary']}\n")
    return 0


def _why(offer: dict[str, Any]) -> str:
    told = [offer["residency_refusal"], offer["conflict"] and f"conflict: {offer['conflict']}"]
    return "".join(f"; {text}" for text in told if text)


def _unknown(what: str, name: str, known: list[str]) -> ConfigurationError:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.3)
    return ConfigurationError(
        f"no {what} {name[:80]!r} in the last evaluation",
        where="policy explain",
        remedy=f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(known[:5])}",
    )
