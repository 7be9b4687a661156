from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stages.collect.conftest import AZURE, Collect, azure_rows, findings, table


def test_coarse_timestamps_are_spread_and_told(collect: Collect, workspace: Path) -> None:
    lines = [
        json.dumps({"timestamp": 3000 * (i // 6), "input_length": 20, "output_length": 5, "hash_ids": [i]})
        for i in range(60)
    ]
    (workspace / "data/portfolio/traces/chat.csv").write_text("\n".join(lines))
    outputs = collect()
    assert table(outputs, "trace_sources")["spread_step_s"].to_list() == [3.0, 3.0]
    assert findings(outputs, "coarse_timestamps")["subject"].to_list() == ["chat", "rank"]
    assert table(outputs, "requests").filter(workload="chat")["arrival_s"].n_unique() > 50


def test_a_shared_trace_is_given_to_each_workload_alike(collect: Collect) -> None:
    requests = table(collect(), "requests").drop("workload")
    assert requests[:30].equals(requests[30:])


def test_a_shared_trace_that_is_cut_is_cut_alike(collect: Collect) -> None:
    requests = table(collect(max_requests_per_trace=11), "requests").drop("workload")
    assert requests[:11].equals(requests[11:])


def test_nothing_but_the_requests_is_left_in_scratch(collect: Collect, tmp_path: Path) -> None:
    outputs = collect()
    scratch = Path(outputs["requests"]).parent  # type: ignore[arg-type]
    assert [path.name for path in scratch.iterdir()] == ["requests.parquet"]


def test_progress_names_each_workload(workspace: Path, make_context: object) -> None:
    from dataclasses import replace

    from acceltrial.portfolio import read_portfolio
    from stages.collect.params import CollectParams
    from stages.collect.traces import collect_traces

    said: list[str] = []
    context = replace(make_context(workspace), progress=said.append)  # type: ignore[operator]
    collect_traces(read_portfolio(workspace / "data/portfolio"), CollectParams(), context)
    assert [line.split(":")[0] for line in said] == ["chat", "rank"]


@pytest.mark.parametrize("rows", [1, 2])
def test_a_trace_of_very_few_requests_is_taken(collect: Collect, workspace: Path, rows: int) -> None:
    (workspace / "data/portfolio/traces/chat.csv").write_text(AZURE + azure_rows(rows))
    assert table(collect(), "trace_sources")["rows_kept"].to_list() == [rows, rows]
