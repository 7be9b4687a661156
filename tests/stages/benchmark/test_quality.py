from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.load import serve_reference
from acceltrial.load.reference import Behaviour
from acceltrial.quality.questionnaire import RerankQuestions, TextQuestions
from acceltrial.quality.ranking import Ranking
from acceltrial.quality.score import Score
from acceltrial.quality.tasks import TASKS
from acceltrial.targets import RunningServer, TargetSpec
from acceltrial.targets.spec import Startup
from schemas.base import check_table, table_of
from schemas.evidence import Measurements
from stages.benchmark import quality
from stages.benchmark.levels import Demand
from stages.benchmark.params import QUICK, BenchmarkParams
from stages.benchmark.rows import Row, RowMaker

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MAKER = RowMaker("w", "o", "replay", "m", "bf16", "w@o.replay", "r", NOW, "engine")
PARAMS = BenchmarkParams.model_validate(QUICK)
SPEC = TargetSpec("t", "openai", "t", "there", "m", "bf16", "completions")


def server(api: str = "completions", url: str = "http://127.0.0.1:9/v1") -> RunningServer:
    return RunningServer(url, "m", api, None, Startup())


def by_metric(rows: list[Row]) -> dict[str, Row]:
    check_table(Measurements, table_of(Measurements, rows), "test")
    return {row["metric"]: row for row in rows}


def test_a_named_task_wins_over_the_one_of_the_kind() -> None:
    params = PARAMS.model_copy(update={"quality_tasks": {"w": "routing", "v": "poetry"}})
    assert quality.task_of({"workload": "w", "kind": "agent"}, 100, params).name == "routing"
    assert quality.task_of({"workload": "u", "kind": "agent"}, 100, params).name == "tool-calls"
    with pytest.raises(ConfigurationError, match="poetry"):
        quality.task_of({"workload": "v", "kind": "agent"}, 100, params)


def test_there_are_questions_beyond_the_replays_own() -> None:
    task = TASKS["sentiment"]
    asked = quality.questions_for(server(), task, [50, 80], PARAMS)
    assert isinstance(asked, TextQuestions)
    assert len(asked.prompts) == PARAMS.quality_items
    many = quality.questions_for(server(), task, [50] * 30, PARAMS)
    assert many is not None
    assert len(many.prompts) == 30
    assert isinstance(quality.questions_for(server("rerank"), task, [600], PARAMS), RerankQuestions)
    none = PARAMS.model_copy(update={"quality_items": 0})
    assert quality.questions_for(server("embeddings"), task, [9], none) is None


def test_success_counts_both_runs_and_says_how_many_came_from_which() -> None:
    own = Score("t", Counter(right=3, wrong=1, cut=2), [True, True, True, False, None, None])
    more = Score("t", Counter(right=1, refused=2, empty=1), [True, False, False, False])
    rows = by_metric(quality.quality_rows(MAKER, own, more, 10))
    assert (rows["success_rate"]["value"], rows["success_rate"]["n"]) == (0.5, 8)
    assert "4 answers of the replay itself, 4 of a closed loop" in rows["success_rate"]["source"]
    assert "2 outputs asked for too short" in rows["success_rate"]["source"]
    assert (rows["refused_rate"]["value"], rows["empty_rate"]["value"]) == (0.25, 0.125)
    assert "ndcg_at_10" not in rows


def test_a_search_has_its_gain_and_what_cannot_be_judged_its_reason() -> None:
    found = Score("search", Counter(right=1, wrong=1), [True, False], [Ranking(1), Ranking(9)])
    rows = by_metric(quality.quality_rows(MAKER, found, None, 10))
    assert (rows["recall_at_1"]["value"], rows["recall_at_1"]["unit"]) == (0.5, "share")
    assert rows["ndcg_at_10"]["value"] == pytest.approx(0.6505, abs=1e-3)
    cut = quality.quality_rows(MAKER, Score("t", Counter(cut=3), [None] * 3), None, 10)
    assert "3 cut" in by_metric(cut)["success_rate"]["reason"]
    none = quality.quality_rows(MAKER, None, None, 10, "the server gives no vectors")
    assert by_metric(none)["success_rate"]["reason"] == "the server gives no vectors"


def test_more_questions_are_asked_in_a_closed_loop_and_only_if_there_is_time() -> None:
    with serve_reference(Behaviour(ttft_ms=1, itl_ms=1)) as reference:
        real = server(url=reference.base_url)
        asked = quality.questions_for(real, TASKS["sentiment"], [30], PARAMS)
        assert asked is not None
        score = quality.ask_more(real, asked.part(1), Demand(True, {}), PARAMS, 2)
        assert score is not None
        assert 0 < len(score.correct) <= len(asked.prompts) - 1
        assert score.success.value == 0, "the reference server answers with words of no meaning"
        none = PARAMS.model_copy(update={"quality_seconds": 0.0})
        assert quality.ask_more(real, asked.part(1), Demand(True, {}), none, 2) is None
    assert quality.ask_more(real, asked.part(len(asked.prompts)), Demand(True, {}), PARAMS, 2) is None


@pytest.mark.parametrize(
    ("api", "kind", "seconds", "reason"),
    [
        ("completions", "openai", 0.0, "not compared"),
        ("chat", "openai", 1.0, "completions"),
        ("completions", "openai", 1.0, "no 32-bit copy"),
        ("completions", "llamacpp", 1.0, "no 32-bit copy"),
    ],
)
def test_without_a_reference_agreement_is_unknown_with_its_reason(
    api: str, kind: str, seconds: float, reason: str, tmp_path: Path
) -> None:
    params = PARAMS.model_copy(update={"quality_agreement_seconds": seconds})
    spec = replace(SPEC, kind=kind, api=api, launch={"weights": "/nowhere/model.gguf"})
    rows = by_metric(quality.agreement_rows(MAKER, server(api), spec, params, tmp_path))
    assert rows["kl_to_reference_nats"]["unit"] == "nats/token"
    assert all(row["value"] is None and reason in row["reason"] for row in rows.values())


def test_agreement_says_that_it_is_a_bound_and_over_how_many_positions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from acceltrial.quality.divergence import Agreement, Position

    found = Agreement([Position(n // 2, 0.1 * n, n > 0) for n in range(4)])
    seen: dict[str, Any] = {}

    def compared(asked: Any, *_: Any) -> Agreement:
        seen["extra"] = asked.extra
        return found

    empty = {"texts": [], "words": {}}
    monkeypatch.setattr(quality, "compare", compared)
    monkeypatch.setattr(quality, "reference_for", lambda *_: empty)
    params = PARAMS.model_copy(
        update={"quality_agreement_seconds": 1.0, "quality_references": {"m": str(tmp_path)}}
    )
    rows = by_metric(
        quality.agreement_rows(MAKER, server(), replace(SPEC, kind="llamacpp"), params, tmp_path)
    )
    kl = rows["kl_to_reference_nats"]
    assert (kl["value"], kl["n"]) == (pytest.approx(np.mean([0.05, 0.25])), 2)
    assert "lower bound" in kl["source"]
    assert "4 positions" in kl["source"]
    assert (rows["top1_agreement"]["value"], rows["top1_agreement"]["n"]) == (0.75, 4)
    assert seen["extra"] == {"cache_prompt": True, "id_slot": 0}
