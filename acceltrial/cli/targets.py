"""`acceltrial targets`: what can be measured from here, and why the rest cannot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from acceltrial.cli.json_output import print_json

if TYPE_CHECKING:
    from acceltrial.targets import TargetSpec

app = App(name="targets", help="What can be measured from here, and why the rest cannot.")


@app.command(name="list")
def list_targets(
    portfolio: Path = Path("data/portfolio"),
    *,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """List the portfolio's targets with their state. Servers elsewhere are asked, for seconds at most.

    Args:
        portfolio: Folder with targets.yaml and the files that belong to it.
        as_json: Print as JSON.
    """
    rows = [_row(spec) for spec in read_targets(portfolio)]
    if as_json:
        print_json(rows)
    else:
        _print(rows)
    return 0


@app.command
def kinds(*, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> int:
    """List the kinds of target that are installed, built-in and third-party.

    Args:
        as_json: Print as JSON.
    """
    from acceltrial.targets import kinds as installed

    found = installed()
    if as_json:
        print_json(found, sort_keys=True)
    else:
        for name, place in sorted(found.items()):
            sys.stdout.write(f"{name:20} {place}\n")
    return 0


def read_targets(portfolio: Path) -> list[TargetSpec]:
    """The portfolio's targets in the file's order. Raises ConfigurationError."""
    from acceltrial.portfolio import read_portfolio
    from acceltrial.portfolio.target import launch_settings
    from acceltrial.targets import TargetSpec

    return [
        TargetSpec(
            target=one.id,
            kind=one.kind,
            title=one.title,
            device=one.device,
            model=one.model,
            precision=one.precision,
            api=one.api,
            environment=one.environment,
            region=one.region,
            accelerator=one.accelerator,
            enabled=one.enabled,
            launch=launch_settings(one),
        )
        for one in read_portfolio(portfolio).targets
    ]


def _row(spec: TargetSpec) -> dict[str, Any]:
    from acceltrial.targets import availability

    found = availability(spec)
    return {
        "target": spec.target,
        "kind": spec.kind,
        "model": spec.model,
        "precision": spec.precision,
        "api": spec.api,
        "device": spec.device,
        "enabled": spec.enabled,
        "available": found.available,
        "reason": found.reason,
        "remedy": found.remedy,
    }


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("target", "model", "state", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    for row in rows:
        state = "available" if row["available"] else f"unavailable: {row['reason']}\n→ {row['remedy']}"
        table.add_row(row["target"], f"{row['model']} {row['precision']}", state)
    Console().print(table)
