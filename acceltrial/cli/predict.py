"""`acceltrial predict` and `acceltrial fit`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from acceltrial.cli.json_output import print_json

if TYPE_CHECKING:
    from acceltrial.predict.parameters import Parameters
    from acceltrial.predict.table import Summary

Json = Annotated[bool, Parameter(name="--json", negative="")]
CatalogueFolder = Annotated[Path | None, Parameter(name="--catalogue")]


def predict(
    cases: Path,
    *,
    out: Path,
    params: Path | None = None,
    catalogue: CatalogueFolder = None,
    json: Json = False,
) -> None:
    """Predict latency and throughput of the cases in a CSV file.

    CASES has the columns accelerator, count, model, params_b, precision, scenario, input_len, output_len,
    concurrency, metric and unit, with names as sources write them. The output has the same rows in the same
    order plus predicted, low, high (80 % interval), grade, basis and reason; a case that cannot be predicted
    has no value and says why.

    Args:
        cases: a CSV file.
        out: where the predictions go, as CSV.
        params: parameters of `acceltrial fit`; else those that ship with the library.
        catalogue: the catalogue's folder; else data/catalogue of this folder or one above.
        json: write a summary as JSON to stdout.
    """
    from acceltrial.catalog import load_catalogue
    from acceltrial.catalog.location import find_catalogue
    from acceltrial.predict.parameters import load_parameters
    from acceltrial.predict.rows import RowReader
    from acceltrial.predict.table import predict_file

    fitted = load_parameters(params)
    reader = RowReader(load_catalogue(find_catalogue(catalogue)))
    summary = predict_file(cases, out, reader, fitted)
    _say_predicted(summary, out, fitted)
    if json:
        print_json(
            {
                "rows": summary.rows,
                "predicted": summary.predicted,
                "refused": summary.refused,
                "reasons": summary.reasons,
                "out": str(out),
                "predictor": fitted.source,
            },
            sort_keys=True,
        )


def fit(
    *,
    data: Path,
    out: Path,
    beside: Path | None = None,
    date: str | None = None,
    catalogue: CatalogueFolder = None,
    json: Json = False,
) -> None:
    """Fit the predictor to measured rows and tell its errors on rows that it did not see.

    Errors are those of cross-validation over configurations and of leaving out one family at a time.

    Args:
        data: a CSV file with the columns of `acceltrial predict` and `value`.
        beside: such a file of rows from other kinds of sources: they correct predictions that resemble them,
            but what all accelerators share is fitted to `data` alone. The catalogue has measurements.csv.
        out: where the parameters go, as JSON.
        date: the date that the parameters carry (YYYY-MM-DD); else today's.
        catalogue: the catalogue's folder; else data/catalogue of this folder or one above.
        json: write the errors as JSON to stdout.
    """
    from hashlib import sha256

    from acceltrial.catalog import load_catalogue
    from acceltrial.catalog.location import find_catalogue
    from acceltrial.predict.fitting import fit as fit_rows
    from acceltrial.predict.rows import RowReader
    from acceltrial.predict.table import read_training
    from acceltrial.storage.digest import file_digest

    reader = RowReader(load_catalogue(find_catalogue(catalogue)))
    training, left_out = read_training(data, reader)
    digest = file_digest(data)
    if beside is not None:
        more, unused = read_training(beside, reader)
        training = training.with_beside(more)
        left_out += [(row, f"{beside.name}: {reason}") for row, reason in unused]
        digest = sha256((digest + file_digest(beside)).encode()).hexdigest()
    day = date or datetime.now(UTC).date().isoformat()
    fitted = fit_rows(training, digest=digest, date=day)
    fitted.save(out)
    _say_fitted(fitted, left_out, out)
    if json:
        print_json(
            {
                **fitted.report,
                "out": str(out),
                "predictor": fitted.source,
                "left_out": [{"row": row, "reason": reason} for row, reason in left_out],
            },
            sort_keys=True,
        )


def _say_predicted(summary: Summary, out: Path, fitted: Parameters) -> None:
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    console.print(
        f"{summary.predicted} of {summary.rows} cases predicted, {summary.refused} refused → {out}",
        markup=False,
    )
    console.print(fitted.source, style="dim", markup=False)
    for reason, count in sorted(summary.reasons.items(), key=lambda item: -item[1])[:5]:
        console.print(f"  refused {count} ×: {reason}", markup=False)


def _say_fitted(fitted: Parameters, left_out: list[tuple[int, str]], out: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=True, highlight=False)
    beside = fitted.report.get("beside", {})
    for title, errors_by_metric in (
        ("rows of configurations that were held out", fitted.report.get("leave_configuration_out", {})),
        ("rows of families that were held out", fitted.report.get("leave_family_out", {})),
        ("rows beside, of configurations that were held out", beside.get("leave_configuration_out", {})),
        ("rows beside, of families that were held out", beside.get("leave_family_out", {})),
    ):
        if not errors_by_metric:
            continue
        table = Table("metric", "family", "rows", "median error", "90 % of errors below", title=title)
        for metric, errors in errors_by_metric.items():
            _add_errors(table, metric, "all", errors)
            for family, own in errors["by_family"].items():
                _add_errors(table, "", family, own)
        console.print(table)
    for row, reason in left_out[:10]:
        console.print(f"row {row} left out: {reason}", markup=False)
    if len(left_out) > 10:
        console.print(f"… and {len(left_out) - 10} more rows", markup=False)
    console.print(f"{fitted.source} → {out}", markup=False)


def _add_errors(table: Any, metric: str, family: str, errors: dict[str, Any]) -> None:
    from rich.text import Text

    table.add_row(
        metric,
        Text(family),
        str(errors["rows"]),
        f"{errors['median_error']:.1%}",
        f"{errors['p90_error']:.1%}",
    )
