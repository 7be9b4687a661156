from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.collect.conftest import AZURE, Collect, azure_rows, findings


def declare(workspace: Path, per_month: str) -> None:
    (workspace / "data/portfolio/traces/chat.csv").write_text(AZURE + azure_rows(600))
    path = workspace / "data/portfolio/workloads.yaml"
    path.write_text(path.read_text().replace("actions_per_month: 1000", f"actions_per_month: {per_month}"))


# The trace has one request a second; a month has 2,628,000 seconds.
@pytest.mark.parametrize("per_month", ["2_628_000", "1_000_000", "140_000", "5_000_000"])
def test_a_trace_of_a_busy_hour_fits_its_volume(collect: Collect, workspace: Path, per_month: str) -> None:
    declare(workspace, per_month)
    assert findings(collect(), "volume_disagrees").is_empty()


@pytest.mark.parametrize(("per_month", "times"), [("6_000_000", "0.438 times"), ("100_000", "26.3 times")])
def test_a_trace_that_cannot_be_of_the_volume_is_told(
    collect: Collect, workspace: Path, per_month: str, times: str
) -> None:
    declare(workspace, per_month)
    found = findings(collect(), "volume_disagrees")
    assert found["subject"].to_list() == ["chat", "rank"]
    assert times in found["detail"][0]


def test_a_foreign_trace_is_not_held_against_the_volume(collect: Collect, workspace: Path) -> None:
    declare(workspace, "100_000")
    override = {"path": str(workspace / "data/portfolio/traces/chat.csv")}
    assert findings(collect(trace_override=override), "volume_disagrees")["subject"].to_list() == ["rank"]


def test_a_handful_of_requests_proves_nothing(collect: Collect) -> None:
    assert findings(collect(), "volume_disagrees").is_empty()


def test_rows_that_are_no_requests_are_counted(collect: Collect, workspace: Path) -> None:
    span = '{{"name": "{name}", "startTimeUnixNano": "{at}", "attributes": {attributes}}}'
    model = (
        '{"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 7}'
    )
    lines = [span.format(name="chat", at=10**18 + i * 10**9, attributes=model) for i in range(4)]
    lines.append(span.format(name="db", at=10**18 + 5 * 10**9, attributes='{"db.system": "x"}'))
    (workspace / "data/portfolio/traces/chat.csv").write_text("\n".join(lines))
    found = findings(collect(), "rows_left_out")
    assert found["subject"].to_list() == ["chat", "rank"]
    assert found["detail"][0].startswith("1 rows")
