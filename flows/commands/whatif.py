"""`acceltrial whatif`."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.errors import DataContractError
from stages.running.workspace import Workspace, find_workspace


def whatif(
    *,
    suppose: Annotated[list[str] | None, Parameter(name="--set", negative="")] = None,
    keys: bool = False,
    workspace: Path | None = None,
    json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Decide the last evaluation again with other figures; nothing is written.

    Args:
        suppose: `key=2.1` replaces a figure, `key=x3` multiplies it, `key=+10%` adds to it. Repeatable.
        keys: List the keys that may be supposed, with today's units, and do nothing else.
        workspace: The workspace (default: the one that holds the current folder).
        json: Print as JSON.
    """
    chosen = find_workspace(workspace)
    from stages.score.whatif import decide_again, known_keys

    tables, params, today = last_evaluation(chosen)
    if keys:
        document = known_keys(tables, params)
        if json:
            print_json(document)
        else:
            sys.stdout.write("".join(f"{key:<48} {unit}\n" for key, unit in document.items()))
        return 0
    start = time.perf_counter()
    data = chosen.root / "data"
    found = decide_again(tables, params, data / "portfolio", today, suppose or [], data / "catalogue")
    found["wall_s"] = round(time.perf_counter() - start, 4)
    if json:
        print_json(found)
    else:
        _print(found)
    return 0


def last_evaluation(workspace: Workspace) -> tuple[dict[str, Any], Any, date]:
    """The tables that a what-if needs, and the parameters and the day that they were computed with.

    The tables were checked when they were written, so they are only read.

    Raises:
        StorageError: there is no evaluation yet.
        DataContractError: the tables were not written by an evaluation.
    """
    from acceltrial.storage.tables import read_provenance, read_table
    from stages.score.params import ScoreParams
    from stages.score.private_offers import with_private_offers
    from stages.score.stage import STAGE
    from stages.score.whatif import INPUTS, OUTPUTS

    paths = {artifact.name: workspace.root / artifact.path for artifact in (*STAGE.inputs, *STAGE.outputs)}
    tables = {name: read_table(paths[name]) for name in (*INPUTS, *OUTPUTS)}
    written = read_provenance(paths["decisions"])
    if "params" not in written or "written" not in written:
        raise DataContractError(
            "the table does not say which parameters it was computed with",
            where=str(paths["decisions"]),
            remedy="evaluate once more: acceltrial evaluate",
        )
    day = date.fromisoformat(written["written"][:10])
    tables["prices"], _ = with_private_offers(tables["prices"], workspace.root / "data/portfolio", day)
    return tables, ScoreParams.model_validate(written["params"]), day


def _print(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for row in found["workloads"]:
        before, after = row["before"], row["after"]
        mark = "[bold]CHANGES[/bold]" if row["winner_changed"] else "stays"
        console.print(
            f"{row['workload']}: {mark}; {_money(before['usd_per_month'])} → {_money(after['usd_per_month'])}"
            f" USD a month, margin {_share(before['margin'])} → {_share(after['margin'])}; "
            + escape(row["why"])
        )
    total = found["portfolio_usd_per_month"]
    console.print(
        f"all recommended options: {_money(total['before'])} → {_money(total['after'])} USD a month;"
        f" {len(found['winners_changed'])} winners change; decided again in {found['wall_s']:.2f} s"
    )
    sys.stdout.write("".join(f"{name}\n" for name in found["winners_changed"]))


def _money(usd: float | None) -> str:
    return "unknown" if usd is None else f"{usd:,.0f}"


def _share(margin: float | None) -> str:
    return "–" if margin is None else f"{margin:.4f}"
