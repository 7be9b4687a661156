"""`acceltrial trace`: statistics, conversion, sampling, generation and comparison of request traces."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from acceltrial.traces.generator import GeneratorSpec
    from acceltrial.traces.reading import Trace

app = App(name="trace", help="Request traces: statistics, conversion, sampling, generation, comparison.")

Columns = Annotated[
    str,
    Parameter(
        help="Mapping of a generic table: arrival=COL,input_tokens=COL,output_tokens=COL,time_unit=iso …"
    ),
]
Format = Annotated[
    str, Parameter(help="azure, mooncake, burstgpt, servegen, otel, acceltrial, named, generic or auto.")
]
Sort = Annotated[bool, Parameter(help="Sort rows that are not in order of arrival (in memory).", negative="")]
Spread = Annotated[Literal["auto", "never"], Parameter(help="Spread arrivals inside coarse timestamp steps.")]
Seed = Annotated[int, Parameter(help="Of everything that is drawn.")]
Json = Annotated[bool, Parameter(name="--json", help="Data as JSON on stdout.", negative="")]
Out = Annotated[Path, Parameter(name=["--out", "-o"], help="File to write: .parquet, .csv or .jsonl.")]


@app.command
def stats(
    file: Path,
    /,
    *,
    format: Format = "auto",  # noqa: A002
    columns: Columns = "",
    sort: Sort = False,
    spread: Spread = "auto",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Rate, burstiness at 1, 10 and 60 s, lengths, prefix sharing, in one pass."""
    from acceltrial.traces.statistics import trace_stats

    trace = _open(file, format, columns, sort, spread, seed)
    found = trace_stats(trace)
    payload = {"file": str(file), **found.as_dict(), "reading": asdict(trace.facts)}
    _show(payload, json, str(file))


