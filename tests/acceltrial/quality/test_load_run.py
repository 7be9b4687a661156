from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import numpy as np
import pytest

from acceltrial.errors import ConfigurationError, TargetUnavailableError
from acceltrial.load import LoadPlan, Schedule, run_load
from acceltrial.quality.load_run import asking, scored
from acceltrial.quality.ranking import UnusableAnswerError
from tests.acceltrial.load.conftest import socket_server, whole
from tests.acceltrial.quality.test_questionnaire import spelled


def answer(connection: socket.socket) -> None:
    """Embeddings and reranking by letter pairs."""
    stream = connection.makefile("rb")
    while line := stream.readline():
        length = 0
        while (field := stream.readline()) != b"\r\n":
            name, _, value = field.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        sent = stream.read(length)
        if not sent:
            return
        body = json.loads(sent)
        if line.startswith(b"POST /v1/rerank"):
            scores = spelled(body["documents"]) @ spelled([body["query"]])[0]
            found = {"results": [{"index": n, "relevance_score": s} for n, s in enumerate(scores.tolist())]}
        else:
            texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
            rows = spelled(texts).tolist()
            found = {"data": [{"index": n, "embedding": row} for n, row in enumerate(rows)]}
        connection.sendall(whole(json.dumps(found).encode()))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with socket_server(answer) as port:
        yield f"http://127.0.0.1:{port}/v1"


@pytest.mark.parametrize(("api", "name"), [("embeddings", "search"), ("rerank", "rerank")])
def test_rankings_are_judged_in_the_load_run_itself(url: str, api: str, name: str) -> None:
    schedule = Schedule.closed_loop(2, requests=30, input_tokens=400, seed=2)
    plan, asked = asking(LoadPlan(url, api, "m", schedule, calibrate=False), name)  # type: ignore[arg-type]
    result = run_load(plan)
    found = scored(result, asked)
    assert result.summary["requests"]["completed"] == 30
    assert found["success_rate"]["n"] == 30
    assert 0 < found["success_rate"]["value"] <= 1
    assert 0 < found["ndcg_at_10"]["value"] <= 1
    assert found["verdicts"].get("not_answered", 0) == 0


def test_a_set_that_the_api_cannot_be_asked_is_refused() -> None:
    schedule = Schedule.closed_loop(1, requests=2)
    with pytest.raises(ConfigurationError, match="search"):
        asking(LoadPlan("http://127.0.0.1:9/v1", "chat", "m", schedule), "search")
    with pytest.raises(TargetUnavailableError, match="pages cannot be embedded"):
        asking(LoadPlan("http://127.0.0.1:9/v1", "embeddings", "m", schedule), "search")
    many = Schedule.closed_loop(1, requests=30_000)
    with pytest.raises(ConfigurationError, match="more than 20000"):
        asking(LoadPlan("http://127.0.0.1:9/v1", "chat", "m", many), "code")


def test_why_nothing_could_be_judged_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = Schedule.closed_loop(1, requests=2)
    _, asked = asking(LoadPlan("http://127.0.0.1:9/v1", "rerank", "m", schedule), "rerank")

    class Result:
        records = np.zeros(0)

    def judge(_self: object, _records: object) -> None:
        raise UnusableAnswerError("not JSON")

    monkeypatch.setattr(type(asked), "judge", judge)
    assert scored(Result(), asked)["success_rate"]["reason"] == "not JSON"  # type: ignore[arg-type]
