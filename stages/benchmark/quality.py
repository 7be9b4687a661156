"""Quality of a serving cell: the task that its replay asks, more questions after it, and the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from acceltrial.errors import AcceltrialError
from acceltrial.load import Schedule
from acceltrial.quality.forced import Asked, compare
from acceltrial.quality.questionnaire import (
    Questionnaire,
    rerank_questions,
    search_questions,
    text_questions,
)
from acceltrial.quality.reference import prefixes, reference_for
from acceltrial.quality.score import Score
from acceltrial.quality.task import Task
from acceltrial.quality.tasks import task_for, task_named
from acceltrial.quality.texts import forced_texts
from acceltrial.stats.quantiles import proportion_interval
from acceltrial.targets import RunningServer, TargetSpec
from acceltrial.targets.llamacpp import PACKAGED
from acceltrial.targets.weights import gemma_folder
from stages.benchmark.levels import Demand, load
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.retrieval import vectors_of
from stages.benchmark.rows import Row, RowMaker

AGREEMENT = {"kl_to_reference_nats": ("mean",), "top1_agreement": ("rate",)}
_KEEPS_BEGINNINGS = {"cache_prompt": True, "id_slot": 0}
"""llama.cpp then reads only what a longer beginning adds."""


def task_of(needs: Mapping[str, Any], output_tokens: float, params: BenchmarkParams) -> Task:
    """The task that the parameters name for the workload, else the first of its kind that fits.

    Raises:
        ConfigurationError: the parameters name a task that does not exist.
    """
    named = params.quality_tasks.get(str(needs["workload"]))
    return task_named(named) if named else task_for(str(needs["kind"]), output_tokens)


def questions_for(
    server: RunningServer, task: Task, input_tokens: Sequence[int], params: BenchmarkParams
) -> Questionnaire | None:
    """Questions of the replay's lengths, and behind them more up to `quality_items`.

    None where answers of the API cannot be judged. The pages of a search are embedded here, before any
    timed request.

    Raises:
        UnusableAnswerError: an embedder gives no vectors for the pages.
    """
    more = max(0, params.quality_items - len(input_tokens))
    lengths = [*input_tokens, *(input_tokens[n % len(input_tokens)] for n in range(more))]
    if server.api in {"completions", "chat"}:
        return text_questions(task, lengths, params.seed)
    if not params.quality_items:
        return None
    if server.api == "rerank":
        return rerank_questions(lengths, params.seed)

    def embed(texts: list[str]) -> Any:
        return vectors_of(server, texts, params.request_timeout_s)

    return search_questions(embed, lengths, params.seed)


def ask_more(
    server: RunningServer,
    rest: Questionnaire,
    demand: Demand,
    params: BenchmarkParams,
    streams: int,
) -> Score | None:
    """The score of the questions that the replay had no time for, asked for `quality_seconds` at most."""
    if not rest.prompts or not params.quality_seconds:
        return None
    schedule = Schedule.closed_loop(
        max(1, streams),
        requests=len(rest.prompts),
        duration_s=params.quality_seconds,
        output_tokens=np.asarray(rest.answer_tokens) + 2,
        seed=params.seed,
        prompts=rest.prompts,
    )
    result = load(
        server,
        schedule,
        demand,
        timeout_s=params.request_timeout_s,
        deadline_s=params.quality_seconds + params.request_timeout_s + 5,
        calibrate=False,
        keep_text=True,
    )
    return rest.judge(result.records)


def quality_rows(
    maker: RowMaker, score: Score | None, more: Score | None, seconds: float, reason: str = ""
) -> list[Row]:
    """Success with its interval, refusals and empty answers apart, and of a search its gain.

    The interval takes questions as independent; they are drawn so.
    """
    if score is None:
        return [
            maker.row("success_rate", "rate", None, reason=reason or "its answers cannot be checked here")
        ]
    pooled = score + more if more else score
    success = pooled.success
    if success.value is None:
        told = ", ".join(f"{count} {name}" for name, count in sorted(pooled.counts.items()))
        return [maker.row("success_rate", "rate", None, reason=f"no answer could be judged ({told})")]
    source = _source(score, more, seconds)
    rows = [maker.estimate("success_rate", "rate", success, source=source)]
    for verdict in ("refused", "empty"):
        found = proportion_interval(pooled.counts[verdict], success.n)
        rows.append(maker.estimate(f"{verdict}_rate", "rate", found, source=source))
    if pooled.rankings:
        rows.append(maker.estimate("ndcg_at_10", "mean", pooled.ndcg_at_10, source=source))
        rows.append(maker.estimate("recall_at_1", "rate", pooled.recall_at_1, source=source))
    return rows


def _source(score: Score, more: Score | None, seconds: float) -> str:
    parts = [f"generated task '{score.task}'", f"{score.success.n} answers of the replay itself"]
    if more:
        parts.append(f"{more.success.n} of a closed loop of at most {seconds:g} s after it")
    cut = score.counts["cut"]
    if cut:
        parts.append(f"{cut} outputs asked for too short to hold the answer are left out")
    return ", ".join(parts)


def agreement_rows(
    maker: RowMaker, server: RunningServer, target: TargetSpec, params: BenchmarkParams, cache: Path
) -> list[Row]:
    """Divergence from the same weights in 32-bit torch, and the share of equal first choices."""
    if not params.quality_agreement_seconds:
        return maker.unknown(AGREEMENT, "quality_agreement_seconds is 0: not compared with a reference")
    if server.api != "completions":
        return maker.unknown(AGREEMENT, "a beginning can be forced through the API `completions` only")
    try:
        reference = reference_of(target, params, cache)
        if reference is None:
            reason = "no 32-bit copy of these weights is here; `quality_references` can name one"
            return maker.unknown(AGREEMENT, reason)
    except AcceltrialError as error:
        return maker.unknown(AGREEMENT, f"no reference: {error}")
    asked = Asked(
        server.base_url,
        server.model_name,
        server.headers,
        _KEEPS_BEGINNINGS if target.kind == "llamacpp" else {},
        params.request_timeout_s,
    )
    found = compare(asked, prefixes(reference), params.quality_agreement_seconds)
    how = "forced beginnings of generated texts, one token each, against the same weights in 32-bit torch"
    bound = "a lower bound: what lies outside the likeliest tokens is lumped"
    notes = "; ".join(note for note in (how, found.reason) if note)
    count = sum(one.kl_nats is not None for one in found.positions)
    return [
        maker.estimate(
            "kl_to_reference_nats",
            "mean",
            found.kl_nats,
            source=f"{notes}; {bound}; {count} positions, n counts texts",
        ),
        maker.estimate(
            "top1_agreement", "rate", found.top1, source=f"{notes}; positions of a text taken as independent"
        ),
    ]


def reference_of(target: TargetSpec, params: BenchmarkParams, cache: Path) -> dict[str, Any] | None:
    """What the same weights say in 32-bit torch; None where they are not known here or nothing is compared.

    Raises:
        AcceltrialError: the reference cannot be computed.
    """
    if not params.quality_agreement_seconds or target.api != "completions":
        return None
    folder = _reference_folder(target, params, cache)
    return None if folder is None else reference_for(folder, forced_texts(params.seed), cache)


def _reference_folder(target: TargetSpec, params: BenchmarkParams, cache: Path) -> Path | None:
    named = params.quality_references.get(target.model)
    if named:
        return Path(named)
    if target.kind not in {"llamacpp", "transformers_serve"}:
        return None
    weights = str(target.launch.get("weights") or PACKAGED)
    if weights == PACKAGED:
        return gemma_folder(cache, "float32")
    return Path(weights) if Path(weights).is_dir() else None
