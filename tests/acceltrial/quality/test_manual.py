from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from acceltrial.quality.manual import candidates, manual
from acceltrial.quality.task import tokens_of


def test_three_hundred_pages_each_with_its_question() -> None:
    book = manual(1)
    assert len(set(book.pages)) == len(set(book.questions)) == 300
    assert manual(1) == book
    assert manual(2) != book
    assert manual(1, 10).pages == book.pages[:10]


@given(number=st.integers(0, 2000), length=st.integers(1, 400))
def test_a_question_is_about_as_long_as_asked_and_ends_with_its_own_words(number: int, length: int) -> None:
    book = manual(3)
    text, page = book.asked(number, length)
    assert text.endswith(book.questions[page])
    assert tokens_of(text) <= max(length, 20)
    assert tokens_of(text) >= min(length, 11) - 10


@given(page=st.integers(0, 299), count=st.integers(1, 40), seed=st.integers(0, 99))
def test_candidates_hold_the_right_page_once_at_the_told_place(page: int, count: int, seed: int) -> None:
    book = manual(4)
    texts, place = candidates(book, page, count, random.Random(seed))
    assert len(texts) == len(set(texts)) == count
    assert texts[place] == book.pages[page]
