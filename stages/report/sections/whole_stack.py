"""Where the time goes: within a request, until a server is useful, and in a search."""

from __future__ import annotations

from stages.report.blocks import Cell, Charts, DataTable, Heading, Material, Section, Text
from stages.report.charts.bars import Part, stacked_bars
from stages.report.charts.drawing import Chart
from stages.report.formatting import quantity
from stages.report.measured_rows import By, Key, figure, measured_cells, plain, value, why

PARTS = (
    ("client, network, tokenise", ("client_wait", "connect", "tls", "network", "server_tokenise")),
    ("queue", ("queue",)),
    ("prefill", ("prefill",)),
    ("decode", ("decode",)),
    ("unexplained", ("unexplained",)),
)
CLASSES = (("mean", "all"), ("mean_short", "short prompts"), ("mean_long", "long prompts"))
COLUMNS = (
    ("client_wait", "client wait"), ("connect", "connect"), ("tls", "TLS"), ("network", "network"),
    ("server_tokenise", "tokenise"), ("queue", "queue"), ("prefill", "prefill"), ("decode", "decode"),
    ("unexplained", "unexplained"), ("total", "total"),
)  # fmt: skip
STARTS = (
    ("process_start_s", "process start"),
    ("model_load_cold_s", "load, cold storage"),
    ("model_load_warm_s", "load, warm storage"),
    ("first_request_s", "first request"),
    ("scale_out_s", "second replica"),
)
SEARCH = (
    ("retrieval_corpus_vectors", "max", "Corpus"),
    ("retrieval_embed_ms", "p50", "Embed p50"),
    ("retrieval_embed_ms", "p95", "Embed p95"),
    ("retrieval_search_ms", "p50", "Search p50"),
    ("retrieval_search_ms", "p95", "Search p95"),
    ("retrieval_search_share", "mean", "Search share"),
    ("retrieval_recall_share", "mean", "Recall"),
    ("retrieval_index_build_s", "max", "Index build"),
)
Cells = dict[Key, By]


def build(material: Material) -> Section:
    """Breakdown by class of requests, starts, retrieval."""
    cells = measured_cells(material, ("stack",))
    lead = (
        "Mean time of a request from the moment it was due, in parts that add up. What neither the client "
        "nor the server accounts for stands as “unexplained”; an unknown part is empty, with its reason."
    )
    blocks = [*_requests(material, cells), *_starts(material, cells), *_retrieval(material, cells)]
    if not blocks:
        blocks = [Text("No server was measured here, so there is no breakdown.", "empty")]
    return Section("stack", "Where the time goes", "Evidence", lead, blocks)


def _requests(material: Material, cells: Cells) -> list[object]:
    shown = {
        key: rows for key, rows in cells.items() if value(rows, "breakdown_total_ms", "mean") is not None
    }
    if not shown:
        return []
    charts = [_chart(material, w, shown) for w in dict.fromkeys(w for w, _ in shown)]
    lines: list[list[Cell]] = []
    for (workload, option), rows in shown.items():
        for statistic, title in CLASSES:
            if ("breakdown_total_ms", statistic) in rows:
                figures = [figure(material, rows, f"breakdown_{part}_ms", statistic) for part, _ in COLUMNS]
                lines.append([workload, option, title, *figures])
    columns = ("Workload", "Engine", "Requests", *(title for _, title in COLUMNS))
    right = frozenset(range(3, len(columns)))
    return [
        Heading("Within a request", "stack-requests"),
        Charts(charts),
        DataTable("Mean time by part", columns, lines, id="stack-parts", right=right, note=_note(shown)),
        _apart(material, shown),
    ]


def _note(shown: Cells) -> str:
    reasons = {
        f"{option}, {title}: {why(rows, f'breakdown_{part}_ms', 'mean')}"
        for (_, option), rows in shown.items()
        for part, title in COLUMNS
        if value(rows, f"breakdown_{part}_ms", "mean") is None
    }
    return f"Not known: {'; '.join(sorted(reasons))}." if reasons else ""


