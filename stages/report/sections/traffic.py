"""The shape of each workload's traffic, from its own trace."""

from __future__ import annotations

import polars as pl

from stages.report.blocks import Cell, Charts, DataTable, Material, Section, Tag, Text, workload_link
from stages.report.charts.drawing import Chart, no_chart
from stages.report.charts.lines import Axes, Series, line_chart
from stages.report.formatting import count, duration, number, quantity, words
from stages.report.shown import Row, Shown, unknown

BINS = 72
_UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


def build(material: Material) -> Section:
    """Rate over time and the figures that the benchmark profile rests on."""
    tables = material.tables
    counts = binned_arrivals(material)
    charts = [_chart(material, w, counts.get(w)) for w in tables.workloads if tables.row("profiles", w)]
    lead = (
        "The index of dispersion (IDC) is the variance of the number of arrivals in a window over its "
        "mean: 1 for a Poisson process, more when arrivals come in bursts. It is why an average rate does "
        "not size a service."
    )
    if not charts:
        return Section("traffic", "Traffic", "Evidence", lead, [Text("No workload has a profile.", "empty")])
    return Section(
        "traffic", "Traffic", "Evidence", lead, [Charts(charts), _table(material), _sources(material)]
    )


def binned_arrivals(material: Material) -> dict[str, tuple[float, list[int]]]:
    """Width of a bin in seconds and arrivals by bin, for each workload; the trace is scanned, not loaded."""
    tables = material.tables
    spans = [
        (r["workload"], r["span_s"]) for r in tables["profiles"].iter_rows(named=True) if r["span_s"] > 0
    ]
    if not spans:
        return {}
    widths = pl.LazyFrame(
        [(name, span / BINS) for name, span in spans],
        schema={"workload": pl.String, "width": pl.Float64},
        orient="row",
    )
    frame = (
        tables.scan("requests")
        .select("workload", "arrival_s")
        .join(widths, on="workload")
        .with_columns(
            (pl.col("arrival_s") / pl.col("width")).floor().clip(0, BINS - 1).cast(pl.Int32).alias("bin")
        )
        .group_by("workload", "bin")
        .len()
        .sort("workload", "bin")
        .collect(engine="streaming")
    )
    result = {name: (span / BINS, [0] * BINS) for name, span in spans}
    for workload, place, n in frame.iter_rows():
        result[workload][1][place] = n
    return {name: (width, bins) for name, (width, bins) in result.items() if any(bins)}


def _chart(material: Material, workload: str, binned: tuple[float, list[int]] | None) -> Chart:
    id_, title = f"traffic-{workload}", material.tables.title(workload)
    if binned is None:
        return no_chart(id_, title, "The trace holds no requests of this workload.")
    width, bins = binned
    size, unit = next((s, u) for s, u in _UNITS if width * BINS >= 2 * s or s == 1.0)
    each, per = _rate_unit(max(bins) / width)
    rates = [n / width * each for n in bins]
    points = [(n * width / size, rate) for n, rate in enumerate(rates)]
    points.append((BINS * width / size, rates[-1]))
    peak = max(rates)
    mean = sum(bins) / (width * BINS) * each
    description = (
        f"{count(sum(bins))} requests over {duration(width * BINS)}; mean {number(mean)} a second, highest "
        f"{number(peak)} a second in a window of {duration(width)}."
    )
    table = [
        (f"{number(n * width / size)} {unit}", count(bins[n]), number(rates[n]))
        for n in range(BINS)
        if bins[n]
    ]
    axes = Axes(f"time ({unit})", f"requests a {per}", interpolate="step-after", area=True, height=110)
    columns = ("From", "Requests", f"Requests a {per}")
    return line_chart(
        id_,
        title,
        description,
        [Series("rate", points)],
        axes,
        columns=columns,
        rows=table,
        limits=[("mean", mean)],
    )


def _rate_unit(peak_a_second: float) -> tuple[float, str]:
    """Seconds and name of the period in which the highest rate is a figure near or above one."""
    for seconds, name in ((1.0, "second"), (3_600.0, "hour")):
        if peak_a_second * seconds >= 0.05:
            return seconds, name
    return 86_400.0, "day"


def _table(material: Material) -> DataTable:
    tables = material.tables
    lines: list[list[Cell]] = []
    for workload in tables.workloads:
        profile = tables.row("profiles", workload)
        if profile is None:
            continue
        source = tables.row("trace_sources", workload)
        grade = source["grade"] if source else "declared"
        why = _why(source)

        def show(name: str, unit: str = "", p: Row = profile, g: str = grade, w: str = why) -> Shown:
            if p[name] is None:
                return unknown("the trace does not say")
            return Shown(quantity(p[name], unit), grade=g, why=w, href=material.register.cite("profiles", p))

        shape = tables.row("classes", workload)
        lines.append(
            [
                workload_link(material, workload),
                words(shape["shape"]) if shape else unknown("not classified"),
                count(profile["requests_n"]),
                duration(profile["span_s"]),
                show("rate_rps"),
                show("peak_rate_rps"),
                show("idc_1s"),
                show("idc_10s"),
                show("idc_60s"),
                show("input_tokens_p50"),
                show("input_tokens_p95"),
                show("output_tokens_p50"),
                show("output_tokens_p95"),
                show("concurrency_peak"),
            ]
        )
    columns = (
        "Workload",
        "Shape",
        "Requests",
        "Span",
        "Mean req/s",
        "Peak req/s",
        "IDC 1 s",
        "IDC 10 s",
        "IDC 60 s",
        "Input tok p50",
        "Input p95",
        "Output tok p50",
        "Output p95",
        "Peak concurrency",
    )
    return DataTable("Benchmark profiles", columns, lines, right=frozenset(range(2, 14)))


def _sources(material: Material) -> DataTable:
    rows: list[list[Cell]] = []
    for workload in material.tables.workloads:
        source = material.tables.row("trace_sources", workload)
        if source is not None:
            why, digest = _why(source), source["digest"] or unknown("a generated trace has no file")
            grade = Tag(source["grade"], note=f"licence: {source['licence']}")
            rows.append([workload_link(material, workload), grade, why, digest])
    return DataTable(
        "Where the traces come from", ("Workload", "Grade", "Trace", "SHA-256"), rows, folded=True
    )


def _why(source: Row | None) -> str:
    if source is None:
        return "no trace source on record"
    parts = [f"{source['trace']} ({source['origin']}, {source['format']})"]
    if source["spread_step_s"]:
        parts.append(f"arrivals spread inside steps of {number(source['spread_step_s'])} s")
    if source["rows_kept"] < source["rows_read"]:
        parts.append(f"{count(source['rows_kept'])} of {count(source['rows_read'])} rows kept")
    if source["note"]:
        parts.append(source["note"])
    return "; ".join(parts)
