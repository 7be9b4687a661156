from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from acceltrial.errors import ConfigurationError, DataContractError
from schemas.base import check_table
from stages.collect.params import CollectParams
from stages.collect.stage import STAGE
from stages.contract import Context, Inputs
from tests.stages.collect.conftest import AZURE, Collect, azure_rows, findings, table


def test_every_table_is_written(collect: Collect) -> None:
    outputs = collect()
    assert table(outputs, "workloads")["workload"].to_list() == ["chat", "rank"]
    assert table(outputs, "models")["model"].to_list() == ["small"]
    assert table(outputs, "accelerators").height == 2
    assert table(outputs, "prices").height == 1


def test_requests_are_ordered_and_counted_for_each_workload(collect: Collect) -> None:
    requests = table(collect(), "requests")
    assert requests["workload"].to_list() == ["chat"] * 30 + ["rank"] * 30
    assert requests["index"].to_list() == [*range(30), *range(30)]
    assert requests["arrival_s"].to_list() == pytest.approx([*range(30)] * 2)
    assert requests["input_tokens"][:3].to_list() == [100, 101, 102]


def test_sources_say_where_a_trace_came_from(collect: Collect, workspace: Path) -> None:
    from acceltrial.storage.digest import file_digest

    source = table(collect(), "trace_sources").row(0, named=True)
    assert source["path"] == "traces/chat.csv"
    assert source["digest"] == file_digest(workspace / "data/portfolio/traces/chat.csv")
    assert (source["rows_read"], source["rows_kept"]) == (30, 30)
    assert source["span_s"] == pytest.approx(29)
    assert (source["origin"], source["grade"], source["format"]) == ("file", "measured", "azure")
    assert "recorded in the lab" in source["note"]


def test_an_accelerator_becomes_its_catalogue_id_or_a_finding(collect: Collect) -> None:
    outputs = collect()
    assert table(outputs, "targets")["accelerator"].to_list() == ["h100-sxm", None]
    assert findings(outputs, "accelerator_not_in_catalogue")["subject"].to_list() == ["unknown"]


def test_what_cannot_be_matched_is_found(collect: Collect) -> None:
    outputs = collect()
    assert findings(outputs, "no_price").select("subject_kind", "subject").rows() == [
        ("target", "known"),
        ("target", "unknown"),
        ("accelerator", "lonely"),
    ]
    assert findings(outputs, "unused").select("subject_kind", "subject").rows() == [("model", "unused")]


def test_requests_longer_than_the_context_are_found_and_kept(collect: Collect, workspace: Path) -> None:
    path = workspace / "data/portfolio/traces/chat.csv"
    path.write_text(AZURE + azure_rows(10) + "2026-11-16 18:50:00.0000000,490,11\n")
    outputs = collect()
    found = findings(outputs, "longer_than_context")
    assert found["subject"].to_list() == ["chat", "rank"]
    assert "1 of 11 requests" in found["detail"][0]
    assert "500 tokens, the longest 501" in found["detail"][0]
    assert table(outputs, "requests").filter(workload="chat").height == 11


def test_a_trace_given_for_the_run_replaces_token_generating_ones_only(
    collect: Collect, tmp_path: Path
) -> None:
    other = tmp_path / "my <trace>.csv"
    other.write_text(AZURE + azure_rows(5))
    outputs = collect(trace_override={"path": str(other)})
    sources = {row["workload"]: row for row in table(outputs, "trace_sources").iter_rows(named=True)}
    assert sources["chat"]["trace"] == "my--trace-.csv"
    assert sources["chat"]["path"] == "my <trace>.csv"
    assert sources["chat"]["rows_kept"] == 5
    assert sources["rank"]["trace"] == "chat"
    assert findings(outputs, "trace_overridden")["subject"].to_list() == ["chat"]


def test_a_relative_override_starts_at_the_workspace(collect: Collect, workspace: Path) -> None:
    (workspace.parent / "other.csv").write_text(AZURE + azure_rows(4))
    outputs = collect(trace_override={"path": "../other.csv"})
    assert table(outputs, "trace_sources")["rows_kept"].to_list() == [4, 30]


def test_a_missing_override_is_named(collect: Collect) -> None:
    with pytest.raises(ConfigurationError, match="missing") as caught:
        collect(trace_override={"path": "absent.csv"})
    assert "trace_override" in caught.value.where


