from __future__ import annotations

from typing import Any

import pytest

from acceltrial.quality.log_probabilities import read_completion


def choice(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"text": " is", **fields}], "usage": {"prompt_tokens": 3}}


def test_openais_form_names_texts() -> None:
    said = read_completion(choice(logprobs={"tokens": [" is"], "top_logprobs": [{" is": -0.5, " a": -2.0}]}))
    assert said is not None
    assert (said.text, said.token, said.by_id, said.prompt_tokens) == (" is", None, {}, 3)
    assert said.by_text == {" is": -0.5, " a": -2.0}


def test_llama_cpps_form_names_numbers() -> None:
    first = {
        "id": 563, "token": " is", "logprob": -0.5,
        "top_logprobs": [{"id": 563, "token": " is", "logprob": -0.5},
                         {"id": 9, "token": " a", "logprob": None}],
    }  # fmt: skip
    said = read_completion(choice(logprobs={"content": [first]}))
    assert said is not None
    assert (said.token, said.by_id, said.by_text) == (563, {563: -0.5}, {" is": -0.5})


@pytest.mark.parametrize(
    "logprobs",
    [
        None, [], {}, {"content": []}, {"content": [3]},
        {"content": [{"top_logprobs": [3, {"logprob": True}]}]},
        {"top_logprobs": []}, {"top_logprobs": [None]}, {"top_logprobs": [{" is": "x"}]},
        {"top_logprobs": [{" is": float("nan")}]},
    ],
)  # fmt: skip
def test_without_usable_log_probabilities_the_text_is_left(logprobs: Any) -> None:
    said = read_completion(choice(logprobs=logprobs))
    assert said is not None
    assert said.text == " is"
    assert not said.by_id
    assert not said.by_text


@pytest.mark.parametrize(
    "answer", [None, {}, [], {"choices": []}, {"choices": [{}]}, {"choices": [{"text": 3}]}]
)
def test_what_is_no_completion_is_none(answer: Any) -> None:
    assert read_completion(answer) is None
