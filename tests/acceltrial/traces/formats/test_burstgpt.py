from __future__ import annotations

import pytest

from tests.acceltrial.traces.formats.conftest import Opened


@pytest.mark.parametrize("session", [True, False])
def test_both_releases(opened: Opened, session: bool) -> None:
    names = "Timestamp,Session ID," if session else "Timestamp,"
    mid = "s1," if session else ""
    trace = opened(
        f"{names}Model,Request tokens,Response tokens,Total tokens,Log Type\n"
        f"5,{mid}ChatGPT,472,18,490,Conversation log\n45.5,{mid}GPT-4,1087,0,1087,API log\n"
    )
    frame = trace.collect()
    assert trace.facts.format == "burstgpt"
    assert frame["arrival_s"].to_list() == [0.0, 40.5]
    assert frame["output_tokens"].to_list() == [18, 0]
    assert frame["session"].to_list() == (["s1", "s1"] if session else [None, None])
    assert any("0 response tokens" in note for note in trace.facts.notes)
