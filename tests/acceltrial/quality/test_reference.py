from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import TargetUnavailableError
from acceltrial.quality.reference import prefixes, reference_for

REFERENCE = {
    "texts": [
        {
            "text": "abcdef",
            "tokens": [2, 10, 11, 12, 13, 14, 15],
            "ends": [0, 1, 2, 3, 4, 5, 6],
            "top_ids": [[n, 99, 98] for n in range(7)],
            "top_logprobs": [[-0.1, -2.0, -3.0]] * 7,
        }
    ],
    "words": {**{str(n): f"w{n}" for n in range(7)}, "98": "same", "99": "same"},
}


def test_a_beginning_ends_with_its_last_token_and_shared_texts_are_left_out() -> None:
    found = prefixes(REFERENCE, first=2, step=2)
    assert [one.tokens for one in found] == [[2, 10, 11], [2, 10, 11, 12, 13]]
    assert [one.text for one in found] == ["ab", "abcd"]
    assert (found[0].best, found[0].best_text) == (2, "w2")
    assert found[0].by_id == {2: -0.1, 99: -2.0, 98: -3.0}
    assert found[0].by_text == {"w2": -0.1}


@pytest.mark.slow
def test_a_folder_without_a_model_is_said_to_be_one_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(TargetUnavailableError, match="reference model cannot be run"):
        reference_for(tmp_path / "model", ["a text"], tmp_path)
    assert list((tmp_path / "reference").iterdir()) == []
