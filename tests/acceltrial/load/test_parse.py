"""Bytes to tokens and times."""

from __future__ import annotations

from array import array
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from acceltrial.load.parse import parse
from acceltrial.load.spill import RawRecord
from tests.acceltrial.load.conftest import (
    DONE,
    LAST,
    STREAM_HEAD,
    chunk,
    event,
    good_stream,
    token,
    usage,
    whole,
)


def record(data: bytes, cuts: list[int] | None = None, outcome: str = "") -> RawRecord:
    """A record whose reads end at `cuts`, one nanosecond-second apart."""
    ends = sorted({cut for cut in cuts or [] if 0 < cut < len(data)} | {len(data)})
    stamps = array("q", [1_000 * (i + 1) for i in range(len(ends))])
    return RawRecord(0, 1, 1, 0, 0, 0, 9, outcome, False, False, False, stamps, array("q", ends), data, "")


@given(st.lists(st.integers(1, 600), max_size=30))
def test_token_times_are_those_of_the_read_that_ended_the_event(cuts: list[int]) -> None:
    data = good_stream()
    raw = record(data, cuts)
    parsed = parse(raw, stream=True)
    assert parsed.error_class is None
    assert parsed.text == " Grüße 世界 🙂"
    assert (parsed.input_tokens, parsed.output_tokens) == (5, 3)
    assert all(a <= b for a, b in pairwise(parsed.chunk_ns))
    # The first event is complete with the two newlines behind its JSON.
    first_end = data.index(b"\n\n", data.index(b"data:")) + 2
    expected = next(stamp for stamp, end in zip(raw.stamps_ns, raw.ends, strict=True) if end >= first_end)
    assert parsed.chunk_ns[0] == expected


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_judged_and_nothing_raises(data: bytes, stream: bool) -> None:
    for body in (data, STREAM_HEAD + data, STREAM_HEAD + chunk(data) + LAST, whole(data)):
        parsed = parse(record(body), stream=stream)
        assert parsed.status is None or parsed.status >= 100


def test_chat_deltas_reasoning_and_tool_calls() -> None:
    parts = [
        {"delta": {"role": "assistant", "content": ""}},
        {"delta": {"reasoning_content": "hm "}},
        {"delta": {"content": "yes"}},
        {"delta": {"tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}},
        {"delta": {}, "finish_reason": "tool_calls"},
    ]
    body = b"".join(chunk(event({"choices": [part]})) for part in parts)
    parsed = parse(record(STREAM_HEAD + body + chunk(DONE) + LAST), stream=True)
    assert parsed.text == "hm yesf{}"
    assert len(parsed.chunk_ns) == 3
    assert parsed.finish_reason == "tool_calls"


def test_carriage_returns_comments_and_multi_line_data() -> None:
    body = b": ping\r\n\r\nevent: x\r\ndata: " + token(" a", "stop")[6:-2] + b"\r\n\r\ndata: [DONE]\r\n\r\n"
    parsed = parse(record(STREAM_HEAD + chunk(body) + LAST), stream=True)
    assert parsed.error_class is None
    assert parsed.text == " a"


def test_server_timings_and_cached_tokens() -> None:
    last = event(
        {
            "choices": [],
            "timings": {"prompt_ms": 12.5, "predicted_ms": 40},
            "usage": {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "prompt_tokens_details": {"cached_tokens": 4},
            },
        }
    )
    parsed = parse(
        record(STREAM_HEAD + chunk(token(" a", "stop")) + chunk(last) + chunk(DONE) + LAST), stream=True
    )
    assert (parsed.server_prefill_ms, parsed.server_decode_ms, parsed.cached_tokens) == (12.5, 40.0, 4)


def test_whole_answers() -> None:
    text = parse(
        record(
            whole(
                b'{"choices":[{"text":"hi","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}'
            )
        ),
        stream=False,
    )
    assert (text.text, text.output_tokens, text.error_class) == ("hi", 2, None)
    vectors = parse(
        record(
            whole(
                b'{"data":[{"embedding":[1]},{"embedding":[2]}],"usage":{"prompt_tokens":3,"total_tokens":3}}'
            )
        ),
        stream=False,
    )
    assert (vectors.answers, vectors.input_tokens, vectors.error_class) == (2, 3, None)
    ranked = parse(
        record(whole(b'{"results":[{"index":0,"relevance_score":1}],"usage":{"total_tokens":8}}')),
        stream=False,
    )
    assert (ranked.answers, ranked.input_tokens) == (1, 8)
    assert parse(record(whole(b'{"error":{"message":"no"}}')), stream=False).error_class == "error_answer"
    assert parse(record(whole(b'{"detail":"x"}')), stream=False).error_class == "not_an_answer"
    assert parse(record(whole(b"3")), stream=False).error_class == "error_answer"


def test_nonsense_counts_are_unknown() -> None:
    odd = event({"choices": [], "usage": {"prompt_tokens": -3, "completion_tokens": "many"}})
    parsed = parse(
        record(STREAM_HEAD + chunk(token(" a", "stop")) + chunk(odd) + chunk(DONE) + LAST), stream=True
    )
    assert (parsed.input_tokens, parsed.output_tokens) == (None, None)


def test_a_failure_keeps_its_class() -> None:
    parsed = parse(
        record(STREAM_HEAD + chunk(token(" a")) + chunk(usage(1, 1)), outcome="reset"), stream=True
    )
    assert parsed.error_class == "reset"
    assert len(parsed.chunk_ns) == 1
