"""The whole stack of one cell: what a replay tells of each layer, and what is measured beside it."""

from __future__ import annotations

import numpy as np
import polars as pl

from acceltrial.load import LoadResult
from acceltrial.stats.quantiles import describe
from acceltrial.targets import RunningServer
from stages.benchmark.account import Finding, account_rows, overlap_findings
from stages.benchmark.apart import Apart, measure_apart
from stages.benchmark.breakdown import breakdown_rows, overlaps
from stages.benchmark.rows import Row, RowMaker


def stack_rows(
    maker: RowMaker, result: LoadResult, server: RunningServer, lengths: tuple[float, float]
) -> tuple[list[Row], list[Finding]]:
    """Rows of every layer and findings where server and client disagree.

    Args:
        maker: of the phase `stack`.
        result: the replay.
        server: still running, and idle now.
        lengths: mean tokens of prompt and answer, for what is measured beside the run.
    """
    apart = measure_apart(server, *lengths)
    parts = breakdown_rows(maker, result.records, result.server, apart)
    account, findings = account_rows(maker, result)
    rows = [*_stated(maker, result), *_apart(maker, apart), *parts, *account]
    return rows, [*findings, *overlap_findings(maker, overlaps(parts))]


def _stated(maker: RowMaker, result: LoadResult) -> list[Row]:
    """The spread of what single requests tell."""
    done = result.records.filter(pl.col("error_class").is_null())
    silent = "the server does not report its own times"
    parts = {
        "connect_ms": (done["connect_ms"], "no new connection was opened"),
        "tls_ms": (done["tls_ms"], "no connection was encrypted"),
        "prefill_ms": (done["server_prefill_ms"], silent),
        "decode_ms": (done["server_decode_ms"], silent),
    }
    return [
        row
        for metric, (values, absent) in parts.items()
        for row in maker.described(metric, describe(values.drop_nulls().to_numpy()), absent)
    ]


def _apart(maker: RowMaker, apart: Apart) -> list[Row]:
    series = {
        "network_round_trip_ms": apart.round_trip,
        "client_tokenise_ms": apart.client_tokenise,
        "server_tokenise_ms": apart.server_tokenise,
        "detokenise_ms": apart.detokenise,
    }
    return [
        row
        for metric, one in series.items()
        for row in maker.with_(
            source="; ".join(text for text in (maker.source, one.source) if text)
        ).described(metric, describe(np.asarray(one.values)), one.reason)
    ]
