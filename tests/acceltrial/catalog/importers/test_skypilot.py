"""SkyPilot-style catalogues with their known defects."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.catalog import Catalogue, load_catalogue
from acceltrial.catalog.importers.skypilot import skypilot_offers
from acceltrial.catalog.location import find_catalogue
from acceltrial.errors import DataContractError

HEADER = "InstanceType,AcceleratorName,AcceleratorCount,GpuInfo,Price,SpotPrice,Region,AvailabilityZone\n"
INFO = "\"{'Gpus': [{'Name': 'Trainium2', 'MemoryInfo': {'SizeInMiB': 524288}}]}\""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(find_catalogue())


def test_the_known_defects_are_caught(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "vms.csv"
    path.write_text(
        HEADER
        + "p5.48xlarge,H100,8,,80.0,40.0,us-east-1,us-east-1a\n"
        + "p5.48xlarge,H100,8,,80.0,32.0,us-east-1,us-east-1b\n"
        + f"trn2.48xlarge,Trainium2,16,{INFO},,16.0,us-east-1,a\n"
        + ",tpu-v6e-8,1,,700.0,,us-east1,a\n"
        + ",tpu-v5p-8,1,,16.8,,us-east1,a\n"
        + "m5.large,,,,0.1,0.05,us-east-1,a\n"
        + "odd,H100,x,,1,1,us-east-1,a\n"
        + "strange,H100,1,,inf,,us-east-1,a\n"
        + "trn2.48xlarge,Trainium2,1,,21.5,,eu-west-1,a\n"
        + "weird.1x,Quantum9,1,,1.0,,us-east-1,a\n"
    )
    offers, findings = skypilot_offers(path, catalogue, provider="aws", as_of="2026-11-01")
    usd = {(offer.accelerator, offer.model): offer.usd for offer in offers}
    assert usd == {
        ("h100-sxm", "on_demand"): 10.0,
        ("h100-sxm", "spot"): 4.0,
        ("trainium2", "spot"): 1.0,
        ("tpu-v5p", "on_demand"): pytest.approx(4.2),
    }
    told = " | ".join(f"{finding.finding}: {finding.detail}" for finding in findings)
    assert "the source gives no price" in told
    assert "700 is this source's mark for an unknown price" in told
    assert "550 GB for one trainium2 of 103.1 GB" in told
    assert "row 8" in told
    assert "row 9" in told
    assert "1 accelerators where instances.csv has 16" in told
    assert "not in the catalogue: Quantum9" in told


def test_another_table_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "vms.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataContractError, match="'InstanceType' is missing"):
        skypilot_offers(path, catalogue, provider="aws", as_of="2026-11-01")
