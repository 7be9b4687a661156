"""What the bytes of one exchange mean: status, tokens and their times, usage, and why it failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from acceltrial.load.body import Places, StampOf, body_of, events
from acceltrial.load.framing import Framing, MalformedResponse
from acceltrial.load.spill import RawRecord

_MOST_TOKENS = 1_000_000_000
_LONGEST_S = 1e9


@dataclass(slots=True)
class Parsed:
    """One response, understood.

    Attributes:
        error_class: None for a good answer.
        chunk_ns: stamp of every event that carried output, in order.
        input_tokens, output_tokens: as the server's usage states them; None where it does not.
        notes: remarks that do not make the request a failure (no [DONE], usage that disagrees).
    """

    status: int | None = None
    error_class: str | None = None
    detail: str = ""
    chunk_ns: list[int] = field(default_factory=list)
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    finish_reason: str | None = None
    text: str = ""
    server_prefill_ms: float | None = None
    server_decode_ms: float | None = None
    retry_after_s: float | None = None
    answers: int | None = None
    notes: list[str] = field(default_factory=list)


def parse(raw: RawRecord, *, stream: bool, keep_text: bool = True) -> Parsed:
    """Reads one raw record; never raises: whatever is wrong becomes an error class."""
    parsed = Parsed(error_class=raw.outcome or None, detail=raw.detail)
    framing = Framing()
    try:
        framing.header(raw.data)  # the chunks were followed while they came
    except MalformedResponse as error:
        parsed.error_class = parsed.error_class or "malformed_http"
        parsed.detail = parsed.detail or str(error)
    if framing.body_at < 0:
        return parsed
    parsed.status = framing.status
    header = raw.data[: framing.body_at]
    body, places = body_of(raw.data, framing)
    encoding = _content_encoding(header)
    if framing.status >= 300:
        _failed_status(parsed, header, body)
    elif encoding not in (b"", b"identity"):
        _fail(parsed, "content_encoded", f"{encoding[:40].decode(errors='replace')}, which was not asked for")
    elif stream and _is_event_stream(header, body):
        _read_stream(parsed, raw, body, places, keep_text=keep_text)
    elif not parsed.error_class:
        _read_whole(parsed, raw, body, keep_text=keep_text)
        if stream:
            parsed.notes.append("answered as a whole although a stream was asked for")
    return parsed


def _is_event_stream(header: bytes, body: bytes) -> bool:
    return b"text/event-stream" in header.lower() or body.startswith((b"data:", b":", b"event:"))


def _content_encoding(header: bytes) -> bytes:
    _, found, rest = header.lower().partition(b"\ncontent-encoding:")
    return rest.split(b"\n", 1)[0].strip() if found else b""


def _failed_status(parsed: Parsed, header: bytes, body: bytes) -> None:
    parsed.error_class = f"http_{parsed.status}"
    parsed.detail = body[:300].decode(errors="replace")
    for line in header.split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"retry-after":
            parsed.retry_after_s = _seconds(value)
            if parsed.retry_after_s is None:
                parsed.notes.append(f"Retry-After is not a number: {value[:40].decode(errors='replace')}")
        elif name.strip().lower() == b"location":
            parsed.detail = f"redirects to {value.strip()[:200].decode(errors='replace')}; not followed"


# Streams ----------------------------------------------------------------------------------------


def _read_stream(parsed: Parsed, raw: RawRecord, body: bytes, places: Places, *, keep_text: bool) -> None:
    texts: list[str] = []
    done = False
    stamp_of = StampOf(raw)
    for data, end in events(body):
        if data == b"[DONE]":
            done = True
            continue
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            _fail(parsed, "malformed_event", data[:200].decode(errors="replace"))
            continue
        if not isinstance(event, dict) or event.get("error") or event.get("object") == "error":
            _fail(parsed, "error_event", data[:300].decode(errors="replace"))
            continue
        text = _read_event(parsed, event)
        if text:
            parsed.chunk_ns.append(stamp_of(places.raw_offset(end - 1)))
            texts.append(text)
    if keep_text:
        parsed.text = "".join(texts)
    _judge_stream(parsed, done=done)


def _read_event(parsed: Parsed, event: dict[str, Any]) -> str:
    usage = event.get("usage")
    if usage and isinstance(usage, dict):
        _read_usage(parsed, usage)
    timings = event.get("timings")
    if timings and isinstance(timings, dict):
        parsed.server_prefill_ms = _number(timings.get("prompt_ms"))
        parsed.server_decode_ms = _number(timings.get("predicted_ms"))
    choices = event.get("choices")
    if not isinstance(choices, list):
        return ""
    text = ""
    for choice in choices:
        if isinstance(choice, dict):
            plain = choice.get("text")
            text += plain if isinstance(plain, str) else _message_text(choice)
            if choice.get("finish_reason"):
                parsed.finish_reason = str(choice["finish_reason"])
    return text


def _message_text(choice: dict[str, Any]) -> str:
    """What a chat choice carries: answer, reasoning and tool calls, all of it output that was waited for."""
    part = choice.get("delta") or choice.get("message")
    if not isinstance(part, dict):
        return ""
    text = ""
    for name in ("reasoning_content", "reasoning", "content"):
        text += _content_text(part.get(name))
    for call in part.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            text += str(function.get("name") or "") + str(function.get("arguments") or "")
    return text


def _content_text(content: Any) -> str:
    """Text as it stands, or joined from a list of typed parts."""
    if isinstance(content, list):
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _read_usage(parsed: Parsed, usage: dict[str, Any]) -> None:
    stated = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    if any(value is not None and _count(value, None) is None for value in stated):
        parsed.notes.append("usage that is no count")
    parsed.input_tokens = _count(usage.get("prompt_tokens"), parsed.input_tokens)
    parsed.output_tokens = _count(usage.get("completion_tokens"), parsed.output_tokens)
    if parsed.input_tokens is None and "completion_tokens" not in usage:
        parsed.input_tokens = _count(usage.get("total_tokens"), None)
    details = usage.get("prompt_tokens_details")
    if isinstance(details, dict):
        parsed.cached_tokens = _count(details.get("cached_tokens"), parsed.cached_tokens)


def _judge_stream(parsed: Parsed, *, done: bool) -> None:
    if parsed.error_class:
        if done:
            parsed.notes.append("[DONE] had been sent before the failure")
        return
    if not done:
        if parsed.finish_reason is None:
            _fail(parsed, "stream_incomplete", "the stream ended without [DONE] or a finish reason")
            return
        parsed.notes.append("the stream never sent [DONE]")
    if not parsed.chunk_ns:
        parsed.notes.append("no output in the stream")
    if parsed.output_tokens is None:
        parsed.notes.append("the server stated no usage")
    elif parsed.output_tokens < len(parsed.chunk_ns):
        parsed.notes.append("usage disagrees: fewer tokens than events with output")


# Whole answers ----------------------------------------------------------------------------------


def _read_whole(parsed: Parsed, raw: RawRecord, body: bytes, *, keep_text: bool) -> None:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        _fail(parsed, "not_json", body[:200].decode(errors="replace"))
        return
    if isinstance(content, list):  # some rerankers and embedders answer with the bare list
        parsed.answers = len(content)
        parsed.text = body.decode(errors="replace") if keep_text else ""
        return
    if not isinstance(content, dict) or content.get("error"):
        _fail(parsed, "error_answer", body[:300].decode(errors="replace"))
        return
    text = _read_event(parsed, content)
    if text and raw.stamps_ns:
        parsed.chunk_ns.append(raw.stamps_ns[-1])
    if keep_text:
        parsed.text = text
    items = content.get("data", content.get("results"))
    if isinstance(items, list):
        parsed.answers = len(items)
        if keep_text and not text:
            # Vectors and scores are judged as a whole.
            parsed.text = body.decode(errors="replace")
    elif not isinstance(content.get("choices"), list):
        _fail(parsed, "not_an_answer", body[:300].decode(errors="replace"))


def _fail(parsed: Parsed, error_class: str, detail: str) -> None:
    if not parsed.error_class:
        parsed.error_class, parsed.detail = error_class, detail


def _count(value: Any, otherwise: int | None) -> int | None:
    """A whole number of tokens, also as 5.0; what is negative, absurd or no number counts as not stated."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST_TOKENS:
        return otherwise
    return int(value) if value == int(value) else otherwise


def _seconds(value: bytes) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds < _LONGEST_S else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and value == value else None