def _chart(material: Material, workload: str, shown: Cells) -> Chart:
    parts, table = [], []
    for (owner, option), rows in shown.items():
        if owner != workload:
            continue
        for statistic, title in CLASSES:
            total = value(rows, "breakdown_total_ms", statistic)
            if total is None:
                continue
            for name, members in PARTS:
                known = [v for m in members if (v := value(rows, f"breakdown_{m}_ms", statistic)) is not None]
                parts.append(Part(f"{option} · {title}", name, sum(known)))
            for part, label in COLUMNS:
                table.append((option, title, label, plain(rows, f"breakdown_{part}_ms", statistic)))
    longest = max((part for part in parts if part.bar.endswith(" all")), key=lambda part: part.value)
    return stacked_bars(
        f"stack-request-{workload}",
        material.tables.title(workload),
        f"Longest part: {longest.part} of {longest.bar}, {quantity(longest.value, 'ms')}.",
        parts,
        axis_title="mean time of a request (ms)",
        columns=("Engine", "Requests", "Part", "Mean time"),
        rows=table,
    )


def _apart(material: Material, shown: Cells) -> DataTable:
    """What is measured beside the run."""
    steps = (
        ("client_tokenise_ms", "Tokenise in the client"),
        ("server_tokenise_ms", "Tokenise in the server"),
        ("detokenise_ms", "Detokenise an answer"),
        ("network_round_trip_ms", "Network round trip"),
    )
    lines: list[list[Cell]] = [
        [
            workload,
            option,
            *(figure(material, rows, metric, stat) for metric, _ in steps for stat in ("p50", "p95")),
        ]
        for (workload, option), rows in shown.items()
    ]
    columns = ("Workload", "Engine", *(f"{title} {stat}" for _, title in steps for stat in ("p50", "p95")))
    return DataTable(
        "Measured beside the run",
        columns,
        lines,
        id="stack-apart",
        right=frozenset(range(2, len(columns))),
        note="An application that counts tokens spends the client's tokenising before it sends. "
        "Detokenising happens inside the server's decode.",
    )


def _starts(material: Material, cells: Cells) -> list[object]:
    options: dict[str, By] = {}
    for (_, option), rows in cells.items():
        if any((metric, "p50") in rows for metric, _ in STARTS):
            options.setdefault(option, rows)
    if not options:
        return []
    parts = []
    for option, rows in options.items():
        for metric, title in (
            ("process_start_s", "process start"),
            ("", "model load"),
            ("first_request_s", "first request"),
        ):
            for storage in ("cold", "warm"):
                name = metric or f"model_load_{storage}_s"
                took = value(rows, name, "p50")
                if took is not None and value(rows, f"model_load_{storage}_s", "p50") is not None:
                    parts.append(Part(f"{option} · {storage} storage", title, took))
    lines: list[list[Cell]] = [
        [option, *(figure(material, rows, metric, "p50") for metric, _ in STARTS)]
        for option, rows in options.items()
    ]
    columns = ("Engine", *(title for _, title in STARTS))
    table = DataTable(
        "From a start to a useful server",
        columns,
        lines,
        id="stack-starts",
        right=frozenset(range(1, len(columns))),
        note="Cold: the weights were taken out of the page cache before. The second replica starts beside "
        "the idle first one, until its first good answer.",
    )
    heading = Heading("Until a server is useful", "stack-start")
    if not parts:
        return [heading, table]
    longest = max(parts, key=lambda part: part.value)
    chart = stacked_bars(
        "stack-start-chart",
        "From a start to the first answer",
        f"Longest part: {longest.part} of {longest.bar}, {quantity(longest.value, 's')}.",
        sorted(parts, key=lambda part: list(dict.fromkeys(p.bar for p in parts)).index(part.bar)),
        axis_title="time (s)",
        columns=columns,
        rows=lines,
    )
    return [heading, Charts([chart]), table]


def _retrieval(material: Material, cells: Cells) -> list[object]:
    shown = {
        key: rows for key, rows in cells.items() if any(name.startswith("retrieval_") for name, _ in rows)
    }
    if not shown:
        return []
    lines: list[list[Cell]] = [
        [workload, option, *(figure(material, rows, metric, stat) for metric, stat, _ in SEARCH)]
        for (workload, option), rows in shown.items()
    ]
    columns = ("Workload", "Engine", *(title for _, _, title in SEARCH))
    note = "; ".join(sorted({why(rows, "retrieval_search_ms", "p50") for rows in shown.values()}))
    table = DataTable(
        "Embedding and vector search", columns, lines, id="stack-retrieval",
        right=frozenset(range(2, len(columns))), note=note,
    )  # fmt: skip
    return [Heading("Retrieval", "stack-search"), table]
