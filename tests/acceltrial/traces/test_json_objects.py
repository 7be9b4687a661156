"""JSON objects, however they are laid out over the lines of a file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.errors import DataContractError
from acceltrial.traces.json_objects import first_objects, json_objects
from acceltrial.traces.source import read_head

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), min_size=1, max_size=6)


def layouts(items: list[dict[str, Any]]) -> dict[str, str]:
    indented = [json.dumps(item, indent=2) for item in items]
    return {
        "lines": "\n".join(json.dumps(item) for item in items),
        "indented, one after another": "\n".join(indented),
        "without a break": "".join(json.dumps(item) for item in items),
        "a list in one line": json.dumps(items),
        "a list over many lines": json.dumps(items, indent=4),
        "lists in lines": "\n".join(json.dumps([item]) for item in items) + "\n",
        "Windows line ends": "\r\n".join(text.replace("\n", "\r\n") for text in indented) + "\r\n",
    }


def read(path: Path, block_bytes: int = 1 << 20) -> list[dict[str, Any]]:
    return [one.item for batch in json_objects(path, block_bytes) for one in batch]


@settings(deadline=None, max_examples=40)
@given(OBJECTS, st.integers(1, 60))
def test_every_layout_holds_the_same_objects(
    tmp_path_factory: pytest.TempPathFactory, items: list[dict[str, Any]], block_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("json") / "t"
    for layout, text in layouts(items).items():
        path.write_text(text, encoding="utf-8")
        assert read(path, block_bytes) == items, layout


def test_the_line_of_an_object_is_the_one_on_which_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(gzip.compress(b'\xef\xbb\xbf\n{\n "a": 1\n}\n\n{"a":\n2}'))
    (batch,) = json_objects(path, 1 << 20)
    assert [(one.line, one.item["a"]) for one in batch] == [(2, 1), (6, 2)]


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ('{"a": 1}\n{"a": 1', "line 2", "does not end"),
        ('{"a": 1}\n{"a": 1\n{"a": 2}\n', "line 2", "does not end"),
        ('{"a": 1}\n{"a": }\n', "line 2", "not JSON"),
        ('{"a": 1}\n[1]\n', "line 2", "a JSON int, not an object"),
        ('{\n"a": 1}\n{\n"a": 2', "line 3", "does not end"),
        ('[\n{"a": 1},\n', "line 2", "the list does not end"),
        ('[\n{"a": 1},\n2]\n', "line 3", "between objects"),
        ('[\n"x"]\n', "line 2", "where an object begins"),
        ('{\n"a": [1}\n}', "line 1", "not JSON"),
        ('{\n"a": NaN\n}', "line 1", "not JSON"),
        ("nothing\n", "line 1", "not JSON"),
    ],
)
def test_what_is_no_object_is_named(tmp_path: Path, text: str, where: str, why: str) -> None:
    path = tmp_path / "t"
    path.write_text(text)
    with pytest.raises(DataContractError) as caught:
        read(path)
    assert where in caught.value.where
    assert why in caught.value.what


def test_a_document_beyond_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acceltrial.traces.json_objects.DOCUMENT_BYTES", 1_000)
    path = tmp_path / "t"
    path.write_text(json.dumps({"a": list(range(900))}, indent=1))
    with pytest.raises(DataContractError, match="longer than"):
        read(path)


@pytest.mark.parametrize("layout", list(layouts([{}])))
def test_the_start_of_a_file_tells_its_first_objects(tmp_path: Path, layout: str) -> None:
    items = [{"n": number, "text": "x" * 50} for number in range(4_000)]
    path = tmp_path / "t"
    path.write_text(layouts(items)[layout])
    assert first_objects(read_head(path), 3) == items[:3]


def test_damage_at_the_start_is_left_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text('{"a": 1}\n{"a": ')
    assert first_objects(read_head(path)) == [{"a": 1}]
    path.write_text("a,b\n1,2\n")
    assert first_objects(read_head(path)) == []
