"""One cell that measures a workload on a target that serves it: screen, replay, quality, the stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from acceltrial.errors import AcceltrialError, TargetUnavailableError
from acceltrial.quality.questionnaire import Questionnaire
from acceltrial.quality.ranking import UnusableAnswerError
from acceltrial.stats.quantiles import proportion_interval
from acceltrial.targets import RunningServer, serve, spec_from_row
from stages.benchmark import startup
from stages.benchmark.calibrated import screened
from stages.benchmark.cells import LOCAL_KINDS
from stages.benchmark.instrument import instrument_rows
from stages.benchmark.levels import SERVING_METRICS, demand_of, rows_of
from stages.benchmark.outcome import Outcome, as_records
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.quality import agreement_rows, ask_more, quality_rows, questions_for, task_of
from stages.benchmark.replay import Replay, length_note, run_replay
from stages.benchmark.resources import resource_rows, telemetry_table, watch_resources
from stages.benchmark.rows import Row, RowMaker
from stages.benchmark.screen import Level, run_screen, screen_rows
from stages.benchmark.session import Session, generates, median_lengths, replay_window, task_for
from stages.benchmark.stack import stack_rows
from stages.benchmark.thinning import Window, read_requests
from stages.benchmark.vector_search import retrieval_rows
from stages.contract import Cell, Context, Inputs

BUSY_SECONDS = 0.5
BUSY_PERCENT = 25.0
SCREEN_ROWS = {
    **{
        name: statistics
        for name, statistics in SERVING_METRICS.items()
        if name not in {"success_rate", "slo_attainment"}
    },
    "capacity_rps": ("max",),
}


def run_serving(cell: Cell, inputs: Inputs, params: BenchmarkParams, context: Context) -> Outcome:
    """The cell's outcome. A target that cannot be used is an outcome with its reason, not an error."""
    target = spec_from_row(cell.spec["target"])
    workload = cell.spec["workload"]
    session = Session(
        key=cell.key,
        spec=cell.spec,
        target=target,
        demand=demand_of(cell.spec["needs"], target.api),
        params=params,
        context=context,
        requests=read_requests(inputs.path("requests"), workload),
        outcome=Outcome(),
        begun=time.monotonic(),
        busy=_busy() if target.kind in LOCAL_KINDS else "",
    )
    started = session.instant()
    context.progress(f"{workload} on {target.target}: starting")
    try:
        local, wanted = target.kind in LOCAL_KINDS, bool(cell.spec.get("measures_starts"))
        why_not_cold = startup.chill(target, context.cache) if local and wanted else ""
        with serve(target, workdir=context.scratch / "server", cache=context.cache) as server:
            storage = "cold" if local and wanted and not why_not_cold else "warm"
            session.outcome.facts["startup"] = {
                "workload": workload,
                "option": target.target,
                "model": target.model,
                "precision": target.precision,
                "source": server.engine,
                "run": context.run,
                "date": context.now.isoformat(),
                **startup.startup_facts(server.startup, storage=storage, why_not_cold=why_not_cold),
            }
            _measure(session, server)
            if wanted:
                context.progress(f"{workload} on {target.target}: a second replica")
                session.outcome.facts["startup"]["replica"] = startup.scale_out(
                    target, server, workdir=context.scratch / "replica", cache=context.cache
                )
    except TargetUnavailableError as error:
        _ended_early(session, "unavailable", str(error), started)
    except AcceltrialError as error:
        # Only the load engine's own failure is the plain class; settings, data and disk stop the stage.
        if type(error) is not AcceltrialError:
            raise
        _ended_early(session, "failed", str(error), started)
    return session.outcome


def _busy() -> str:
    """What a reader must know when other programs had this machine's cores before the cell began."""
    import psutil

    share = psutil.cpu_percent(interval=BUSY_SECONDS)
    return f"other programs used {share:.0f} % of the CPU just before" if share > BUSY_PERCENT else ""


def _measure(session: Session, server: RunningServer) -> None:
    workload, option = session.spec["workload"], session.spec["option"]
    session.context.progress(f"{workload} on {option}: synthetic screen")
    levels = _screen(session, server)
    best = max((level.completed_rps for level in levels), default=0.0)
    session.most_together = max((one.concurrency for one in levels if one.completed_rps), default=1)
    session.screened = screened(levels)
    if not best:
        started = session.instant()
        reason = "the screen got no answer, so nothing was replayed"
        session.outcome.rows += session.maker("replay", source=server.engine).unknown(SERVING_METRICS, reason)
        session.close("replay", "failed", reason, started)
        return
    session.context.progress(f"{workload} on {option}: trace replay")
    _replay(session, server, best)


