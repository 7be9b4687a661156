"""What `acceltrial trace` prints: figures as a table, or JSON."""

from __future__ import annotations

from typing import Any

from acceltrial.cli.json_output import print_json


def show(payload: dict[str, Any], json: bool, title: str) -> None:
    """The payload as JSON, or its figures as a table."""
    if json:
        print_json(payload)
        return
    rows = []
    for name, value in payload.items():
        if isinstance(value, dict):
            rows += [
                [f"{name}.{key}", number(item)] for key, item in value.items() if item not in (None, [], {})
            ]
        elif isinstance(value, list):
            rows += [[f"{name}.{item['figure']}", f"× {number(item['ratio'])}"] for item in value]
        else:
            rows.append([name, number(value)])
    print_table(title, ["figure", "value"], rows)


def number(value: Any) -> str:
    """A figure with four digits or thousands apart; a dash where it is unknown."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def print_table(title: str, header: list[str], rows: list[list[str]]) -> None:
    """A table on stdout."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title), title_justify="left")
    for index, name in enumerate(header):
        table.add_column(escape(name), justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)
