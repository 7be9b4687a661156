"""`acceltrial catalogue`: what is known of accelerators, models, prices and runtimes, and from where."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.errors import ConfigurationError

if TYPE_CHECKING:
    import polars as pl

    from acceltrial.catalog import Catalogue

app = App(name="catalogue", help="Accelerators, models, prices and runtimes, with the source of every cell.")

Where = Annotated[str | None, Parameter(name="--where")]
Json = Annotated[bool, Parameter(name="--json", negative="")]
Sources = Annotated[bool, Parameter(name="--sources", negative="")]
Folder = Annotated[Path | None, Parameter(name="--catalogue")]
_SHOWN = {
    "accelerators": (
        "accelerator", "accelerator_class", "family", "memory_gb", "memory_bw_gb_s", "bf16_tflops",
        "fp8_tflops", "int8_tops", "interconnect_gb_s", "tdp_w",
    ),
    "models": ("model", "family", "params_b", "active_params_b", "layers", "kv_heads", "context_window"),
    "prices": (
        "accelerator", "provider", "region", "model", "usd_per_accelerator_hour", "grade", "as_of",
    ),
    "runtimes": ("runtime", "hardware", "feature", "state", "as_of"),
    "api_prices": (
        "model", "provider", "usd_per_million_input_tokens", "usd_per_million_output_tokens", "accelerator",
        "as_of",
    ),
}  # fmt: skip
_TOLD = ("usd_per_1k_requests", "break_even_requests_per_s")


app.command("acceltrial.cli.parity:parity", name="parity")
app.command("acceltrial.cli.price_import:app", name="import")


@app.command
def accelerators(
    *, where: Where = None, sources: Sources = False, catalogue: Folder = None, json: Json = False
) -> None:
    """List the accelerators.

    Args:
        where: an SQL condition on the columns, such as "memory_gb > 80 AND accelerator_class = 'gpu'"; with
            sources also on field, value, unit, source, as_of, confidence and note.
        sources: one row a cell instead: its value, source, date and confidence, and values that other
            sources give.
        catalogue: the catalogue's folder; else data/catalogue of this folder or one above.
        json: every column, as JSON on stdout.
    """
    loaded = _load(catalogue)
    chosen = loaded.accelerators
    if sources:
        chosen = loaded.accelerator_facts.join(chosen, on="accelerator", maintain_order="left")
    chosen = _where(chosen, where)
    if sources:
        chosen = chosen.select(loaded.accelerator_facts.columns)
    _show(chosen, "facts" if sources else "accelerators", json=json)


@app.command
def models(
    *, where: Where = None, sources: Sources = False, catalogue: Folder = None, json: Json = False
) -> None:
    """List the models with their architecture figures.

    Args:
        where: an SQL condition on the columns.
        sources: source, date and confidence of each row.
        catalogue: the catalogue's folder.
        json: every column, as JSON on stdout.
    """
    chosen = _where(_load(catalogue).models, where)
    if sources:
        chosen = chosen.select("model", "source", "as_of", "confidence")
    _show(chosen, "sources" if sources else "models", json=json)


@app.command
def prices(
    *,
    where: Where = None,
    sources: Sources = False,
    today: str | None = None,
    catalogue: Folder = None,
    json: Json = False,
) -> None:
    """List the offers, and on stderr which of them have gone stale or look odd.

    Args:
        where: an SQL condition on the columns.
        sources: source, date, confidence and note of each offer.
        today: the day on which a price's age is judged (YYYY-MM-DD); else today's date.
        catalogue: the catalogue's folder.
        json: every column, as JSON on stdout.
    """
    loaded = _load(catalogue, _day(today))
    chosen = _where(loaded.prices, where)
    if sources:
        chosen = chosen.select("price", "accelerator", "source", "as_of", "confidence", "note")
    _show(chosen, "sources" if sources else "prices", json=json)
    kept = set(_where(loaded.prices, where)["price"])
    odd = [finding for finding in loaded.findings if finding.subject in kept]
    for finding in odd[:10]:
        sys.stderr.write(f"{finding.severity}: {finding.subject}: {finding.detail} → {finding.remedy}\n")
    if len(odd) > 10:
        sys.stderr.write(f"… and {len(odd) - 10} more findings\n")


@app.command
def api_prices(
    *,
    where: Where = None,
    sources: Sources = False,
    input_tokens: float | None = None,
    output_tokens: float | None = None,
    usd_per_hour: float | None = None,
    catalogue: Folder = None,
    json: Json = False,
) -> None:
    """List what hosted services ask for a million tokens of the catalogue's models.

    Args:
        where: an SQL condition on the columns.
        sources: source, date and confidence of each price.
        input_tokens: mean tokens of a request; with output_tokens the cost of 1,000 requests is told,
            cheapest first.
        output_tokens: mean tokens of an answer.
        usd_per_hour: of own devices; tells also from how many requests a second they cost less.
        catalogue: the catalogue's folder.
        json: every column, as JSON on stdout.
    """
    chosen = _where(_load(catalogue).api_prices, where)
    if sources:
        chosen = chosen.select("provider", "served_as", "model", "source", "as_of", "confidence")
    elif input_tokens is not None or output_tokens is not None or usd_per_hour is not None:
        from acceltrial.catalog.hosted import for_requests

        chosen = for_requests(chosen, input_tokens, output_tokens, usd_per_hour)
    _show(chosen, "sources" if sources else "api_prices", json=json)


@app.command
def runtimes(
    *, where: Where = None, sources: Sources = False, catalogue: Folder = None, json: Json = False
) -> None:
    """List what runtimes do on which hardware: documented, unknown or unsupported.

    Args:
        where: an SQL condition on the columns.
        sources: source, date, confidence and note of each cell.
        catalogue: the catalogue's folder.
        json: every column, as JSON on stdout.
    """
    chosen = _where(_load(catalogue).runtimes, where)
    if sources:
        told = ("runtime", "hardware", "feature", "state", "source", "as_of", "confidence", "note")
        chosen = chosen.select(told)
    _show(chosen, "sources" if sources else "runtimes", json=json)


@app.command
def classes(*, where: Where = None, catalogue: Folder = None, json: Json = False) -> None:
    """List the classes of accelerators: best fit, strengths, risks and the question to answer.

    Args:
        where: an SQL condition on the columns.
        catalogue: the catalogue's folder.
        json: as JSON on stdout.
    """
    _show(_where(_load(catalogue).classes, where), "classes", json=json)


@app.command
def operators(model: str, /, *, catalogue: Folder = None, json: Json = False) -> None:
    """How far each compiler's documented operators cover a model's own graph.

    Args:
        model: a model of the catalogue.
        catalogue: the catalogue's folder.
        json: as JSON on stdout.
    """
    import polars as pl

    loaded = _load(catalogue)
    found = loaded.operator_coverage(loaded.model_names.resolve(model, "MODEL"))
    if not found:
        raise ConfigurationError(
            f"the graph of {model} was never exported",
            where="MODEL",
            remedy="export it: acceltrial catalogue graph FOLDER --name NAME --model ID",
        )
    _show(pl.DataFrame([one.summary() for one in found]), "operators", json=json)


@app.command
def graph(
    source: str,
    /,
    *,
    name: str,
    model: Annotated[list[str], Parameter(name="--model", negative="")],
    catalogue: Folder = None,
) -> None:
    """Export a model's operators with torch and keep them in the catalogue.

    Args:
        source: a folder with config.json and weights, or a JSON object with `model_type` and a small
            configuration of that architecture.
        name: the file's name under graphs/.
        model: the catalogue's models with this graph; may be given several times.
        catalogue: the catalogue's folder.
    """
    from acceltrial.catalog.graphs import export_graph, write_graph
    from acceltrial.catalog.location import find_catalogue

    folder = find_catalogue(catalogue)
    today = datetime.now(UTC).date()
    found = export_graph(source, tuple(model), today, Path(__file__).resolve().parents[2])
    path = write_graph(folder, name, found)
    sys.stderr.write(f"{path}: {len(found.computing)} operators, {found.graph_breaks} graph breaks\n")
    if found.problem:
        sys.stderr.write(f"not exported: {found.problem}\n")


@app.command
def refresh(*, devices: Path | None = None, offers: Path | None = None, catalogue: Folder = None) -> None:
    """Rebuild the generated tables of the catalogue from foreign ones and the curated files.

    Args:
        devices: a table of device facts (id, vendor, name, class, …, source, confidence, as_of, notes).
        offers: a price list (provider, region, instance_type, accelerator, count, price_ondemand_usd_hr, …).
        catalogue: the catalogue's folder.
    """
    from acceltrial.catalog.importers.refresh import refresh_devices, refresh_prices
    from acceltrial.catalog.location import find_catalogue

    if devices is None and offers is None:
        raise ConfigurationError("nothing to import", where="refresh", remedy="give --devices or --offers")
    folder = find_catalogue(catalogue)
    done = [refresh_devices(folder, devices)] if devices else []
    done += [refresh_prices(folder, offers)] if offers else []
    for part in done:
        for name, rows in part.rows.items():
            sys.stderr.write(f"{folder / name}.csv: {rows} rows\n")
        for finding in part.findings:
            sys.stderr.write(f"left out: {finding.subject}: {finding.detail}\n")


def _load(folder: Path | None, today: date | None = None) -> Catalogue:
    from acceltrial.catalog import load_catalogue
    from acceltrial.catalog.location import find_catalogue

    return load_catalogue(find_catalogue(folder), today=today)


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{text!r} is no date", where="--today", remedy="write YYYY-MM-DD, such as 2026-11-22"
        ) from error


def _where(frame: pl.DataFrame, condition: str | None) -> pl.DataFrame:
    if condition is None:
        return frame
    import polars as pl

    try:
        return frame.filter(pl.sql_expr(condition))
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise ConfigurationError(
            f"the condition cannot be used: {str(error).splitlines()[0].partition('; valid columns')[0]}",
            where="--where",
            remedy=f"write an SQL condition on {', '.join(frame.columns)}; text in single quotes",
        ) from error


def _show(frame: pl.DataFrame, name: str, *, json: bool) -> None:
    if json:
        print_json(frame.to_dicts())
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    usual = _SHOWN.get(name, ())
    told = [column for column in _TOLD if column in frame.columns]
    shown = frame.select([*usual, *told] if usual else frame.columns)
    table = Table(*shown.columns, box=None, pad_edge=False)
    for row in shown.iter_rows():
        table.add_row(*(Text("" if cell is None else _cell(cell)) for cell in row))
    console = Console() if sys.stdout.isatty() else Console(width=250)
    console.print(table)
    sys.stderr.write(f"{frame.height} rows\n")


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
