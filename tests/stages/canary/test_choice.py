from __future__ import annotations

import pytest

from acceltrial.errors import ConfigurationError
from schemas.base import table_of
from schemas.decision import Decisions, Ranking
from schemas.inputs import Targets, Workloads
from stages.canary.choice import choose
from stages.canary.params import CanaryParams
from tests.stages.canary.test_canary import decision, ranked, target, workload


def _chosen(decisions, ranking, workloads):
    here = target("here", launch={"base_url": "http://127.0.0.1:9/v1"}, kind="llamacpp")
    return choose(
        table_of(Workloads, workloads),
        table_of(Decisions, decisions),
        table_of(Ranking, ranking),
        table_of(Targets, [here | {"launch": "{}"}]),
        CanaryParams(),
    )


def test_where_every_local_option_is_vetoed_the_first_is_rehearsed_and_says_so():
    vetoed = ranked("chat", "here", None) | {
        "vetoed": True,
        "score": None,
        "veto_reason": "latency target missed",
    }
    tuning = vetoed | {"workload": "a-tuning"}
    choice = _chosen(
        [decision("a-tuning", "h100-x1-bf16"), decision("chat", "h100-x1-bf16")],
        [tuning, vetoed],
        [workload("a-tuning") | {"phase": "training"}, workload("chat")],
    )
    assert choice.workload == "chat", "a training run has no traffic to split"
    assert "rehearsal" in choice.why
    assert "latency target missed" in choice.why


def test_the_old_path_is_another_option_that_runs_here_where_there_is_one():
    rows = [target(name, kind="llamacpp") for name in ("here", "torch", "zz")]
    rows.append(target("chatty", kind="llamacpp", api="chat"))  # cannot answer the same requests
    ranks = [
        ranked("chat", name, rank) for name, rank in (("chatty", 2), ("zz", 3), ("here", 1), ("torch", 4))
    ]

    def of(**params):
        choice = choose(
            table_of(Workloads, [workload("chat")]),
            table_of(Decisions, [decision("chat", "here")]),
            table_of(Ranking, ranks),
            table_of(Targets, rows),
            CanaryParams(**params),
        )
        return choice.target["target"], choice.baseline["target"]

    assert of() == ("here", "here")
    assert of(baseline="next") == ("here", "zz")
    assert of(target="zz", baseline="next") == ("zz", "here")
    with pytest.raises(ConfigurationError, match="no target 'nowhere'"):
        of(target="nowhere")
    alone = _chosen([decision("chat", "here")], [ranked("chat", "here", 1)], [workload("chat")])
    assert alone.baseline == alone.target