def _screen(session: Session, server: RunningServer) -> list[Level]:
    started, params = session.instant(), session.params
    inputs, outputs, note = median_lengths(session)
    task = task_for(session, outputs)

    def prompts(count: int, seed: int) -> Sequence[str] | None:
        return [item.prompt for item in task.items([inputs] * count, seed)] if task else None

    since = time.monotonic()
    levels = run_screen(
        server,
        session.demand,
        params,
        prompts=prompts,
        input_tokens=inputs,
        output_tokens=outputs,
        alive=_alive(server),
    )
    source = f"{server.engine}; closed loops of {inputs} tokens in, {outputs} out, warmed up"
    maker = session.maker("synthetic", adjustments=note, source=source)
    answered = [level for level in levels if level.completed_rps > 0]
    if not answered:
        reason = _why_failed(levels)
        others = {name: value for name, value in SCREEN_ROWS.items() if name != "failure_rate"}
        session.outcome.rows += [_failures(maker, levels), *maker.unknown(others, reason)]
        session.close("synthetic", "failed", reason, started)
        return levels
    broken = [reason for level in levels for reason in level.result.instrument["reasons"]]
    maker = _judged(maker, broken)
    session.outcome.rows += [
        *screen_rows(maker, levels, session.demand, len(params.concurrency_levels)),
        memory_row(maker, server, since),
    ]
    session.close("synthetic", "invalid" if broken else "measured", "; ".join(broken), started)
    return levels


def _replay(session: Session, server: RunningServer, best_rps: float) -> None:
    started, since = session.instant(), time.monotonic()
    window = replay_window(session, best_rps)
    asked, unasked = _questions(session, server, window)
    with watch_resources(server) as watch:
        done = run_replay(server, window, session.demand, asked, session.params)
    watch.bound(done.result)
    notes = [window.adjustments, length_note(done.result, window)]
    adjustments = "; ".join(note for note in notes if note)
    maker = session.maker("replay", adjustments=adjustments, source=f"{server.engine}; open-loop replay")
    session.outcome.records.append(as_records(maker.cell, done.result.records, done.correct))
    session.outcome.facts["load"] = _load_facts(session, window, done, adjustments)
    session.outcome.facts["instrument"] = {"cell": maker.cell, **done.result.instrument}
    session.outcome.telemetry.append(telemetry_table(maker.cell, watch, done.result))
    if not done.result.summary["requests"]["completed"]:
        reason = f"no request was answered ({_errors(done)})"
        failure = [
            row for row in rows_of(maker, done.result, session.demand) if row["metric"] == "failure_rate"
        ]
        others = {name: value for name, value in SERVING_METRICS.items() if name != "failure_rate"}
        session.outcome.rows += [
            *failure,
            *maker.unknown(others, reason),
            # What the instrument and the machine went through is known although nothing was answered.
            *instrument_rows(maker, done.result),
            *resource_rows(maker, watch, 0),
        ]
        session.close("replay", "failed", reason, started)
        return
    broken = done.result.instrument["reasons"]
    maker = _judged(maker, broken)
    session.outcome.rows += [
        *rows_of(maker, done.result, session.demand),
        *_quality(session, server, maker, done, asked, unasked),
        memory_row(maker, server, since),
        *instrument_rows(maker, done.result),
        *resource_rows(maker, watch, done.result.summary["requests"]["completed"]),
    ]
    _stack(session, server, done, adjustments)
    session.close("replay", "invalid" if broken else "measured", "; ".join(broken) or _died(server), started)
    session.close("stack", "measured", "", started)


def _stack(session: Session, server: RunningServer, done: Replay, adjustments: str) -> None:
    """Rows and findings of every layer, on the server that is idle again."""
    maker = session.maker("stack", adjustments=adjustments, source=server.engine)
    profile = session.outcome.facts["load"]["profile"]
    lengths = (profile["input_tokens_mean"], profile["output_tokens_mean"])
    rows, findings = stack_rows(maker, done.result, server, lengths)
    session.outcome.rows += rows
    session.outcome.findings += findings
    if session.target.api == "embeddings":
        session.context.progress(f"{session.spec['workload']} on {session.spec['option']}: vector search")
        session.outcome.rows += retrieval_rows(maker, server, session.params)


