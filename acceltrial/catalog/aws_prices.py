"""Prices of accelerated EC2 instances from AWS itself: the Price List and the spot price history.

Credentials come from boto3's own chain. The Price List needs `pricing:GetProducts`, the history
`ec2:DescribeSpotPriceHistory`. Throttled calls are tried again with growing pauses by boto3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from acceltrial.catalog.findings import Finding
from acceltrial.catalog.importers.aws_products import product_offers, spot_offers
from acceltrial.catalog.instances import Instance
from acceltrial.catalog.offer import Offer
from acceltrial.errors import ConfigurationError, TargetUnavailableError

PRICE_LIST_REGION = "us-east-1"
"""One of the few regions that serve the Price List; it answers for all."""
ATTEMPTS = 10
CONNECT_S, READ_S = 5, 30
_REFUSED = {
    "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "OptInRequired",
    "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException",
}  # fmt: skip

Clients = Callable[[str, str], Any]
"""(service, region) → a boto3 client."""


@dataclass(frozen=True, slots=True)
class AwsPrices:
    """Offers, and what was left out or could not be had."""

    offers: tuple[Offer, ...]
    findings: tuple[Finding, ...]


def default_clients(profile: str | None = None) -> Clients:
    """boto3 clients with bounded waits and adaptive retries.

    Raises:
        ConfigurationError: boto3 is not installed, or the profile does not exist.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ProfileNotFound
    except ImportError as error:
        raise ConfigurationError(
            "boto3 is not installed", where="AWS prices", remedy="pip install 'acceltrial[aws]'"
        ) from error
    try:
        session = boto3.Session(profile_name=profile)
    except ProfileNotFound as error:
        raise ConfigurationError(
            str(error), where="--profile", remedy="name a profile of ~/.aws/config"
        ) from error
    config = Config(
        retries={"mode": "adaptive", "max_attempts": ATTEMPTS},
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
    )
    return lambda service, region: session.client(service, region_name=region, config=config)


def aws_prices(
    clients: Clients,
    instances: Mapping[str, Instance],
    regions: list[str],
    *,
    now: datetime,
    spot_days: float = 7.0,
) -> AwsPrices:
    """On-demand, reserved and spot offers of the instances in the regions.

    A region that refuses the spot history (not opted in, no permission) is a finding; the others go on.

    Args:
        clients: makes a boto3 client for a service and region.
        instances: accelerated instances by type.
        regions: region codes, such as eu-central-1.
        now: the end of the spot window, with time zone.
        spot_days: its length; zero leaves spot prices out. AWS keeps 90 days.

    Raises:
        TargetUnavailableError: no credentials, no permission for the Price List, throttled to the end, or
            AWS cannot be reached.
    """
    offers: list[Offer] = []
    findings: list[Finding] = []
    for region in regions:
        with _explained(f"AWS Price List, {region}"):
            items = list(_products(clients("pricing", PRICE_LIST_REGION), region, sorted(instances)))
        found, left_out = product_offers(items, instances, as_of=now.date().isoformat())
        offers += found
        findings += [*left_out, *_missing(found, instances, region)]
        if spot_days > 0:
            found, left_out = _spot(clients, instances, region, now - timedelta(days=spot_days), now)
            offers += found
            findings += left_out
    return AwsPrices(tuple(offers), tuple(findings))


def _products(client: Any, region: str, types: list[str]) -> Iterator[str]:
    pages = client.get_paginator("get_products")
    for kind in types:
        filters = {
            "regionCode": region,
            "instanceType": kind,
            "operatingSystem": "Linux",
            "tenancy": "Shared",
            "preInstalledSw": "NA",
            "capacitystatus": "Used",
        }
        wanted = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in filters.items()]
        for page in pages.paginate(ServiceCode="AmazonEC2", FormatVersion="aws_v1", Filters=wanted):
            yield from page["PriceList"]


def _spot(
    clients: Clients, instances: Mapping[str, Instance], region: str, start: datetime, end: datetime
) -> tuple[list[Offer], list[Finding]]:
    from botocore.exceptions import ClientError

    try:
        with _explained(f"EC2 spot price history, {region}", refused_is_fatal=False):
            pages = clients("ec2", region).get_paginator("describe_spot_price_history")
            history = [
                entry
                for page in pages.paginate(
                    InstanceTypes=sorted(instances),
                    ProductDescriptions=["Linux/UNIX"],
                    StartTime=start,
                    EndTime=end,
                )
                for entry in page["SpotPriceHistory"]
            ]
    except ClientError as error:
        problem = error.response["Error"].get("Message", str(error))
        return [], [
            Finding(
                "price",
                f"aws spot {region}",
                "region_refused",
                "warning",
                problem,
                "opt in to the region, or grant ec2:DescribeSpotPriceHistory",
            )
        ]
    return spot_offers(history, instances, region, start, end)


def _missing(offers: list[Offer], instances: Mapping[str, Instance], region: str) -> list[Finding]:
    """Instance types that the region does not sell, or not on demand: one finding together."""
    priced = {offer.instance_type for offer in offers if offer.model == "on_demand"}
    missing = sorted(set(instances) - priced)
    if not missing:
        return []
    return [
        Finding(
            "price",
            f"aws {region}",
            "no_on_demand_price",
            "info",
            f"no on-demand price for {', '.join(missing)}",
            "not sold there, or by capacity blocks only: ask for an offer where it matters",
        )
    ]


@contextmanager
def _explained(where: str, *, refused_is_fatal: bool = True) -> Iterator[None]:
    """Turns what boto3 raises into one clear error; a refusal passes through where it is not fatal."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except NoCredentialsError as error:
        raise TargetUnavailableError(
            "no AWS credentials", where=where, remedy="configure a profile or role for boto3"
        ) from error
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        if code in _REFUSED and not refused_is_fatal:
            raise
        remedy = (
            "grant the permission, or renew the credentials" if code in _REFUSED else "run it again later"
        )
        raise TargetUnavailableError(
            f"{code or 'error'}: {error.response['Error'].get('Message', error)}", where=where, remedy=remedy
        ) from error
    except BotoCoreError as error:
        raise TargetUnavailableError(
            f"AWS cannot be reached ({error})", where=where, remedy="check network and region names"
        ) from error
