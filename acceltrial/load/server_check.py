"""The server's account of a run beside the client's: tokens, prefill, decode. A disagreement is a finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from acceltrial.load.server_metrics import ServerMetrics

SHARE = 0.1
"""A mean time may differ by so much of the server's figure, or by `SLACK_MS`, before it is a finding."""
SLACK_MS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """One quantity as both sides saw it.

    Attributes:
        name: what was compared, fit for a column's name, with its unit.
        title: the same in words.
        agrees: None where the two cannot be compared; `detail` then says why.
    """

    name: str
    title: str
    server: float
    client: float
    agrees: bool | None
    detail: str


def cross_check(metrics: ServerMetrics, records: pl.DataFrame) -> list[Check]:
    """Every comparison for which both sides have a figure.

    Args:
        metrics: readings from before the first request to after the last answer.
        records: the run's records, failed requests included: the server may have worked for them too.
    """
    done = records.filter(pl.col("error_class").is_null())
    if not metrics.rows or done.is_empty():
        return []
    checks = [*_counts(metrics, done), *_times(metrics, done), *_timings(done)]
    disturbed = _why_not_comparable(metrics, records, done)
    if not disturbed:
        return checks
    return [check if check.agrees else replace(check, agrees=None, detail=disturbed) for check in checks]


def _why_not_comparable(metrics: ServerMetrics, records: pl.DataFrame, done: pl.DataFrame) -> str:
    ended = next(
        (n for name in ("requests", "e2e_count", "ttft_count") if (n := metrics.growth(name)) is not None),
        None,
    )
    if ended is not None and ended > records.height:
        return f"others used the server: it ended {ended:.0f} requests, we sent {records.height}"
    failed = records.height - done.height
    return f"{failed} of our requests failed, and the server may have worked for them" if failed else ""


def _counts(metrics: ServerMetrics, done: pl.DataFrame) -> Iterator[Check]:
    """Token counters. One token a request may be a matter of definition: begin and end tokens."""
    for column, counter, title in (
        ("output_tokens", "output_tokens", "output tokens, the client by usage"),
        ("output_tokens_own", "output_tokens", "output tokens, the client by its own tokenizer"),
        ("input_tokens", "prompt_tokens", "prompt tokens, the client by usage"),
    ):
        grown, values = metrics.growth(counter), done[column]
        if grown is None or values.null_count():
            continue
        client = float(values.sum())
        if counter == "prompt_tokens" and grown < client:
            client -= float(done["cached_tokens"].sum())  # some engines count only what they read anew
        within = abs(grown - client) <= done.height
        detail = f"a difference of up to one token a request ({done.height}) is a matter of definition"
        yield Check(column, title, grown, client, within, detail)


def _times(metrics: ServerMetrics, done: pl.DataFrame) -> Iterator[Check]:
    ttft = _mean_ms(done, "first_token_s", "sent_s")
    e2e = _mean_ms(done, "last_s", "sent_s")
    decode = _mean_ms(done, "last_s", "first_token_s")
    for name, client, title in (
        ("ttft", ttft, "mean time to first token"),
        ("e2e", e2e, "mean time end to end"),
    ):
        server = metrics.mean_ms(name)
        if server is not None and client is not None:
            yield _outer(f"{name}_ms", title, server, client)
    prefill = _per_request_ms(metrics, "prefill", done.height)
    whole = ttft if ttft is not None else e2e
    if prefill is not None and whole is not None:
        within = prefill <= whole * 1.01 + 1
        detail = "the server's prefill must fit into the time to the first token that the client saw"
        yield Check(
            "prefill_ms", "mean prefill, within the time to first token", prefill, whole, within, detail
        )
    stated = done["server_prefill_ms"]
    if prefill is not None and not stated.null_count():
        told = float(stated.sum()) / done.height
        yield _same("stated_prefill_ms", "mean prefill, its metrics against its own answers", prefill, told)
    server_decode = _per_request_ms(metrics, "decode", done.height)
    if server_decode is not None and decode is not None:
        yield _same("decode_ms", "mean decode", server_decode, decode)


def _timings(done: pl.DataFrame) -> Iterator[Check]:
    """What each answer states about itself (llama.cpp's `timings`)."""
    stated = done.drop_nulls(["server_decode_ms", "first_token_s"])
    client = _mean_ms(stated, "last_s", "first_token_s")
    server = stated["server_decode_ms"].mean()
    if client is not None and isinstance(server, float):
        yield _same("stated_decode_ms", "mean decode, as the answers state it", server, client)


def _per_request_ms(metrics: ServerMetrics, name: str, completed: int) -> float | None:
    """A histogram's mean, or a total of seconds over the requests that we know to have ended."""
    found = metrics.mean_ms(name)
    if found is not None:
        return found
    total = metrics.growth(f"{name}_s")
    return total / completed * 1e3 if total is not None and completed else None


def _outer(name: str, title: str, server: float, client: float) -> Check:
    """The client sees what the server sees and the way between: never less, and not much more."""
    room = max(SHARE * server, SLACK_MS)
    within = -1.0 <= client - server <= room
    return Check(
        name, title, server, client, within, f"the client may see up to {room:.3g} ms more, never less"
    )


def _same(name: str, title: str, server: float, client: float) -> Check:
    room = max(SHARE * server, SLACK_MS)
    return Check(
        name, title, server, client, abs(client - server) <= room, f"they may differ by {room:.3g} ms"
    )


def _mean_ms(frame: pl.DataFrame, end: str, start: str) -> float | None:
    value = frame.select((pl.col(end) - pl.col(start)).mean() * 1e3).item() if frame.height else None
    return float(value) if value is not None else None
