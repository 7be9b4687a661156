from __future__ import annotations

from collections.abc import Callable

import pytest

from acceltrial.targets.http import get, post_json


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("refuses", "refused"),
        ("hangs", "no answer"),
        ("dribbles", "no answer"),
        ("dies", "in the middle"),
        ("nonsense", "BadStatusLine"),
    ],
)
def test_a_bad_server_is_a_problem_in_words_and_never_a_hang(
    bad_server: Callable[[str], str], name: str, said: str
) -> None:
    answer = get(bad_server(name) + "/models", connect_s=0.5, total_s=0.6)
    assert answer.status is None
    assert said in answer.problem or "in time" in answer.problem
    assert answer.seconds < 5


def test_json_is_given_back(bad_server: Callable[[str], str]) -> None:
    assert post_json(bad_server("json"), {"a": 1}, connect_s=1, total_s=5).json() == {"data": []}


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://127.0.0.1:port/", "nothing"])
def test_a_url_that_is_none_is_a_problem(url: str) -> None:
    assert get(url, connect_s=0.2, total_s=0.5).problem


def test_html_is_no_json(bad_server: Callable[[str], str]) -> None:
    answer = get(bad_server("html"), connect_s=1, total_s=5)
    assert answer.status == 200
    assert answer.json() is None
