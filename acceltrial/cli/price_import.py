"""`acceltrial catalogue import`: fresher prices beside the shipped ones, from a cloud, a bill or a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.errors import ConfigurationError

if TYPE_CHECKING:
    from acceltrial.catalog.findings import Finding
    from acceltrial.catalog.offer import Offer

app = App(name="import", help="Import prices; they lie in imported/ of the catalogue and win where newer.")

Folder = Annotated[Path | None, Parameter(name="--catalogue")]
Json = Annotated[bool, Parameter(name="--json", negative="")]
Name = Annotated[str | None, Parameter(name="--name")]
Rates = Annotated[list[str] | None, Parameter(name="--rate", negative="")]
_SHOWN = 10


@app.command
def aws(
    *,
    region: Annotated[list[str], Parameter(name="--region", negative="")],
    instance_type: Annotated[list[str] | None, Parameter(name="--instance-type", negative="")] = None,
    spot_days: float = 7.0,
    profile: str | None = None,
    name: Name = None,
    catalogue: Folder = None,
    json: Json = False,
) -> None:
    """On-demand and reserved prices from the AWS Price List, spot prices from EC2's history.

    Args:
        region: a region code such as eu-central-1; may be given several times.
        instance_type: only these types; else all accelerated ones that the catalogue knows.
        spot_days: over how many days a spot price is averaged; 0 leaves spot prices out.
        profile: a profile of ~/.aws/config; else boto3's own chain of credentials.
        name: the file's name under imported/; else aws.
        catalogue: the catalogue's folder.
        json: the offers and findings as JSON on stdout.
    """
    from acceltrial.catalog.aws_prices import aws_prices, default_clients
    from acceltrial.catalog.instances import read_instances
    from acceltrial.catalog.location import find_catalogue

    if not 0 <= spot_days <= 90:
        raise ConfigurationError(
            f"{spot_days:g} days", where="--spot-days", remedy="give 0 to 90: AWS keeps 90 days"
        )
    folder = find_catalogue(catalogue)
    known = read_instances(folder, "aws")
    if unknown := sorted(set(instance_type or ()) - set(known)):
        raise ConfigurationError(
            f"{unknown[0]!r} is no accelerated instance of the catalogue",
            where="--instance-type",
            remedy="add it to instances.csv of the catalogue with its accelerator and their number",
        )
    wanted = {kind: known[kind] for kind in instance_type or known}
    found = aws_prices(default_clients(profile), wanted, region, now=datetime.now(UTC), spot_days=spot_days)
    _finish(folder, name or "aws", found.offers, found.findings, json=json)


@app.command
def skypilot(
    file: Path,
    /,
    *,
    provider: str,
    as_of: str,
    name: Name = None,
    catalogue: Folder = None,
    json: Json = False,
) -> None:
    """A SkyPilot-style cloud catalogue (InstanceType, AcceleratorName, Price, SpotPrice, Region, …).

    Args:
        file: the CSV file.
        provider: whose prices these are, such as aws, gcp or lambda.
        as_of: the day of the file, YYYY-MM-DD.
        name: the file's name under imported/; else skypilot-PROVIDER.
        catalogue: the catalogue's folder.
        json: the offers and findings as JSON on stdout.
    """
    from acceltrial.catalog import load_catalogue
    from acceltrial.catalog.importers.skypilot import skypilot_offers
    from acceltrial.catalog.location import find_catalogue

    folder = find_catalogue(catalogue)
    offers, findings = skypilot_offers(file, load_catalogue(folder), provider=provider, as_of=_day(as_of))
    _finish(folder, name or f"skypilot-{provider}", offers, findings, json=json)


@app.command
def table(
    file: Path,
    /,
    *,
    column: Annotated[list[str] | None, Parameter(name="--column", negative="")] = None,
    rate: Rates = None,
    as_of: str | None = None,
    name: Name = None,
    catalogue: Folder = None,
    json: Json = False,
) -> None:
    """A plain CSV price list: a quote, a private offer, an internal rate card.

    Args:
        file: a CSV file with at least the columns accelerator and price (of the whole instance). Others:
            per (second, minute, hour, day, month, year), currency, count (else a known instance type's, else
            1), provider, region, residency, environment, instance_type, model, term, grade, as_of, source,
            note.
        column: OURS=THEIRS where the file names a column otherwise; may be given several times.
        rate: CODE=USD for one unit of another currency, such as EUR=1.08; may be given several times.
        as_of: the day of rows without one, YYYY-MM-DD; else today.
        name: the file's name under imported/; else the file's own.
        catalogue: the catalogue's folder.
        json: the offers as JSON on stdout.
    """
    from acceltrial.catalog import load_catalogue
    from acceltrial.catalog.importers.money import parse_rates
    from acceltrial.catalog.importers.price_table import table_offers
    from acceltrial.catalog.location import find_catalogue

    folder = find_catalogue(catalogue)
    day = _day(as_of) if as_of else datetime.now(UTC).date().isoformat()
    offers = table_offers(
        file, load_catalogue(folder), columns=_columns(column or []), rates=parse_rates(rate or []), as_of=day
    )
    _finish(folder, name or file.stem, offers, (), json=json)


@app.command
def billing(
    *files: Path,
    provider: str = "aws",
    rate: Rates = None,
    name: Name = None,
    catalogue: Folder = None,
    json: Json = False,
) -> None:
    """What was really paid an accelerator hour, from FOCUS billing exports (EffectiveCost).

    Args:
        files: FOCUS 1.x exports, CSV or Parquet.
        provider: whose instance types the charges name.
        rate: CODE=USD for one unit of another billing currency.
        name: the file's name under imported/; else billing.
        catalogue: the catalogue's folder.
        json: the offers and findings as JSON on stdout.
    """
    from acceltrial.catalog.importers.billing import billed_offers
    from acceltrial.catalog.importers.money import parse_rates
    from acceltrial.catalog.instances import read_instances
    from acceltrial.catalog.location import find_catalogue

    folder = find_catalogue(catalogue)
    offers, findings = billed_offers(list(files), read_instances(folder, provider), parse_rates(rate or []))
    _finish(folder, name or "billing", offers, findings, json=json)


@app.command
def api(
    file: Path,
    /,
    *,
    as_of: str,
    provider: Annotated[list[str] | None, Parameter(name="--provider", negative="")] = None,
    catalogue: Folder = None,
) -> None:
    """Prices a token of hosted services, from LiteLLM's price feed (JSON); replaces api_prices.csv.

    Args:
        file: model_prices_and_context_window.json of LiteLLM.
        as_of: the day of the file, YYYY-MM-DD.
        provider: only these; else all that serve a model of the catalogue.
        catalogue: the catalogue's folder.
    """
    from acceltrial.catalog import load_catalogue
    from acceltrial.catalog.importers.api_feed import import_api_prices
    from acceltrial.catalog.location import find_catalogue

    folder = find_catalogue(catalogue)
    path, rows, findings = import_api_prices(file, load_catalogue(folder), _day(as_of), provider)
    _tell(findings)
    sys.stderr.write(f"{path}: {rows} prices\n")


def _finish(
    folder: Path, name: str, offers: Iterable[Offer], findings: Iterable[Finding], *, json: bool
) -> None:
    from acceltrial.catalog.imported import repeated, save_offers

    kept = list(offers)
    told = [*findings, *repeated(kept)]
    _tell(told)
    path = save_offers(folder, name, kept, today=datetime.now(UTC).date())
    sys.stderr.write(f"{path}: {len({offer.name for offer in kept})} offers\n")
    if json:
        out = {"offers": [offer.row() for offer in kept], "findings": told}
        print_json(out)


def _tell(findings: Sequence[Finding]) -> None:
    for finding in findings[:_SHOWN]:
        sys.stderr.write(f"{finding.severity}: {finding.subject}: {finding.detail} → {finding.remedy}\n")
    if len(findings) > _SHOWN:
        sys.stderr.write(f"… and {len(findings) - _SHOWN} more\n")


def _columns(given: list[str]) -> dict[str, str]:
    mapped = {}
    for text in given:
        ours, equals, theirs = text.partition("=")
        if not (ours and equals and theirs):
            raise ConfigurationError(
                f"{text!r} maps no column", where="--column", remedy="write OURS=THEIRS: price=usd_per_hour"
            )
        mapped[ours.strip()] = theirs.strip()
    return mapped


def _day(text: str) -> str:
    from acceltrial.catalog.price_rules import is_day, starts_after

    if not is_day(text):
        raise ConfigurationError(f"{text!r} is no date", where="--as-of", remedy="write YYYY-MM-DD")
    if starts_after(text, datetime.now(UTC).date()):
        raise ConfigurationError(
            f"{text} lies in the future", where="--as-of", remedy="give the day on which the prices were read"
        )
    return text
