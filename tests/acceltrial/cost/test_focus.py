from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acceltrial.cost.focus import read_charges, tags_of
from acceltrial.errors import DataContractError, StorageError


def charge(**over: Any) -> dict[str, Any]:
    base = {
        "BilledCost": "10", "EffectiveCost": "10", "BillingCurrency": "USD", "ChargeCategory": "Usage",
        "ChargePeriodStart": "2026-10-01T00:00:00Z", "ChargePeriodEnd": "2026-11-01T00:00:00Z",
        "ServiceCategory": "Compute", "ResourceId": "i-1", "Tags": '{"workload": "chat"}',
    }  # fmt: skip
    return {**base, **over}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    pl.DataFrame(rows).write_csv(path)
    return path


def test_csv_and_parquet_give_the_same_charges(tmp_path: Path) -> None:
    csv = write(tmp_path / "bill.csv", [charge(), charge(ResourceId="i-2", BilledCost="-2.5e-1")])
    typed = pl.DataFrame(
        {
            "BilledCost": [10.0, -0.25], "EffectiveCost": [10.0, 10.0], "BillingCurrency": "USD",
            "ChargeCategory": "Usage", "ChargePeriodStart": datetime(2026, 10, 1, tzinfo=UTC),
            "ChargePeriodEnd": datetime(2026, 11, 1, tzinfo=UTC), "ServiceCategory": "Compute",
            "ResourceId": ["i-1", "i-2"], "Tags": [[{"key": "workload", "value": "chat"}]] * 2,
        }
    )  # fmt: skip
    typed.write_parquet(tmp_path / "bill.parquet")
    one, other = read_charges([csv]).frame, read_charges([tmp_path / "bill.parquet"]).frame
    assert one.drop("file", "row").equals(other.drop("file", "row"))
    assert one["row"].to_list() == [2, 3]


@pytest.mark.parametrize(
    "text", ["2026-10-01", "2026-10-01 00:00:00", "2026-10-01T00:00:00+00:00", "2026-10-01T00:00Z"]
)
def test_instants_may_be_written_in_the_usual_ways(tmp_path: Path, text: str) -> None:
    frame = read_charges([write(tmp_path / "b.csv", [charge(ChargePeriodStart=text)])]).frame
    assert frame["ChargePeriodStart"][0] == datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"BilledCost": "nan"}, "row 2, column BilledCost"),
        ({"BilledCost": "inf"}, "finite"),
        ({"EffectiveCost": "1,5"}, "column EffectiveCost"),
        ({"EffectiveCost": ""}, "EffectiveCost: it is empty"),
        ({"ChargeCategory": "Refund"}, "no charge category"),
        ({"BillingCurrency": "Euro"}, "no currency"),
        ({"ChargePeriodStart": "yesterday"}, "no instant"),
        ({"ChargePeriodEnd": "2026-10-01T00:00:00Z"}, "after its start"),
        ({"Tags": "workload=chat"}, "no JSON object"),
        ({"Tags": "[1]"}, "no JSON object"),
    ],
)
def test_a_charge_that_breaks_the_format_is_named_by_row_and_column(
    tmp_path: Path, over: dict[str, str], said: str
) -> None:
    with pytest.raises(DataContractError, match=said):
        read_charges([write(tmp_path / "b.csv", [charge(**over)])])


def test_another_kind_of_report_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("lineItem/UnblendedCost\n1\n")
    with pytest.raises(DataContractError, match="no column BilledCost"):
        read_charges([tmp_path / "b.csv"])
    (tmp_path / "b.parquet").write_bytes(b"not parquet")
    with pytest.raises(DataContractError, match="not a FOCUS export"):
        read_charges([tmp_path / "b.parquet"])
    (tmp_path / "empty.csv").write_text(",".join(charge()) + "\n")
    with pytest.raises(DataContractError, match="has no charge"):
        read_charges([tmp_path / "empty.csv"])
    with pytest.raises(StorageError):
        read_charges([tmp_path / "absent.csv"])


def test_one_charge_exported_twice_counts_once_and_machines_without_names_all_count(tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", [charge(), charge(ResourceId="")])
    second = write(tmp_path / "b.csv", [charge(), charge(ResourceId="")])
    found = read_charges([first, second])
    assert (found.duplicates, found.duplicates_cost, found.unnamed_twins) == (1, 10.0, 1)
    assert found.frame.height == 3


def test_a_commitment_may_not_cost_both_when_bought_and_when_used(tmp_path: Path) -> None:
    used = charge(CommitmentDiscountId="sp-1", BilledCost="0")
    bought = charge(ChargeCategory="Purchase", CommitmentDiscountId="sp-1", ResourceId="")
    with pytest.raises(DataContractError, match="'sp-1' costs 10 when bought"):
        read_charges([write(tmp_path / "b.csv", [used, bought])])
    fine = read_charges([write(tmp_path / "b.csv", [used, {**bought, "EffectiveCost": "0"}])])
    assert fine.frame.height == 2


def test_tags_are_texts() -> None:
    assert tags_of(None) == {}
    assert tags_of('{"a": 1, "b": null}') == {"a": "1", "b": ""}
