"""Where the time of a request goes: parts that add up, and what is left as `unexplained`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from acceltrial.load.server_metrics import ServerMetrics
from acceltrial.stats.quantiles import mean_interval
from stages.benchmark.apart import Apart, Series
from stages.benchmark.rows import Row, RowMaker

PARTS = (
    "client_wait", "connect", "tls", "network", "server_tokenise", "queue", "prefill", "decode",
)  # fmt: skip
SILENT = "the server does not report it"
ROUNDING_SHARE, ROUNDING_MS = 0.02, 1.0
"""Parts may exceed the whole by so much: clocks are read at other moments on both sides."""
FEWEST = 3
"""Requests of a class; fewer make no mean worth showing."""


@dataclass(frozen=True)
class Part:
    """Mean milliseconds a request of one part; `values` are there where each request tells its own."""

    mean: float | None
    values: npt.NDArray[np.float64] | None = None
    source: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Classed:
    """The completed requests of one class.

    Attributes:
        statistic: under which its rows stand: `mean`, `mean_short`, `mean_long`.
        whole: whether it holds all completed requests, so that the server's totals speak of it.
    """

    statistic: str
    about: str
    records: pl.DataFrame
    whole: bool


def breakdown_rows(maker: RowMaker, records: pl.DataFrame, metrics: ServerMetrics, apart: Apart) -> list[Row]:
    """One breakdown for all completed requests, and one each for short and long prompts where they differ."""
    done = records.filter(pl.col("error_class").is_null() & pl.col("last_s").is_not_null())
    if done.is_empty():
        reason = "no request was answered"
        names = [f"breakdown_{part}_ms" for part in (*PARTS, "unexplained", "total")]
        return maker.unknown(dict.fromkeys(names, ("mean",)), reason)
    return [row for one in classes(done) for row in _rows(maker, one, metrics, apart)]


def classes(done: pl.DataFrame) -> Iterator[Classed]:
    """All requests, then those with prompts up to the median and those above it."""
    yield Classed("mean", "all requests", done, whole=True)
    lengths = done.select(pl.coalesce("input_tokens", "input_tokens_own", "input_tokens_planned"))
    length = lengths.to_series()
    middle = length.median()
    if length.null_count() or not isinstance(middle, int | float):
        return
    short, long = done.filter(length <= middle), done.filter(length > middle)
    if min(short.height, long.height) >= FEWEST:
        yield Classed("mean_short", f"prompts of at most {middle:.0f} tokens", short, whole=False)
        yield Classed("mean_long", f"prompts of more than {middle:.0f} tokens", long, whole=False)


def parts_of(one: Classed, metrics: ServerMetrics, apart: Apart) -> dict[str, Part]:
    """Every part of the class's mean request, then `unexplained` and `total`. No part is negative."""
    done = one.records
    total = _ms(done, pl.col("last_s") - pl.col("intended_s"))
    connect = _zero_filled(done, "connect_ms")
    tls = _zero_filled(done, "tls_ms")
    before = _ms(done, pl.col("sent_s") - pl.col("intended_s"))
    opened = int(done["connect_ms"].is_not_null().sum())
    parts = {
        "client_wait": _each(np.maximum(before - connect - tls, 0.0), "due but not yet sent, by the client"),
        "connect": _each(connect, f"{opened} new connections among {done.height} requests"),
        "tls": _each(
            tls, f"{int(done['tls_ms'].is_not_null().sum())} handshakes among {done.height} requests"
        ),
        "network": _constant(apart.round_trip),
        "server_tokenise": _server_tokenise(one, metrics, apart),
        "queue": _queue(one, metrics),
        "prefill": _stated(one, "server_prefill_ms", metrics, "prefill"),
        "decode": _decode(one, metrics),
    }
    return _with_rest(parts, total)


