"""The server's account beside the client's."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from acceltrial.load.records import COLUMNS
from acceltrial.load.server_check import cross_check
from acceltrial.load.server_metrics import ServerMetrics


def records(count: int = 4, failed: int = 0, **changes: Any) -> pl.DataFrame:
    """Requests with TTFT 100 ms, decode 400 ms, 10 tokens out, 50 in."""
    rows = []
    for n in range(count + failed):
        row: dict[str, Any] = dict.fromkeys(COLUMNS)
        row |= {
            "index": n, "intended_s": n * 1.0, "sent_s": n * 1.0, "first_token_s": n + 0.1, "last_s": n + 0.5,
            "ended_s": n + 0.5, "input_tokens": 50, "output_tokens": 10,
        } | changes  # fmt: skip
        if n >= count:
            row |= {"error_class": "timeout", "first_token_s": None, "last_s": None}
        rows.append(row)
    return pl.DataFrame(rows, schema=COLUMNS)


def metrics(**growth: float) -> ServerMetrics:
    return ServerMetrics([{"at_s": 0.0} | dict.fromkeys(growth, 5.0),
                          {"at_s": 9.0} | {name: 5.0 + value for name, value in growth.items()}])  # fmt: skip


def verdicts(found: ServerMetrics, table: pl.DataFrame) -> dict[str, bool | None]:
    return {check.name: check.agrees for check in cross_check(found, table)}


HONEST = {
    "output_tokens": 40.0, "prompt_tokens": 200.0, "requests": 4.0, "ttft_sum_s": 0.39, "ttft_count": 4.0,
    "e2e_sum_s": 1.99, "e2e_count": 4.0, "prefill_sum_s": 0.3, "prefill_count": 4.0,
    "decode_sum_s": 1.6, "decode_count": 4.0,
}  # fmt: skip


def test_an_honest_server_agrees_in_everything() -> None:
    found = verdicts(metrics(**HONEST), records())
    assert set(found) == {"output_tokens", "input_tokens", "ttft_ms", "e2e_ms", "prefill_ms", "decode_ms"}
    assert all(found.values())


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"output_tokens": 60.0}, "output_tokens"),
        ({"prompt_tokens": 20.0}, "input_tokens"),
        ({"ttft_sum_s": 0.04}, "ttft_ms"),
        ({"ttft_sum_s": 0.8}, "ttft_ms"),
        ({"prefill_sum_s": 0.6}, "prefill_ms"),
        ({"decode_sum_s": 0.8}, "decode_ms"),
    ],
)
def test_a_disagreement_is_seen(change: dict[str, float], name: str) -> None:
    found = verdicts(metrics(**(HONEST | change)), records())
    assert {key for key, agrees in found.items() if agrees is False} == {name}


def test_begin_tokens_are_no_disagreement() -> None:
    assert all(verdicts(metrics(output_tokens=44.0, prompt_tokens=204.0), records()).values())
    assert verdicts(metrics(output_tokens=45.0), records())["output_tokens"] is False


def test_cached_tokens_may_be_left_out_of_the_prompts() -> None:
    assert verdicts(metrics(prompt_tokens=80.0), records(cached_tokens=30))["input_tokens"]
    assert verdicts(metrics(prompt_tokens=200.0), records(cached_tokens=30))["input_tokens"]


def test_failed_requests_and_other_users_leave_it_open() -> None:
    wrong = HONEST | {"output_tokens": 60.0}
    assert verdicts(metrics(**wrong), records(failed=1))["output_tokens"] is None
    others = cross_check(metrics(**(wrong | {"requests": 9.0})), records())
    check = next(one for one in others if one.name == "output_tokens")
    assert check.agrees is None
    assert "others used the server" in check.detail


def test_totals_without_counts_are_divided_by_our_requests() -> None:
    found = {
        check.name: check.server for check in cross_check(metrics(prefill_s=0.2, decode_s=1.6), records())
    }
    assert found == {"prefill_ms": pytest.approx(50.0), "decode_ms": pytest.approx(400.0)}


def test_answers_state_their_decode() -> None:
    table = records(server_decode_ms=400.0)
    assert verdicts(metrics(output_tokens=40.0), table)["stated_decode_ms"]
    assert verdicts(metrics(output_tokens=40.0), records(server_decode_ms=900.0))["stated_decode_ms"] is False


def test_a_server_may_contradict_itself() -> None:
    found = metrics(prefill_s=0.2)  # 50 ms a request
    assert verdicts(found, records(server_prefill_ms=50.0))["stated_prefill_ms"]
    assert verdicts(found, records(server_prefill_ms=90.0))["stated_prefill_ms"] is False


def test_nothing_to_compare() -> None:
    assert cross_check(ServerMetrics(), records()) == []
    assert cross_check(metrics(**HONEST), records(0)) == []
    assert cross_check(metrics(**HONEST), records(0, failed=2)) == []
    assert cross_check(metrics(requests=4.0), records(first_token_s=None, output_tokens=None)) == []
