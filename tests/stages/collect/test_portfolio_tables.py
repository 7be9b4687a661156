from __future__ import annotations

import json
from pathlib import Path

from acceltrial.targets.spec import spec_from_row
from tests.stages.collect.conftest import Collect, table


def test_what_is_not_declared_stays_empty(collect: Collect) -> None:
    row = table(collect(), "workloads").row(0, named=True)
    for name in ("action_value_usd", "declared_criticality", "slo_tpot_ms", "deadline_h", "power_budget_w"):
        assert row[name] is None
    assert row["slo_ttft_ms"] == 1000
    assert row["residency"] == "any"
    assert row["slo_percentile"] == 95


def test_all_parameters_of_a_dense_model_are_active(collect: Collect) -> None:
    row = table(collect(), "models").row(0, named=True)
    assert row["active_params_b"] == row["params_b"] == 0.3


def test_an_unpriced_target_has_no_price_and_no_grade(collect: Collect) -> None:
    row = table(collect(), "targets").row(0, named=True)
    assert (row["price_usd_hr"], row["price_grade"], row["price_source"]) == (None, None, None)


def test_launch_is_json_that_the_targets_understand(collect: Collect) -> None:
    from acceltrial.targets import llamacpp

    row = table(collect(), "targets").row(0, named=True)
    assert json.loads(row["launch"])["parallel"] == 4
    assert spec_from_row(row).parse_launch(llamacpp.Launch).context_tokens == llamacpp.Launch().context_tokens


def test_the_sample_targets_are_understood_by_their_adapters(checkout: Path) -> None:
    from acceltrial.portfolio import read_portfolio
    from acceltrial.portfolio.target import launch_settings
    from acceltrial.targets import registry

    for target in read_portfolio(checkout / "data" / "portfolio").targets:
        module = registry.adapter(target.kind).__class__.__module__
        launch = __import__(module, fromlist=["Launch"]).Launch
        assert launch.model_validate(launch_settings(target))
