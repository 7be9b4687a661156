from __future__ import annotations

from pathlib import Path

from stages.collect.findings import finding, findings_table
from tests.stages.collect.conftest import Collect, findings


def edit(workspace: Path, name: str, old: str, new: str, count: int = 1) -> None:
    path = workspace / "data" / "portfolio" / f"{name}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


def test_the_worst_comes_first() -> None:
    rows = [finding("a", str(i), "f", s, "", "") for i, s in enumerate(["info", "error", "warning"])]  # type: ignore[arg-type]
    assert findings_table(rows)["severity"].to_list() == ["error", "warning", "info"]


def test_no_findings_make_an_empty_table() -> None:
    assert findings_table([]).height == 0


def test_a_context_beyond_the_models_window(collect: Collect, workspace: Path) -> None:
    edit(workspace, "workloads", "context_tokens: 500", "context_tokens: 4096")
    found = findings(collect(), "context_exceeds_model").row(0, named=True)
    assert (found["subject"], found["severity"]) == ("chat", "error")
    assert "4096" in found["detail"]
    assert "2048" in found["detail"]


def test_streaming_without_tokens(collect: Collect, workspace: Path) -> None:
    edit(workspace, "workloads", "    sensitivity", "    streaming: true\n    sensitivity", count=2)
    assert findings(collect(), "streaming_without_tokens")["subject"].to_list() == ["rank"]


def test_a_workload_that_no_enabled_target_serves(collect: Collect, workspace: Path) -> None:
    assert findings(collect(), "no_target_serves_its_model").is_empty()
    edit(workspace, "targets", "    residency: eu\n", "    residency: eu\n    enabled: false\n", count=2)
    assert findings(collect(), "no_target_serves_its_model")["subject"].to_list() == ["chat", "rank"]


def test_figures_on_which_portfolio_and_catalogue_disagree(collect: Collect, workspace: Path) -> None:
    models = Path(__file__).parents[3] / "data" / "catalogue" / "models.csv"
    header, *rows = models.read_text().splitlines()
    row = next(line for line in rows if line.startswith("gemma-3-270m,"))
    (workspace / "data/catalogue/models.csv").write_text(
        f"{header}\n{row.replace('gemma-3-270m,', 'small,', 1)}\n"
    )
    found = findings(collect(), "catalogue_disagrees")
    assert found["subject"].to_list() == ["small"] * found.height
    assert any(detail.startswith("params_b is 0.3 in models.yaml") for detail in found["detail"])


def test_what_the_catalogue_notices_is_passed_on(collect: Collect, workspace: Path) -> None:
    path = workspace / "data/catalogue/prices.csv"
    path.write_text(path.read_text().replace("2026-10", "2020-10"))
    assert findings(collect(), "stale_price")["subject"].to_list() == ["h100-eu"]
