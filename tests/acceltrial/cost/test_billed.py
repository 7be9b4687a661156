from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.cost.billed import Predicted, compare
from acceltrial.cost.billed_rules import BillingFile, Rate, Rule, TagKeys
from acceltrial.cost.focus import Charges, read_charges
from acceltrial.errors import DataContractError
from tests.acceltrial.cost.test_focus import charge, write

PREDICTIONS = {
    ("chat", "gpu"): {"usd_per_month_compute": Predicted(730.0, 584.0, 876.0)},
    ("chat", "chip"): {"usd_per_month_compute": Predicted(365.0, 300.0, 400.0)},
}
BY_TAG = BillingFile(tag_keys=TagKeys(workload="workload", option="option"))


def bill(tmp_path: Path, *rows: dict[str, Any]) -> Charges:
    return read_charges([write(tmp_path / "b.csv", list(rows))])


def rows_of(charges: Charges, file: BillingFile = BY_TAG) -> list[tuple[Any, ...]]:
    found = compare(charges, file, PREDICTIONS, {"chat": "gpu"})
    return [(r.workload, r.option, r.line, r.verdict) for r in found.rows]


def test_a_prediction_is_scaled_to_the_hours_that_the_export_covers(tmp_path: Path) -> None:
    half = charge(ChargePeriodEnd="2026-10-16T12:00:00Z", EffectiveCost="300")
    row = compare(bill(tmp_path, half), BY_TAG, PREDICTIONS, {"chat": "gpu"}).rows[0]
    assert row.hours == 372
    assert row.predicted_usd == pytest.approx(372.0)
    assert row.ratio == pytest.approx(300 / 372)
    assert row.verdict == "within"


def test_charges_go_to_the_first_rule_then_to_what_their_tags_name(tmp_path: Path) -> None:
    file = BillingFile(
        tag_keys=BY_TAG.tag_keys,
        rules=[Rule(workload="chat", option="chip", sku="trn*"), Rule(workload="chat", resource="i-9*")],
    )
    charges = bill(
        tmp_path,
        charge(SkuId="trn1.32xlarge", EffectiveCost="500"),
        charge(SkuId="p5", ResourceId="i-91", Tags=""),
        charge(SkuId="p5", ResourceId="i-2", Tags='{"workload": "chat", "option": "chip"}'),
        charge(SkuId="p5", ResourceId="i-3", Tags='{"workload": "web"}'),
        charge(SkuId="p5", ResourceId="i-4", Tags=""),
    )
    found = compare(charges, file, PREDICTIONS, {"chat": "gpu"})
    assert [(r.workload, r.option, r.charges, r.verdict) for r in found.rows] == [
        ("chat", "chip", 2, "above"), ("chat", "gpu", 1, "below"),
        (None, None, 1, "no_prediction"), (None, None, 1, "no_prediction"),
    ]  # fmt: skip
    assert found.unmatched_share == pytest.approx(20 / 540)
    assert "'web'" in found.rows[2].reason


def test_credits_taxes_and_commitments_stand_apart(tmp_path: Path) -> None:
    charges = bill(
        tmp_path,
        charge(
            BilledCost="0", EffectiveCost="600", CommitmentDiscountId="c", CommitmentDiscountStatus="Used"
        ),
        charge(
            BilledCost="0", EffectiveCost="80", CommitmentDiscountId="c", CommitmentDiscountStatus="Unused"
        ),
        charge(BilledCost="700", EffectiveCost="0", CommitmentDiscountId="c", ChargeCategory="Purchase"),
        charge(BilledCost="-90", EffectiveCost="-90", ChargeCategory="Credit", Tags=""),
        charge(BilledCost="19", EffectiveCost="19", ChargeCategory="Tax", Tags=""),
    )
    found = compare(charges, BY_TAG, PREDICTIONS, {"chat": "gpu"})
    assert {r.line: r.effective_usd for r in found.rows} == {
        "compute": 600, "unused_commitment": 80, "commitment": 0, "credit": -90, "tax": 19,
    }  # fmt: skip
    assert next(r for r in found.rows if r.line == "compute").verdict == "within"
    assert found.unmatched_share == 0


def test_a_refund_corrects_its_own_period_and_is_told(tmp_path: Path) -> None:
    refund = charge(EffectiveCost="-100", BilledCost="-100", ChargeClass="Correction", ResourceId="i-2")
    row = compare(
        bill(tmp_path, charge(EffectiveCost="800"), refund), BY_TAG, PREDICTIONS, {"chat": "gpu"}
    ).rows[0]
    assert (row.effective_usd, row.verdict) == (700, "within")
    assert "-100.00 USD of it are corrections" in row.reason


def test_mixed_currencies_need_a_rate_each(tmp_path: Path) -> None:
    charges = bill(tmp_path, charge(), charge(BillingCurrency="EUR", ResourceId="i-2"))
    with pytest.raises(DataContractError, match="no rate to USD for EUR"):
        compare(charges, BY_TAG, PREDICTIONS, {"chat": "gpu"})
    priced = BY_TAG.model_copy(update={"currency": {"EUR": Rate(usd=1.1, source="ECB", as_of="2026-10-31")}})
    assert compare(charges, priced, PREDICTIONS, {"chat": "gpu"}).rows[0].effective_usd == pytest.approx(21.0)


def test_names_of_tags_that_the_evaluation_does_not_know_are_not_taken_over(tmp_path: Path) -> None:
    hostile = '{"workload": "chat", "option": "<script>alert(1)</script>"}'
    assert rows_of(bill(tmp_path, charge(Tags=hostile))) == [("chat", None, "compute", "no_prediction")]


def test_a_rule_that_takes_nothing_is_told(tmp_path: Path) -> None:
    file = BillingFile(rules=[Rule(workload="lab", sku="x*")])
    assert compare(bill(tmp_path, charge()), file, PREDICTIONS, {}).findings == (
        "the rules for lab took no charge",
    )


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.sampled_from(["chat", "web", ""])), min_size=1, max_size=20)
)
def test_no_charge_is_lost_and_shares_are_shares(given_rows: list[tuple[float, str]]) -> None:
    frame = pl.DataFrame(
        [charge(ResourceId=f"i-{i}", EffectiveCost=usd, BilledCost=usd, Tags=f'{{"workload": "{name}"}}')
         for i, (usd, name) in enumerate(given_rows)]
    )  # fmt: skip
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b.parquet"
        frame.write_parquet(path)
        found = compare(read_charges([path]), BY_TAG, PREDICTIONS, {"chat": "gpu"})
    total = sum(usd for usd, _ in given_rows)
    assert sum(r.effective_usd for r in found.rows) == pytest.approx(total, abs=1e-6)
    assert sum(r.charges for r in found.rows) == len(given_rows)
    assert found.unmatched_share is None or 0 <= found.unmatched_share <= 1
