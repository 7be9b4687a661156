"""The summary of a run: the JSON of `acceltrial bench`."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from acceltrial.evidence.machine import describe_machine
from acceltrial.load.calibrate import Calibration
from acceltrial.load.instrument import judge, send_lag_ms
from acceltrial.load.latencies import gaps_between_events_ms, inter_token_ms, latencies, most_in_flight
from acceltrial.load.plan import LoadPlan
from acceltrial.load.run import Drive
from acceltrial.load.slo import Slo
from acceltrial.load.stationarity import drift
from acceltrial.stats.quantiles import describe, proportion_interval

FORMAT = "acceltrial-load/1"


def summarise(plan: LoadPlan, driven: Drive, calibration: Calibration | None) -> dict[str, Any]:
    """Counts, rates, latencies with intervals, errors by class, and the instrument's own error."""
    records = driven.records
    done = latencies(records)
    itl = describe(inter_token_ms(records))
    ttft = _values(done, "ttft_ms")
    reply_p50 = _median(ttft if len(ttft) else _values(done, "e2e_ms"))
    return {
        "format": FORMAT,
        "target": _target(plan, driven),
        "requests": _requests(records, done),
        "rate": _rate(plan, records, done),
        "ttft_ms": describe(ttft),
        "ttft_from_intended_ms": describe(_values(done, "ttft_from_intended_ms")),
        "itl_ms": itl,
        "tpot_ms": describe(_values(done, "tpot_ms")),
        "e2e_ms": describe(_values(done, "e2e_ms")),
        "e2e_from_intended_ms": describe(_values(done, "e2e_from_intended_ms")),
        "send_lag_ms": describe(send_lag_ms(records)),
        "tokens": _tokens(plan, driven),
        "chunks": _chunks(records),
        "in_flight": {"max": most_in_flight(records)},
        "connections": _connections(driven),
        "client": _client(driven),
        "server": _server(driven),
        "slo": _slo(plan, records, done),
        "stationarity": drift(done),
        "instrument": judge(
            driven,
            calibration,
            plan.bounds,
            started_together=plan.schedule.concurrency,
            ttft_p50_ms=reply_p50,
            itl_p50_ms=itl["p50"],
        ),
        "machine": describe_machine(),
        "errors": _errors(records),
        "error_examples": _error_examples(records),
        "notes": _notes(records),
    }


_NARROW = (
    "error_class", "chunks", "last_s", "input_tokens", "output_tokens", "input_tokens_own",
    "output_tokens_own", "output_tokens_planned", "server_prefill_ms", "server_decode_ms",
)  # fmt: skip


def _target(plan: LoadPlan, driven: Drive) -> dict[str, Any]:
    """What was asked, and how: `end_ignored_by` names the fields that --ignore-eos came to."""
    return {
        "base_url": plan.base_url,
        "api": plan.api,
        "model": plan.model,
        "stream": plan.streams,
        "fields_left_out": dict(driven.dialect.left_out),
        "end_ignored_by": sorted(driven.dialect.no_end(1)) if plan.ignore_eos else None,
    }


def _completed(records: pl.DataFrame) -> pl.DataFrame:
    """Completed requests with the columns that are counted here: of a million rows no other is copied."""
    return records.select(_NARROW).filter(pl.col("error_class").is_null())


def _values(frame: pl.DataFrame, name: str) -> Any:
    return frame[name].drop_nulls().to_numpy()


def _median(values: Any) -> float | None:
    return float(np.median(values)) if len(values) else None


def _requests(records: pl.DataFrame, done: pl.DataFrame) -> dict[str, Any]:
    failure = proportion_interval(records.height - done.height, records.height)
    return {
        "planned": records.height,
        "completed": done.height,
        "failed": records.height - done.height,
        "failure_rate": failure.value,
        "failure_rate_interval": [failure.low, failure.high] if failure.low is not None else None,
    }


def _rate(plan: LoadPlan, records: pl.DataFrame, done: pl.DataFrame) -> dict[str, Any]:
    """`achieved_rps`: requests sent ÷ time of the last one sent, in the same way as the schedule's own rate.

    In a closed loop there is no schedule: completed requests ÷ time of the last answer.
    """
    schedule = plan.schedule
    finished_s = _largest(done, "last_s")
    sent = records.filter(pl.col("sent_s").is_not_null())
    sent_s = _largest(sent, "sent_s")
    completed = done.height / finished_s if finished_s else None
    return {
        "arrivals": schedule.arrivals,
        "asked_rps": schedule.asked_rps,
        "schedule_rps": schedule.rate_rps,
        "achieved_rps": completed if schedule.concurrency else (sent.height / sent_s if sent_s else None),
        "completed_rps": completed,
        "concurrency": schedule.concurrency or None,
        "duration_s": _largest(records, "ended_s"),
    }


def _largest(frame: pl.DataFrame, name: str) -> float | None:
    value = frame[name].max()
    return float(value) if isinstance(value, float) else None


