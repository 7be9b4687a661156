"""The stage as the runner sees it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from acceltrial.storage.digest import file_digest
from stages import artifacts
from stages.report.stage import STAGE, ReportParams
from stages.report.tables import SOURCES
from tests.stages.report.conftest import Rendered


def test_outputs_are_the_declared_ones() -> None:
    assert [artifact.name for artifact in STAGE.outputs] == ["report", "roadmap", "tables"]
    assert (*SOURCES, artifacts.PORTFOLIO) == STAGE.inputs


def test_every_table_is_handed_on_byte_for_byte(rendered: Rendered) -> None:
    for source in SOURCES:
        copy = rendered.tables / f"{source.name}.parquet"
        assert file_digest(copy) == file_digest(rendered.inputs.path(source.name))


@pytest.mark.parametrize(
    "bad", [{"titel": "x"}, {"title": ""}, {"options_per_chart": 0}, {"options_per_table": -1}]
)
def test_wrong_parameters_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReportParams(**bad)  # type: ignore[arg-type]


def test_the_title_names_the_organisation(rendered: Rendered) -> None:
    assert "<h1>Nordwerk: Accelerator review</h1>" in rendered.html