def test_reading_stops_at_the_limit_and_says_so(collect: Collect) -> None:
    outputs = collect(max_requests_per_trace=7)
    assert table(outputs, "trace_sources")["rows_kept"].to_list() == [7, 7]
    assert findings(outputs, "trace_cut")["subject"].to_list() == ["chat", "rank"]
    assert findings(collect(max_requests_per_trace=30), "trace_cut").is_empty()


def test_a_mapped_table_is_read(collect: Collect, workspace: Path) -> None:
    (workspace / "data/portfolio/traces/chat.csv").write_text("when;size\n1000;5\n2500;6\n")
    (workspace / "data/portfolio/traces.yaml").write_text(
        "traces:\n  - id: chat\n    file: traces/chat.csv\n    licence: ours\n"
        "    columns: {arrival: when, input_tokens: size, time_unit: ms}\n"
    )
    outputs = collect()
    assert table(outputs, "requests")["arrival_s"].to_list() == [0.0, 1.5] * 2
    assert findings(outputs, "lengths_unknown")["subject"].to_list() == ["chat"]


@pytest.mark.parametrize(
    ("rows", "says", "place"),
    [
        ("2026-11-16 18:00:10,5,5\n2026-11-16 18:00:09,5,5\n", "before the one above", "row 2"),
        ("2026-11-16 18:00:10Z,5,5\n2026-11-16 18:00:12,5,5\n", "mixed", "TIMESTAMP"),
        ("2026-11-16 18:00:10,-5,5\n", "negative", "row 1"),
        ("2026-11-16 18:00:10,nan,5\n", "nan", "ContextTokens"),
        ("2026-11-16 18:00:10,inf,5\n", "inf", "ContextTokens"),
        ("2026-11-16 18:00:10,1e30,5\n", "1e30", "ContextTokens"),
        ("yesterday,5,5\n", "yesterday", "row 1"),
        ("", "no request", ""),
    ],
)
def test_a_bad_trace_is_refused_with_its_row(
    collect: Collect, workspace: Path, rows: str, says: str, place: str
) -> None:
    (workspace / "data/portfolio/traces/chat.csv").write_text(AZURE + rows)
    with pytest.raises(DataContractError, match=says) as caught:
        collect()
    assert "chat.csv" in caught.value.where
    assert place in caught.value.where
    assert caught.value.remedy


def test_an_unknown_format_names_the_place_in_the_portfolio(collect: Collect, workspace: Path) -> None:
    (workspace / "data/portfolio/traces.yaml").write_text(
        "traces:\n  - {id: chat, file: traces/chat.csv, format: azur, licence: ours}\n"
    )
    with pytest.raises(ConfigurationError, match="azur") as caught:
        collect()
    assert caught.value.where.startswith("data/portfolio/traces.yaml:2:")


def test_unsorted_rows_are_sorted_when_asked(collect: Collect, workspace: Path) -> None:
    (workspace / "data/portfolio/traces/chat.csv").write_text(
        AZURE + "2026-11-16 18:00:10,5,5\n2026-11-16 18:00:09,6,6\n"
    )
    (workspace / "data/portfolio/traces.yaml").write_text(
        "traces:\n  - {id: chat, file: traces/chat.csv, sort: true, licence: ours}\n"
    )
    assert table(collect(), "requests")["input_tokens"].to_list() == [6, 5] * 2


def test_the_same_input_gives_the_same_bytes(collect: Collect) -> None:
    first = Path(collect()["requests"]).read_bytes()  # type: ignore[arg-type]
    assert Path(collect()["requests"]).read_bytes() == first  # type: ignore[arg-type]


def test_the_sample_company_is_collected(
    checkout: Path, make_context: Callable[..., Context], tmp_path: Path
) -> None:
    for name in ("portfolio", "catalogue"):
        shutil.copytree(checkout / "data" / name, tmp_path / "data" / name)
    assert STAGE.run is not None
    outputs = STAGE.run(Inputs(tmp_path, STAGE.inputs), CollectParams(), make_context(tmp_path))
    for artifact in STAGE.outputs:
        check_table(artifact.schema, table(outputs, artifact.name), artifact.name)  # type: ignore[union-attr]
    errors = table(outputs, "collect_findings").filter(pl.col("severity") == "error")
    assert errors.is_empty(), errors
    assert table(outputs, "requests")["workload"].n_unique() == 13
    contradicted = findings(outputs, "catalogue_disagrees")
    assert contradicted.is_empty(), contradicted["detail"].to_list()
