"""`acceltrial trace`: statistics, conversion, sampling, generation and comparison of request traces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.cli.trace_files import Reading, open_either, open_file
from acceltrial.cli.trace_model import model
from acceltrial.cli.trace_table import number, print_table, show

app = App(name="trace", help="Request traces: statistics, conversion, sampling, generation, comparison.")

Seed = Annotated[int, Parameter(help="Of everything that is drawn.")]
Json = Annotated[bool, Parameter(name="--json", help="Data as JSON on stdout.", negative="")]
Out = Annotated[Path, Parameter(name=["--out", "-o"], help="File to write: .parquet, .csv or .jsonl.")]


@app.command
def stats(
    file: Path,
    /,
    *,
    reading: Reading | None = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Rate, burstiness at 1, 10 and 60 s, lengths, prefix sharing, in one pass."""
    from acceltrial.traces.statistics import trace_stats

    trace = open_file(file, reading, seed)
    found = trace_stats(trace)
    payload = {"file": str(file), **found.as_dict(), "reading": asdict(trace.facts)}
    show(payload, json, str(file))


@app.command
def convert(
    file: Path,
    /,
    *,
    out: Out,
    reading: Reading | None = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Any known format into the canonical columns, streamed."""
    from acceltrial.traces.writing import write_trace

    trace = open_file(file, reading, seed)
    rows = write_trace(out, trace)
    show({"file": str(file), "out": str(out), "rows": rows, "reading": asdict(trace.facts)}, json, str(out))


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
    reading: Reading | None = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """A thinner trace that keeps sessions or clients whole."""
    from acceltrial.errors import DataContractError
    from acceltrial.traces.sampling import thin
    from acceltrial.traces.writing import write_trace

    trace = open_file(file, reading, seed)
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
    show(payload, json, str(out))


@app.command
def generate(
    *,
    out: Out,
    preset: Annotated[str, Parameter(help="Published statistics: see `acceltrial trace presets`.")] = "",
    like: Annotated[Path | None, Parameter(help="A trace to imitate.")] = None,
    spec: Annotated[Path | None, Parameter(help="YAML or JSON file with the generator's settings.")] = None,
    rate: Annotated[float | None, Parameter(help="Requests a second.")] = None,
    duration: Annotated[float | None, Parameter(help="Seconds.")] = None,
    reading: Reading | None = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Traffic fitted to statistics: burstiness at several windows, lengths, clients, sessions.

    --format, --columns, --sort and --spread say how the trace of --like is read.
    """
    from acceltrial.errors import ConfigurationError
    from acceltrial.traces.generator import fit
    from acceltrial.traces.generator import generate as draw
    from acceltrial.traces.statistics import compare_stats, trace_stats
    from acceltrial.traces.writing import write_trace

    if like is None and reading not in (None, Reading()):
        raise ConfigurationError(
            "--format, --columns, --sort and --spread say how a trace is read, and there is none",
            where="acceltrial trace generate",
            remedy="give the trace to imitate with --like FILE",
        )
    imitated = open_file(like, reading, seed) if like is not None else None
    chosen, reference = model(preset, like, imitated, spec, rate, duration)
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
    show(payload, json, str(out))


@app.command
def compare(
    reference: Path,
    other: Path,
    /,
    *,
    reading: Reading | None = None,
    other_format: Annotated[str, Parameter(help="The same of OTHER; by default as --format.")] = "",
    other_columns: Annotated[str, Parameter(help="The same of OTHER; by default as --columns.")] = "",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Two traces figure by figure, for example a generated one against the one it imitates.

    A file that `acceltrial trace` wrote is read as such, whatever --format and --columns say of the other.
    """
    from acceltrial.traces.statistics import compare_stats, trace_stats

    reading = reading or Reading()
    of_other = replace(
        reading, format=other_format or reading.format, columns=other_columns or reading.columns
    )
    first = trace_stats(open_either(reference, reading, seed))
    second = trace_stats(open_either(other, of_other, seed))
    table = compare_stats(first, second)
    if json:
        print_json({"reference": str(reference), "other": str(other), "figures": table.to_dicts()})
        return
    print_table(
        f"{other.name} against {reference.name}",
        ["figure", reference.name, other.name, "ratio"],
        [
            [row["figure"], *(number(row[k]) for k in ("reference", "other", "ratio"))]
            for row in table.to_dicts()
        ],
    )


@app.command
def presets(*, json: Json = False) -> None:
    """The generator's presets with their source and date."""
    from acceltrial.traces.generator import PRESETS

    if json:
        print_json({name: item.model_dump(exclude_none=True) for name, item in PRESETS.items()})
        return
    rows = [[name, number(item.rate_rps), item.source, item.as_of] for name, item in PRESETS.items()]
    print_table("presets", ["preset", "requests/s", "source", "as of"], rows)