@app.command
def convert(
    file: Path,
    /,
    *,
    out: Out,
    format: Format = "auto",  # noqa: A002
    columns: Columns = "",
    sort: Sort = False,
    spread: Spread = "auto",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Any known format into the canonical columns, streamed."""
    from acceltrial.traces.writing import write_trace

    trace = _open(file, format, columns, sort, spread, seed)
    rows = write_trace(out, trace)
    _show({"file": str(file), "out": str(out), "rows": rows, "reading": asdict(trace.facts)}, json, str(out))


@app.command
def sample(
    file: Path,
    /,
    *,
    out: Out,
    share: Annotated[float, Parameter(help="Share of the requests to keep, above 0 and up to 1.")],
    unit: Annotated[
        Literal["client", "session", "request"], Parameter(help="What is kept or left out whole.")
    ] = "session",
    format: Format = "auto",  # noqa: A002
    columns: Columns = "",
    sort: Sort = False,
    spread: Spread = "auto",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """A thinner trace that keeps sessions or clients whole."""
    from acceltrial.errors import DataContractError
    from acceltrial.traces.sampling import thin
    from acceltrial.traces.writing import write_trace

    trace = _open(file, format, columns, sort, spread, seed)
    thinned = thin(trace, share, seed=seed, unit=unit)

    def kept() -> Iterator[Any]:
        yield from thinned
        if thinned.thinning.rows_kept == 0:
            raise DataContractError(
                f"no {unit} of {thinned.thinning.rows_in} requests was kept at a share of {share}",
                where=str(file),
                remedy="raise --share, choose another --seed, or thin by request",
            )

    rows = write_trace(out, kept())
    payload = {"file": str(file), "out": str(out), "rows": rows, "rows_read": thinned.thinning.rows_in,
               "unit": unit, "share_asked": share, "thinned_1_to": thinned.thinning.factor,
               "adjustment": str(thinned.thinning)}  # fmt: skip
    _show(payload, json, str(out))


@app.command
def generate(
    *,
    out: Out,
    preset: Annotated[str, Parameter(help="Published statistics: see `acceltrial trace presets`.")] = "",
    like: Annotated[Path | None, Parameter(help="A trace to imitate.")] = None,
    spec: Annotated[Path | None, Parameter(help="YAML or JSON file with the generator's settings.")] = None,
    rate: Annotated[float | None, Parameter(help="Requests a second.")] = None,
    duration: Annotated[float | None, Parameter(help="Seconds.")] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Traffic fitted to statistics: burstiness at several windows, lengths, clients, sessions."""
    from acceltrial.traces.generator import fit
    from acceltrial.traces.generator import generate as draw
    from acceltrial.traces.statistics import compare_stats, trace_stats
    from acceltrial.traces.writing import write_trace

    chosen, reference = _spec(preset, like, spec, rate, duration)
    fitted = fit(chosen, seed)
    frame = draw(chosen, seed, fitted=fitted)
    rows = write_trace(out, [frame])
    reached = trace_stats([frame])
    payload: dict[str, Any] = {
        "out": str(out), "rows": rows, "seed": seed, "source": chosen.source, "as_of": chosen.as_of,
        "fit_worst_ratio": fitted.worst_ratio, "asked": chosen.model_dump(exclude_none=True),
        "reached": reached.as_dict(),
    }  # fmt: skip
    if reference is not None:
        payload["against_the_imitated"] = compare_stats(reference, reached).to_dicts()
    _show(payload, json, str(out))


@app.command
def compare(
    reference: Path,
    other: Path,
    /,
    *,
    sort: Sort = False,
    spread: Spread = "auto",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Two traces figure by figure, for example a generated one against the one it imitates."""
    from acceltrial.traces.statistics import compare_stats, trace_stats

    first, second = (trace_stats(_open(f, "auto", "", sort, spread, seed)) for f in (reference, other))
    table = compare_stats(first, second)
    if json:
        _print_json({"reference": str(reference), "other": str(other), "figures": table.to_dicts()})
        return
    _print_table(
        f"{other.name} against {reference.name}",
        ["figure", reference.name, other.name, "ratio"],
        [
            [row["figure"], *(_number(row[k]) for k in ("reference", "other", "ratio"))]
            for row in table.to_dicts()
        ],
    )


@app.command
def presets(*, json: Json = False) -> None:
    """The generator's presets with their source and date."""
    from acceltrial.traces.generator import PRESETS

    if json:
        _print_json({name: item.model_dump(exclude_none=True) for name, item in PRESETS.items()})
        return
    rows = [[name, _number(item.rate_rps), item.source, item.as_of] for name, item in PRESETS.items()]
    _print_table("presets", ["preset", "requests/s", "source", "as of"], rows)


def _open(
    path: Path, format_: str, columns: str, sort: bool, spread: Literal["auto", "never"], seed: int
) -> Trace:
    from acceltrial.traces.reading import open_trace

    return open_trace(path, format=format_, columns=_columns(columns), sort=sort, spread=spread, seed=seed)


def _columns(text: str) -> dict[str, str] | None:
    from acceltrial.errors import ConfigurationError

    if not text:
        return None
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not sign for _, sign, _ in pairs):
        raise ConfigurationError(
            f"the mapping {text!r} is not a list of name=column",
            where="--columns",
            remedy="write for example arrival=when,input_tokens=prompt,time_unit=iso",
        )
    return {name.strip(): column.strip() for name, _, column in pairs}


def _spec(
    preset: str, like: Path | None, spec: Path | None, rate: float | None, duration: float | None
) -> tuple[GeneratorSpec, Any]:
    """The spec asked for, and the statistics of the imitated trace if there is one."""
    from acceltrial.errors import ConfigurationError
    from acceltrial.traces.generator import generator_spec, spec_from_stats
    from acceltrial.traces.statistics import trace_stats

    if sum(bool(given) for given in (preset, like, spec)) != 1:
        raise ConfigurationError(
            "give exactly one of --preset, --like and --spec",
            where="acceltrial trace generate",
            remedy="for example --preset azure_conversation; `acceltrial trace presets` lists them",
        )
    changes = {k: v for k, v in {"rate_rps": rate, "duration_s": duration}.items() if v is not None}
    if preset:
        return generator_spec({"preset": preset, **changes}), None
    if spec is not None:
        return generator_spec({**_settings(spec), **changes}), None
    assert like is not None
    reference = trace_stats(_open(like, "auto", "", False, "auto", 0))
    chosen = spec_from_stats(reference, f"statistics of {like.name}")
    chosen = chosen if rate is None else chosen.at_rate(rate)
    return (chosen if duration is None else generator_spec(
        {**chosen.model_dump(exclude_none=True), "duration_s": duration}
    )), reference  # fmt: skip


def _settings(path: Path) -> dict[str, Any]:
    import yaml

    from acceltrial.errors import ConfigurationError
    from acceltrial.storage.atomic import storage_error

    try:
        found = yaml.safe_load(path.read_text())
    except OSError as error:
        raise storage_error(error, path) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"not YAML ({str(error).splitlines()[0]})", where=str(path), remedy="correct the file"
        ) from error
    if not isinstance(found, dict):
        raise ConfigurationError(
            "no mapping of settings", where=str(path), remedy="write `rate_rps: …` and so on"
        )
    return {str(key): value for key, value in found.items()}


def _show(payload: dict[str, Any], json: bool, title: str) -> None:
    """The payload as JSON, or its figures as a table."""
    if json:
        _print_json(payload)
        return
    rows = []
    for name, value in payload.items():
        if isinstance(value, dict):
            rows += [
                [f"{name}.{key}", _number(item)] for key, item in value.items() if item not in (None, [], {})
            ]
        elif isinstance(value, list):
            rows += [[f"{name}.{item['figure']}", f"× {_number(item['ratio'])}"] for item in value]
        else:
            rows.append([name, _number(value)])
    _print_table(title, ["figure", "value"], rows)


def _number(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _print_json(payload: dict[str, Any]) -> None:
    import orjson

    sys.stdout.write(
        orjson.dumps(payload, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode() + "\n"
    )


def _print_table(title: str, header: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title), title_justify="left")
    for index, name in enumerate(header):
        table.add_column(escape(name), justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)
