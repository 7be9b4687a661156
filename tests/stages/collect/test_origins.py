from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import ConfigurationError, DataContractError
from tests.stages.collect.conftest import AZURE, Collect, azure_rows, table

GENERATED = """\
traces:
  - id: chat
    licence: generated
    note: made up
    seed: {seed}
    generate: {{rate_rps: 2, duration_s: 60, clients: 3, source: declared by the test,
      input_tokens: {{quantiles: {{0.5: 100, 0.99: 200}}}}, output_tokens: {{quantiles: {{0.5: 10}}}}}}
"""


def generate(workspace: Path, text: str) -> None:
    (workspace / "data/portfolio/traces.yaml").write_text(text)


def test_a_generated_trace_is_declared_and_says_from_what(collect: Collect, workspace: Path) -> None:
    generate(workspace, GENERATED.format(seed=4))
    row = table(collect(), "trace_sources").row(0, named=True)
    assert (row["origin"], row["grade"], row["path"], row["seed"]) == ("generated", "declared", None, 4)
    assert "declared by the test" in row["note"]
    assert "made up" in row["note"]
    assert row["rows_kept"] > 60


def test_arrivals_of_a_generated_trace_count_from_its_first(collect: Collect, workspace: Path) -> None:
    generate(workspace, GENERATED.format(seed=4))
    assert table(collect(), "requests")["arrival_s"][0] == 0


def test_seed_and_settings_decide_the_trace_and_its_digest(collect: Collect, workspace: Path) -> None:
    def run(text: str) -> tuple[str, list[float]]:
        generate(workspace, text)
        outputs = collect()
        digest = table(outputs, "trace_sources")["digest"][0]
        return digest, table(outputs, "requests")["arrival_s"].to_list()

    first, again = run(GENERATED.format(seed=4)), run(GENERATED.format(seed=4))
    other, faster = run(GENERATED.format(seed=5)), run(GENERATED.format(seed=4).replace("rps: 2", "rps: 3"))
    assert first == again
    assert len({first[0], other[0], faster[0]}) == 3
    assert first[1] != other[1]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rate_rps: 2", "rate_rps: -2", "rate_rps"),
        ("rate_rps: 2", "rate_rps: .nan", "rate_rps"),
        ("rate_rps: 2", "rate_rps: .inf", "rate_rps"),
        ("rate_rps: 2", "rat_rps: 2", "rat_rps"),
        ("clients: 3", "preset: azur", "azur"),
        ("duration_s: 60", "duration_s: 3000000", "do not fit in memory"),
        ("0.99: 200", "0.99: 20", "quantile"),
    ],
)
def test_wrong_settings_name_their_place_in_the_portfolio(
    collect: Collect, workspace: Path, old: str, new: str, says: str
) -> None:
    generate(workspace, GENERATED.format(seed=4).replace(old, new))
    with pytest.raises(ConfigurationError, match=says) as caught:
        collect()
    assert caught.value.where.startswith("data/portfolio/traces.yaml:6:15")
    assert caught.value.remedy


def test_a_generator_that_draws_nothing_is_refused(collect: Collect, workspace: Path) -> None:
    generate(workspace, GENERATED.format(seed=4).replace("rate_rps: 2", "rate_rps: 1.0e-9"))
    with pytest.raises(DataContractError, match="not one request"):
        collect()


def test_an_override_may_be_mapped_and_sorted(collect: Collect, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("when,size\n5,1\n3,2\n")
    outputs = collect(
        trace_override={
            "path": str(tmp_path / "t.csv"),
            "columns": {"arrival": "when", "input_tokens": "size"},
            "sort": True,
        }
    )
    requests = table(outputs, "requests").filter(workload="chat")
    assert requests["input_tokens"].to_list() == [2, 1]


def test_an_override_with_a_name_of_symbols_only_is_named_trace(collect: Collect, tmp_path: Path) -> None:
    (tmp_path / "<ü>").write_text(AZURE + azure_rows(2))
    outputs = collect(trace_override={"path": str(tmp_path / "<ü>")})
    assert table(outputs, "trace_sources")["trace"][0] == "trace"