def _load_facts(session: Session, window: Window, done: Replay, adjustments: str) -> dict[str, Any]:
    """What was replayed, in the words of a profile, so that the same can be predicted."""
    records = done.result.records
    found: dict[str, Any] = {
        "slo_ttft_ms": session.spec["needs"]["slo_ttft_ms"],
        "slo_tpot_ms": session.spec["needs"]["slo_tpot_ms"],
        "slo_e2e_ms": session.spec["needs"]["slo_e2e_ms"],
    }
    for column in ("input_tokens", "output_tokens"):
        values = records[column].drop_nulls()
        used = values if len(values) else pl.Series(getattr(window, column))
        found[f"{column}_mean"] = float(used.mean() or 1.0)  # type: ignore[arg-type]
        found[f"{column}_p95"] = float(used.quantile(0.95) or 1.0)
        found[f"{column}_p99"] = float(used.quantile(0.99) or 1.0)
    gaps = pl.Series(window.arrival_s).diff().drop_nulls()
    mean = float(gaps.mean() or 0.0)  # type: ignore[arg-type]
    found["rate_rps"] = found["peak_rate_rps"] = len(window) / window.seconds
    found["interarrival_cv"] = float(gaps.std() or 0.0) / mean if mean else None  # type: ignore[arg-type]
    return {
        "workload": session.spec["workload"],
        "option": session.target.target,
        "device": session.target.device,
        "model": session.target.model,
        "precision": session.target.precision,
        "run": session.context.run,
        "date": session.context.now.isoformat(),
        "most_together": session.most_together,
        "adjustments": adjustments,
        "profile": found,
        "screened": session.screened,
    }


def _questions(session: Session, server: RunningServer, window: Window) -> tuple[Questionnaire | None, str]:
    """What the replay asks, and why its answers cannot be judged where they cannot."""
    outputs = sum(window.output_tokens) / len(window)
    task = task_of(session.spec["needs"], outputs, session.params)
    try:
        return questions_for(server, task, window.input_tokens, session.params), ""
    except UnusableAnswerError as error:
        return None, str(error)


def _quality(
    session: Session,
    server: RunningServer,
    maker: RowMaker,
    done: Replay,
    asked: Questionnaire | None,
    unasked: str,
) -> list[Row]:
    params = session.params
    more = None
    if asked is not None and done.score is not None:
        session.context.progress(f"{session.spec['workload']} on {session.spec['option']}: task quality")
        rest = asked.part(len(done.score.correct))
        more = ask_more(server, rest, session.demand, params, session.most_together)
    rows = quality_rows(maker, done.score, more, params.quality_seconds, unasked or done.reason)
    if not generates(session):
        return rows
    return [*rows, *agreement_rows(maker, server, session.target, params, session.context.cache)]


def _judged(maker: RowMaker, broken: Sequence[str]) -> RowMaker:
    if not broken:
        return maker
    return maker.with_(valid=False, invalid_reason=f"instrument outside its bounds: {'; '.join(broken)}")


def memory_row(maker: RowMaker, server: RunningServer, since: float) -> Row:
    """The highest resident memory of the server's process tree in a phase."""
    peak = server.memory.peak_mb(since) if server.memory else None
    reason = (
        "one run: no interval" if peak is not None else "the server runs elsewhere: its memory is not seen"
    )
    return maker.row("peak_memory_mb", "max", peak, n=1 if peak else None, reason=reason)


def _alive(server: RunningServer) -> Callable[[], bool]:
    import psutil

    return lambda: server.pid is None or psutil.pid_exists(server.pid)


def _died(server: RunningServer) -> str:
    return "" if _alive(server)() else "the server died during the replay"


def _failures(maker: RowMaker, levels: Sequence[Level]) -> Row:
    sent = sum(level.result.summary["requests"]["planned"] for level in levels)
    failed = sum(level.result.summary["requests"]["failed"] for level in levels)
    return maker.estimate("failure_rate", "rate", proportion_interval(failed, sent))


def _why_failed(levels: Sequence[Level]) -> str:
    errors: dict[str, int] = {}
    for level in levels:
        for name, count in level.result.summary["errors"].items():
            errors[name] = errors.get(name, 0) + count
    told = ", ".join(f"{name} {count}" for name, count in sorted(errors.items())) or "nothing was sent"
    return f"no request of the screen was answered ({told})"


def _errors(done: Replay) -> str:
    return ", ".join(f"{name} {count}" for name, count in done.result.summary["errors"].items())


def _ended_early(session: Session, status: str, reason: str, started: datetime) -> None:
    """Every figure that the cell would have given is empty with the reason."""
    done = {row["phase"] for row in session.outcome.cells}
    for phase, metrics in (("synthetic", SCREEN_ROWS), ("replay", SERVING_METRICS)):
        if phase not in done:
            session.outcome.rows += session.maker(phase, source=session.target.title).unknown(metrics, reason)
            session.close(phase, status, reason, started)