def _with_rest(parts: dict[str, Part], total: npt.NDArray[np.float64]) -> dict[str, Part]:
    whole = float(total.mean())
    known = sum(part.mean or 0.0 for part in parts.values())
    queue = parts["queue"]
    if queue.mean and queue.values is None and known > whole:
        # A queue sampled once a second is coarse: it must not explain more than there is to explain.
        room = whole - (known - queue.mean)
        told = (
            f"{queue.source} gives {queue.mean:.3g} ms, more than the {max(room, 0):.3g} ms left: too coarse"
        )
        parts = {**parts, "queue": Part(None, reason=told)}
        known -= queue.mean
    missing = [name for name, part in parts.items() if part.mean is None]
    holds = f"holds what is not known apart: {', '.join(missing)}" if missing else "all parts are known"
    rest, room = whole - known, max(ROUNDING_MS, ROUNDING_SHARE * whole)
    if rest >= 0:
        unexplained = Part(rest, source=holds)
    elif -rest <= room:
        unexplained = Part(0.0, source=f"the parts exceed the total by {-rest:.2g} ms, within rounding")
    else:
        unexplained = Part(None, reason=f"the parts exceed the total by {-rest:.3g} ms: the clocks disagree")
    return {**parts, "unexplained": unexplained, "total": _each(total, "from the moment the request was due")}


def _rows(maker: RowMaker, one: Classed, metrics: ServerMetrics, apart: Apart) -> Iterator[Row]:
    for name, part in parts_of(one, metrics, apart).items():
        metric, about = f"breakdown_{name}_ms", f"{one.about}; {part.source}" if part.source else one.about
        if part.values is not None:
            yield maker.estimate(metric, one.statistic, mean_interval(part.values), source=about)
            continue
        reason = part.reason or "a mean of the server's or of a measurement apart: no interval"
        n = one.records.height if part.mean is not None else None
        yield maker.row(metric, one.statistic, part.mean, n=n, reason=reason, source=about)


def overlaps(rows: list[Row]) -> list[Row]:
    """The rows that say that the parts exceed the total: each is a finding."""
    return [
        row for row in rows if row["metric"] == "breakdown_unexplained_ms" and "disagree" in row["reason"]
    ]


def _ms(frame: pl.DataFrame, expression: pl.Expr) -> npt.NDArray[np.float64]:
    return frame.select(expression * 1e3).to_series().to_numpy().astype(np.float64)


def _zero_filled(frame: pl.DataFrame, column: str) -> npt.NDArray[np.float64]:
    return frame[column].fill_null(0.0).to_numpy().astype(np.float64)


def _each(values: npt.NDArray[np.float64], source: str) -> Part:
    return Part(float(values.mean()), values, source)


def _constant(series: Series) -> Part:
    if not series.values:
        return Part(None, reason=series.reason or "not measured")
    return Part(float(np.median(series.values)), source=f"one round trip: {series.source}, median")


def _of_server(mean: float | None, one: Classed, source: str, silent: str = SILENT) -> Part:
    if mean is None:
        return Part(None, reason=silent)
    if not one.whole:
        return Part(None, reason="the server's metrics do not tell classes of requests apart")
    return Part(mean, source=source)


def _server_tokenise(one: Classed, metrics: ServerMetrics, apart: Apart) -> Part:
    stated = metrics.mean_ms("tokenise")
    if stated is not None:
        return _of_server(stated, one, "the server's metrics, mean")
    series = apart.server_tokenise
    if not series.values:
        return Part(None, reason=series.reason or SILENT)
    return Part(float(np.median(series.values)), source=f"{series.source}, median")


def _queue(one: Classed, metrics: ServerMetrics) -> Part:
    stated = metrics.mean_ms("queue")
    if stated is not None:
        return _of_server(stated, one, "the server's metrics, mean")
    waiting = metrics.time_average("waiting")
    if waiting is None:
        return Part(None, reason=SILENT)
    seconds = metrics.rows[-1]["at_s"] - metrics.rows[0]["at_s"]
    # Little's law: mean number waiting = arrivals a second × mean wait.
    mean = waiting * seconds / one.records.height * 1e3
    how = f"Little's law from {len(metrics.rows)} readings of the requests that waited"
    return _of_server(mean, one, how)


def _stated(one: Classed, column: str, metrics: ServerMetrics, name: str) -> Part:
    values = one.records[column]
    if not values.null_count():
        return _each(values.to_numpy().astype(np.float64), "as each answer states it")
    return _of_server(metrics.mean_ms(name), one, "the server's metrics, mean")


def _decode(one: Classed, metrics: ServerMetrics) -> Part:
    stated = _stated(one, "server_decode_ms", metrics, "decode")
    if stated.mean is not None:
        return stated
    done = one.records
    if not done["first_token_s"].null_count():
        return _each(
            _ms(done, pl.col("last_s") - pl.col("first_token_s")), "first to last token by the client"
        )
    if metrics.mean_ms("prefill") is not None and done["output_tokens"].null_count() == done.height:
        return Part(0.0, source="the API writes no tokens")
    return stated
