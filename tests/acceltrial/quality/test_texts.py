from __future__ import annotations

from acceltrial.quality.texts import forced_texts


def test_texts_of_all_kinds_in_turn_and_the_same_for_the_same_seed() -> None:
    texts = forced_texts(3, 10)
    assert len(set(texts)) == 10
    assert texts == forced_texts(3, 10) != forced_texts(4, 10)
    assert {text.split()[0] for text in texts} == {"Service", "Answer", "Name", "Summarise"}
