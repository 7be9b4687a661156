"""`acceltrial rank`: the decision engine on any decision matrix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from acceltrial.cli.json_output import print_json

if TYPE_CHECKING:
    from acceltrial.decide.decision import Decision

app = App(name="rank", help="Rank the options of a decision matrix by declared criteria and roles' weights.")


@app.default
def rank(
    matrix: Path,
    *,
    criteria: Path,
    draws: int = 10_000,
    seed: int = 0,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Rank the options of MATRIX.

    Args:
        matrix: CSV with the column `option`, one column a criterion and, where a value is uncertain,
            `<criterion>_low` and `_high` (95 %). An empty cell is unknown: worth nothing in the score,
            anything from 0 to 1 in the draws.
        criteria: YAML with `criteria: {NAME: {direction: min|max, bounds: [low, high], scale: linear|log,
            veto: EXPR}}` and `roles: {ROLE: {weights: {NAME: w}}}`.
        draws: draws of the weights, shared out among the roles.
        seed: of all draws.
        as_json: print the result as JSON on stdout.
    """
    from acceltrial.decide.criteria import load_criteria
    from acceltrial.decide.decision import decide, require_an_option
    from acceltrial.decide.matrix import read_matrix

    declared = load_criteria(criteria)
    table = read_matrix(matrix, declared.criteria)
    decision = decide(table, declared, draws=draws, seed=seed, where=str(matrix))
    require_an_option(decision, str(matrix))
    if as_json:
        print_json(as_dict(decision, seed))
    else:
        _print(decision)


def as_dict(decision: Decision, seed: int) -> dict[str, Any]:
    """The JSON of `acceltrial rank --json`: options best first, vetoed ones last without score."""
    stability = decision.stability
    role_ranks = {role: _ranks(scores) for role, scores in decision.by_role.items()}
    options = [
        {
            "name": decision.kept[i],
            "score": float(decision.scores[i]),
            "rank": int(decision.ranks[i]),
            "p_best": float(stability.p_best[i]),
            "rank_acceptability": [float(share) for share in stability.acceptability[i]],
            "rank_p5": int(stability.rank_p5[i]),
            "rank_p95": int(stability.rank_p95[i]),
            "pareto": bool(decision.front[i]),
            "vetoed": False,
            "veto_reason": None,
            "missing": list(decision.missing.get(decision.kept[i], ())),
            "by_role": {
                role: {"score": float(scores[i]), "rank": int(role_ranks[role][i])}
                for role, scores in decision.by_role.items()
            },
        }
        for i in decision.order
    ]
    return {
        "options": options + [_vetoed(name, reasons) for name, reasons in sorted(decision.vetoed.items())],
        "flip": decision.flip,
        "disagreement": decision.disagreement,
        "draws": stability.draws,
        "seed": seed,
    }


def _vetoed(name: str, reasons: Sequence[str]) -> dict[str, Any]:
    empty = dict.fromkeys(("score", "rank", "p_best", "rank_p5", "rank_p95"))
    return {
        "name": name, **empty, "rank_acceptability": [], "pareto": False, "vetoed": True,
        "veto_reason": "; ".join(reasons), "missing": [], "by_role": {},
    }  # fmt: skip


def _ranks(scores: Any) -> Any:
    from acceltrial.decide.ranking import ranks

    return ranks(scores)


def _print(decision: Decision) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("rank", "option", "score", "best in", "rank 5–95 %", "Pareto")
    for i in decision.order:
        low, high = int(decision.stability.rank_p5[i]), int(decision.stability.rank_p95[i])
        table.add_row(
            str(int(decision.ranks[i])), escape(decision.kept[i]), f"{decision.scores[i]:.3f}",
            f"{decision.stability.p_best[i]:.1%}", f"{low}–{high}", "yes" if decision.front[i] else "",
        )  # fmt: skip
    console = Console(stderr=True)
    console.print(table)
    for name, reasons in sorted(decision.vetoed.items()):
        console.print(f"[red]vetoed[/red] {escape(name)}: {escape('; '.join(reasons))}")
    for name, missing in sorted(decision.missing.items()):
        console.print(
            f"[yellow]unknown[/yellow] {escape(name)}: {escape(', '.join(missing))} (worth 0 in the score)"
        )
    console.print(escape(decision.disagreement["text"]))
    if decision.flip and decision.flip["weight"]:
        move = decision.flip["weight"]
        text = f"{move['rival']} draws level when {move['amount']:.3f} of weight moves"
        console.print(escape(f"{text} from {move['from']} to {move['to']}"))
