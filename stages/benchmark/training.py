"""One cell that measures training steps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from acceltrial.errors import TargetUnavailableError
from acceltrial.evidence.machine import describe_machine
from acceltrial.stats.quantiles import describe, mean_interval
from acceltrial.targets import spec_from_row
from acceltrial.targets.torch_training import KIND, TrainingPlan, TrainingResult
from stages.benchmark.outcome import Outcome
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.rows import Row, RowMaker
from stages.benchmark.startup import startup_rows
from stages.contract import Cell, Context

TRAINING_METRICS: Mapping[str, Sequence[str]] = {
    "step_time_s": ("p50", "mean"),
    "first_step_time_s": ("max",),
    "training_tokens_per_s": ("mean",),
    "mfu": ("mean",),
    "compile_time_s": ("max",),
    "checkpoint_time_s": ("max",),
    "checkpoint_mb": ("max",),
    "peak_memory_mb": ("max",),
    "final_loss": ("max",),
}


def run_training(cell: Cell, params: BenchmarkParams, context: Context) -> Outcome:
    """The cell's outcome. A target that cannot be used is an outcome with its reason, not an error."""
    target, needs = spec_from_row(cell.spec["target"]), cell.spec["needs"]
    plan, adjustments = training_plan(needs, params)
    outcome, begun = Outcome(), time.monotonic()
    key = f"{cell.key}.training"
    maker = RowMaker(
        workload=cell.spec["workload"],
        option=target.target,
        phase="training",
        model=target.model,
        precision=target.precision,
        cell=key,
        run=context.run,
        date=context.now,
        source=target.title,
        adjustments=adjustments,
    )
    context.progress(f"{maker.workload} on {target.target}: {plan.steps} training steps")
    status, detail = "measured", ""
    try:
        result = KIND.train(target, plan, workdir=context.scratch / "training", cache=context.cache)
    except TargetUnavailableError as error:
        status, detail = "unavailable", str(error)
        outcome.rows += maker.unknown(TRAINING_METRICS, detail)
    else:
        detail = result.problem
        status = "failed" if result.problem else "measured"
        outcome.rows += training_rows(maker.with_(source=result.engine), result)
        outcome.rows += _starts(maker.with_(source=result.engine, phase="stack"), result)
    outcome.close(
        key,
        dict(cell.spec),
        phase="training",
        status=status,
        detail=detail,
        started=context.now,
        finished=context.now + timedelta(seconds=time.monotonic() - begun),
        machine=context.machine or str(describe_machine().get("cpu_model", "")),
        run=context.run,
    )
    return outcome


def training_plan(needs: Mapping[str, Any], params: BenchmarkParams) -> tuple[TrainingPlan, str]:
    """The workload's own batch and sequence, cut to what the parameters allow; and the cuts in words."""
    notes = []
    sizes = {}
    for column, most, what in (
        ("training_batch_size", params.training_batch_size, "batch"),
        ("training_sequence_tokens", params.training_sequence_tokens, "sequence"),
    ):
        declared = needs.get(column)
        sizes[what] = min(int(declared), most) if declared else most
        if declared and declared > most:
            notes.append(f"{what} cut from {int(declared)} to {most}")
    plan = TrainingPlan(
        steps=params.training_steps,
        batch_size=sizes["batch"],
        sequence_tokens=sizes["sequence"],
        seed=params.seed,
        budget_s=params.training_seconds,
        checkpoint=params.training_checkpoint,
    )
    return plan, "; ".join([*notes, "generated corpus of service reports"])


def training_rows(maker: RowMaker, result: TrainingResult) -> list[Row]:
    """Step times without the first step, throughput, utilisation, memory, checkpoint and loss."""
    later = result.steps_s[1:]
    seconds = mean_interval(later)
    rows = [
        _one(maker, "first_step_time_s", result.steps_s[0], "max", "there is one first step"),
        *(row for row in maker.described("step_time_s", describe(later), "only the first step was done")),
        maker.row("compile_time_s", "max", None, reason="not compiled: the steps run eagerly"),
        _one(
            maker, "checkpoint_time_s", result.checkpoint_s, "max", "one checkpoint of weights and optimiser"
        ),
        _one(
            maker,
            "checkpoint_mb",
            result.checkpoint_bytes / 1e6 if result.checkpoint_bytes else None,
            "max",
            "one checkpoint",
        ),
        _one(maker, "peak_memory_mb", result.peak_memory_mb, "max", "one run: no interval"),
        _one(maker, "final_loss", result.losses[-1], "max", f"after {len(result.losses)} steps, one run"),
    ]
    return [*rows, *_throughput(maker, result, seconds.value, seconds.low, seconds.high, len(later))]


def _throughput(
    maker: RowMaker, result: TrainingResult, mean: float | None, low: float | None, high: float | None, n: int
) -> list[Row]:
    """Both are a constant ÷ the mean step, so their interval is the constant ÷ the step's, turned round."""
    flops = None
    if result.flops_per_step and result.gemm_flops_per_s:
        flops = result.flops_per_step / result.gemm_flops_per_s
    rows = []
    for metric, amount, source in (
        ("training_tokens_per_s", float(result.tokens_per_step), ""),
        (
            "mfu",
            flops,
            "operations counted by FlopCounterMode ÷ step time ÷ best measured matrix product rate",
        ),
    ):
        value = amount / mean if amount and mean else None
        bounded = amount and low is not None and high is not None and low > 0
        interval = [amount / high, amount / low] if amount and bounded and high and low else None
        few = "too few steps, or too uneven, for an interval"
        rows.append(
            maker.row(
                metric,
                "mean",
                value,
                n=n,
                interval=interval,
                level=0.95 if interval else None,
                method="Student t of the step time" if interval else None,
                reason="" if interval and value else (few if value else "the run ended before it was known"),
                source=source,
            )
        )
    return rows


def _one(maker: RowMaker, metric: str, value: float | None, statistic: str, reason: str) -> Row:
    return maker.row(
        metric,
        statistic,
        value,
        n=1 if value is not None else None,
        reason=reason if value is not None else "the run did not come so far, or was told not to",
    )


def _starts(maker: RowMaker, result: TrainingResult) -> list[Row]:
    start = {
        "process_start_s": result.startup.process_start_s,
        "model_load_s": result.startup.model_load_s,
        "first_request_s": None,
        "reason": result.startup.reason,
    }
    return startup_rows([start], maker)
