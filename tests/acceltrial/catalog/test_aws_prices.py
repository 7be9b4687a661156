"""boto3 against answers of recorded shape (botocore's Stubber) and against moto's stand-in, not real AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acceltrial.catalog.aws_prices import aws_prices
from acceltrial.catalog.instances import Instance
from acceltrial.errors import TargetUnavailableError

boto3 = pytest.importorskip("boto3")
from botocore.config import Config  # noqa: E402
from botocore.stub import ANY, Stubber  # noqa: E402

NOW = datetime(2026, 11, 22, tzinfo=UTC)
INSTANCES = {"trn1.32xlarge": Instance("aws", "trn1.32xlarge", "trainium1", 16)}


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


def product(usd: str = "21.5") -> str:
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": usd}}
    return json.dumps(
        {
            "product": {
                "attributes": {
                    "instanceType": "trn1.32xlarge", "regionCode": "us-east-1", "operatingSystem": "Linux",
                    "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used",
                }
            },
            "terms": {
                "OnDemand": {"A": {"priceDimensions": {"D": dimension}, "termAttributes": {}}}
            },
            "publicationDate": "2026-11-20T10:00:00Z",
        }
    )  # fmt: skip


class Stubbed:
    """Real boto3 clients whose answers are set beforehand, page by page."""

    def __init__(self) -> None:
        quick = Config(retries={"max_attempts": 1})
        session = boto3.Session()  # a default session would keep these keys for later tests
        self.pricing = session.client("pricing", region_name="us-east-1", config=quick)
        self.ec2 = session.client("ec2", region_name="us-east-1", config=quick)
        self.stubs = {"pricing": Stubber(self.pricing), "ec2": Stubber(self.ec2)}
        for stub in self.stubs.values():
            stub.activate()

    def __call__(self, service: str, region: str) -> Any:
        return {"pricing": self.pricing, "ec2": self.ec2}[service]

    def products(self, *items: str, token: str | None = None, given: str | None = None) -> None:
        expected = {"ServiceCode": "AmazonEC2", "FormatVersion": "aws_v1", "Filters": ANY}
        if given:
            expected["NextToken"] = given
        answer: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": list(items)}
        if token:
            answer["NextToken"] = token
        self.stubs["pricing"].add_response("get_products", answer, expected)

    def spot(self, entries: list[dict[str, Any]], token: str = "") -> None:
        self.stubs["ec2"].add_response(
            "describe_spot_price_history", {"SpotPriceHistory": entries, "NextToken": token}
        )


@pytest.fixture
def stubbed() -> Stubbed:
    return Stubbed()


def test_pages_are_followed_and_both_kinds_of_price_come_back(stubbed: Stubbed) -> None:
    stubbed.products(token="more")
    stubbed.products(product(), given="more")
    entry = {
        "InstanceType": "trn1.32xlarge", "AvailabilityZone": "us-east-1a", "SpotPrice": "8.0",
        "Timestamp": NOW - timedelta(days=30), "ProductDescription": "Linux/UNIX",
    }  # fmt: skip
    stubbed.spot([entry], token="more")
    stubbed.spot([{**entry, "AvailabilityZone": "us-east-1b", "SpotPrice": "7.2"}])
    found = aws_prices(stubbed, INSTANCES, ["us-east-1"], now=NOW)
    assert {offer.model: offer.usd for offer in found.offers} == {"on_demand": 21.5 / 16, "spot": 7.2 / 16}
    assert found.findings == ()


def test_a_region_without_the_product_is_a_finding(stubbed: Stubbed) -> None:
    stubbed.products()
    found = aws_prices(stubbed, INSTANCES, ["us-east-1"], now=NOW, spot_days=0)
    assert not found.offers
    assert [finding.finding for finding in found.findings] == ["no_on_demand_price"]


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("ThrottlingException", "later"),
        ("AccessDeniedException", "permission"),
        ("InternalErrorException", "later"),
    ],
)
def test_a_price_list_that_fails_to_the_end_is_one_clear_error(
    stubbed: Stubbed, code: str, remedy: str
) -> None:
    stubbed.stubs["pricing"].add_client_error("get_products", code, "told by AWS")
    with pytest.raises(TargetUnavailableError, match=f"{code}: told by AWS") as caught:
        aws_prices(stubbed, INSTANCES, ["us-east-1"], now=NOW)
    assert remedy in caught.value.remedy


def test_a_region_that_refuses_the_spot_history_keeps_its_other_prices(stubbed: Stubbed) -> None:
    stubbed.products(product())
    stubbed.stubs["ec2"].add_client_error("describe_spot_price_history", "OptInRequired", "not opted in")
    found = aws_prices(stubbed, INSTANCES, ["us-east-1"], now=NOW)
    assert [offer.model for offer in found.offers] == ["on_demand"]
    assert found.findings[0].detail == "not opted in"


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(TargetUnavailableError, match="no AWS credentials"):
        aws_prices(
            lambda service, region: boto3.Session().client(service, region_name=region),
            INSTANCES,
            ["us-east-1"],
            now=NOW,
        )


@pytest.fixture
def moto_ec2() -> Iterator[Any]:
    moto = pytest.importorskip("moto")
    with moto.mock_aws():
        yield boto3.Session().client("ec2", region_name="us-east-1")


def test_the_spot_history_is_read_through_motos_api(stubbed: Stubbed, moto_ec2: Any) -> None:
    stubbed.products(product())
    kinds = {"m5.large": Instance("aws", "m5.large", "trainium1", 1)}

    def clients(service: str, region: str) -> Any:
        return stubbed.pricing if service == "pricing" else moto_ec2

    found = aws_prices(clients, kinds, ["us-east-1"], now=datetime.now(UTC) + timedelta(days=1), spot_days=90)
    assert {offer.model for offer in found.offers} <= {"spot"}
    assert all(offer.usd > 0 for offer in found.offers)