def _tokens(plan: LoadPlan, driven: Drive) -> dict[str, Any]:
    done = _completed(driven.records)
    counts = done.select(
        pl.coalesce("input_tokens", "input_tokens_own").alias("input"),
        pl.coalesce("output_tokens", "output_tokens_own").alias("output"),
    )
    seconds = _largest(done, "last_s")
    known = counts.drop_nulls("output")
    total = int(known["output"].sum()) if known.height else None
    by_usage = (
        done["output_tokens"].is_not_null().sum()
        if plan.streams
        else done["input_tokens"].is_not_null().sum()
    )
    return {
        "counted_by": "server usage" if by_usage else ("our tokenizer" if plan.tokenizer else None),
        "input_lengths_by": driven.rate.source,
        "input": describe(_values(counts, "input").astype(float), (0.5, 0.95, 0.99)),
        "output": describe(_values(counts, "output").astype(float), (0.5, 0.95, 0.99)),
        "ended_early": _ended_early(done),
        "output_tokens_per_s": total / seconds if total is not None and seconds else None,
    }


def _ended_early(done: pl.DataFrame) -> int | None:
    """Answers with fewer output tokens than were asked for; None where no tokens are known."""
    tokens = pl.coalesce("output_tokens", "output_tokens_own")
    short = done.select((tokens < pl.col("output_tokens_planned")).alias("short"))["short"].drop_nulls()
    return int(short.sum()) if len(short) else None


def _chunks(records: pl.DataFrame) -> dict[str, Any]:
    done = _completed(records).filter(pl.col("chunks") > 0)
    tokens = pl.coalesce("output_tokens", "output_tokens_own")
    ratio = done.select((tokens / pl.col("chunks")).alias("k"))["k"].drop_nulls().to_numpy()
    return {
        "tokens_per_event": describe(ratio, (0.5, 0.95)),
        "gap_ms": describe(gaps_between_events_ms(records)),
    }


def _connections(driven: Drive) -> dict[str, Any]:
    used = driven.records.filter(pl.col("connection_reused").is_not_null())
    return {
        "opened": sum(int(one["opened"]) for one in driven.stats),
        "reused": int(used["connection_reused"].sum() or 0),
        "connect_ms": describe(_values(driven.records, "connect_ms"), (0.5, 0.99)),
        "tls_ms": describe(_values(driven.records, "tls_ms"), (0.5, 0.99)),
    }


def _client(driven: Drive) -> dict[str, Any]:
    cpu_s = sum(float(one["cpu_s"]) for one in driven.stats)
    loop_s = sum(float(one["loop_cpu_s"]) for one in driven.stats)
    return {
        "cpu_s": cpu_s,
        "loop_cpu_s_per_1000": loop_s * 1_000 / driven.records.height if driven.records.height else None,
        "peak_rss_mb": sum(float(one["peak_rss_mb"]) for one in driven.stats),
        "startup_s": driven.startup_s,
        "processes": len(driven.stats),
        "precedence": driven.stats[0]["precedence"],
        "idle_states": driven.stats[0]["idle_states"],
        "stolen_s": driven.stats[0]["stolen_s"],
        "kernel_stamped_reads": _share_of_reads(driven),
    }


def _server(driven: Drive) -> dict[str, Any]:
    """The server's own account: prefill and decode times and metrics, where it states any."""
    done = _completed(driven.records)
    return {
        "prefill_ms": describe(_values(done, "server_prefill_ms"), (0.5, 0.95)),
        "decode_ms": describe(_values(done, "server_decode_ms"), (0.5, 0.95)),
        "metrics": driven.server.summary(),
        "metrics_reason": driven.server.reason or None,
    }


def _share_of_reads(driven: Drive) -> float | None:
    """The share of socket reads whose time is the kernel's own; the rest are stamped by the load process."""
    reads = sum(int(one["reads"]) for one in driven.stats)
    return sum(int(one["kernel_stamps"]) for one in driven.stats) / reads if reads else None


def _slo(plan: LoadPlan, records: pl.DataFrame, done: pl.DataFrame) -> dict[str, Any] | None:
    """Attainment counts every planned request: one that failed has not met its service level."""
    if plan.slo is None:
        return None
    slo = Slo.parse(plan.slo)
    met = slo.met(done)
    share = proportion_interval(met, records.height)
    seconds = _largest(records, "ended_s")
    return {
        "expression": plan.slo,
        "share_wanted": slo.share,
        "attainment": share.value,
        "attainment_interval": [share.low, share.high] if share.low is not None else None,
        "goodput_rps": met / seconds if seconds else None,
    }


def _errors(records: pl.DataFrame) -> dict[str, int]:
    failed = records.filter(pl.col("error_class").is_not_null())
    return dict(sorted(failed.group_by("error_class").len().iter_rows()))


def _error_examples(records: pl.DataFrame) -> dict[str, str]:
    """What the first failed request of each class was told: it names the field that a server refuses."""
    failed = records.select("error_class", "error_detail", "index").drop_nulls().sort("index")
    first = failed.group_by("error_class", maintain_order=True).first()
    return dict(sorted(first.select("error_class", "error_detail").iter_rows()))


def _notes(records: pl.DataFrame) -> dict[str, int]:
    told = records.select(pl.col("notes").str.split("; ")).explode("notes").drop_nulls()
    return dict(sorted(told.group_by("notes").len().iter_rows()))
