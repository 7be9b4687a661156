"""The last stage: the pack for people and for programs."""

from __future__ import annotations

import shutil
from pathlib import Path

from pydantic import Field

from stages import artifacts
from stages.contract import Context, Inputs, Outputs, Stage, StageParams
from stages.report.blocks import Material
from stages.report.changes import compare, read_last, with_changes
from stages.report.charts.painter import painting
from stages.report.page import build_sections, render, size_warning
from stages.report.roadmap import build_roadmap
from stages.report.sections.lineage import read_lineage
from stages.report.shown import RowRegister
from stages.report.tables import SOURCES, Tables, load_tables


class ReportParams(StageParams):
    """What a person may set about the report."""

    title: str = Field("Accelerator review", min_length=1, max_length=120)
    """Heading of the page."""
    organisation: str = Field("", max_length=120)
    """Whose portfolio it is; stands beside the heading."""
    options_per_chart: int = Field(16, ge=3, le=200)
    """At most this many options on a frontier chart; those that matter come first."""
    options_per_table: int = Field(5, ge=2, le=50)
    """At most this many options a workload in cost and ranking tables."""


def run(inputs: Inputs, params: ReportParams, context: Context) -> Outputs:
    """The report, the roadmap and a folder with every table.

    Raises:
        DataContractError: a table, or the portfolio's last_quarter.json, breaks its form.
    """
    tables = load_tables(inputs)
    lineage = read_lineage(dict(tables.files))
    roadmap = build_roadmap(tables, context.now, context.run, {e.path: e.digest for e in lineage})
    last = read_last(inputs.path(artifacts.PORTFOLIO.name))
    changes = compare(last, roadmap) if last else None
    material = Material(
        tables,
        RowRegister(),
        now=context.now,
        run=context.run,
        options_per_chart=params.options_per_chart,
        options_per_table=params.options_per_table,
        changes=changes,
    )
    context.progress("report: charts and tables")
    title = f"{params.organisation}: {params.title}" if params.organisation else params.title
    with painting():
        sections = build_sections(material, lineage)
        page = render(sections, title=title, now=context.now, run=context.run, quarter=roadmap.quarter)
    if warning := size_warning(page):
        context.progress(warning)
    return {
        artifacts.REPORT.name: page,
        artifacts.ROADMAP.name: with_changes(roadmap, changes).model_dump_json(indent=2) + "\n",
        artifacts.REPORT_TABLES.name: _copy_tables(tables, context.scratch / "tables"),
    }


def _copy_tables(tables: Tables, folder: Path) -> Path:
    """Every table under its own name, byte for byte, so that digests stay what the lineage says."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in sorted(tables.files.items()):
        shutil.copyfile(path, folder / f"{name}.parquet")
    return folder


STAGE = Stage(
    name="report",
    version="2",
    params=ReportParams,
    inputs=(*SOURCES, artifacts.PORTFOLIO),
    outputs=(artifacts.REPORT, artifacts.ROADMAP, artifacts.REPORT_TABLES),
    run=run,
    about="One HTML file for the review, the roadmap as JSON, every table as Parquet.",
)
