from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.errors import ConfigurationError, StorageError
from acceltrial.portfolio.document import LARGEST_BYTES, parse_document, read_document


def refused(text: str, *, at: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        parse_document(text, "f.yaml")
    assert caught.value.where == at
    assert caught.value.remedy


def test_values_keep_their_types_and_places() -> None:
    document = parse_document("a: 1\nb:\n  - x: 2.5\n    y: text\n  - true\nc: null\n", "f.yaml")
    assert document.data == {"a": 1, "b": [{"x": 2.5, "y": "text"}, True], "c": None}
    assert document.where(("b", 0, "y")) == "f.yaml:4:8"
    assert document.where(("b", 0, "y"), key=True) == "f.yaml:4:5"
    assert document.where(("b", 7, "z")) == "f.yaml:3:3"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("NO", "NO"), ("True", True), ("false", False),
        ("12:30", "12:30"), ("2026-11-22", "2026-11-22"), ("1_000", 1000), ("1e3", 1000.0), ("2.4e6", 2.4e6),
        ("010", "010"), ("'5'", "5"), ("0.5", 0.5), ("-3", -3), ("~", None), ("0x10", "0x10"), (".5", 0.5),
    ],
)  # fmt: skip
def test_scalars_hold_no_surprises(text: str, value: object) -> None:
    data = parse_document(f"a: {text}", "f").data["a"]
    assert data == value
    assert type(data) is type(value)


def test_infinite_and_nan_stay_visible() -> None:
    data = parse_document("a: .inf\nb: -.inf\nc: .nan", "f").data
    assert (data["a"], data["b"]) == (math.inf, -math.inf)
    assert math.isnan(data["c"])


def test_tab_indentation_is_named() -> None:
    refused("a:\n\tb: 1\n", at="f.yaml:2:1", says="tab")
    refused("a:\n  - b\n \t- c\n", at="f.yaml:3:2", says="tab")


def test_tab_inside_text_is_allowed() -> None:
    assert parse_document('a: "b\tc"', "f").data == {"a": "b\tc"}


def test_duplicate_key_names_both_places() -> None:
    refused("a: 1\nb:\n  c: 1\n  c: 2\n", at="f.yaml:4:3", says="given twice .first in line 3.")


def test_merge_and_aliases_are_refused() -> None:
    refused("a: &x {b: 1}\nc: *x\n", at="f.yaml:1:4", says="anchors")
    refused("a: 1\nc: *x\n", at="f.yaml:2:4", says="anchors")


def test_billion_laughs_end_at_once() -> None:
    lines = ["a0: &a0 [lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    refused("\n".join(lines), at="f.yaml:1:5", says="anchors")


def test_tags_are_refused() -> None:
    refused("a: !!python/object/apply:os.system ['id']\n", at="f.yaml:1:4", says="tags")
    refused("a: !include b.yaml\n", at="f.yaml:1:4", says="tags")


@pytest.mark.parametrize("text", ["[" * 60_000, "a: " + "{b: " * 100 + "}" * 100, "- " * 3000 + "a"])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"nested deeper|not valid YAML"):
        parse_document(text, "f")


def test_too_many_values_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="holds more than"):
        parse_document("[" + "1," * 120_000 + "1]", "f")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("a: [1, 2\nb: 3", "f.yaml:2:2"),
        ("a: b: c", "f.yaml:1:5"),
        ('a: "x', "f.yaml:1:6"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1"),
    ],
)
def test_broken_yaml_has_a_place(text: str, at: str) -> None:
    refused(text, at=at, says="not valid YAML")


def test_keys_that_are_no_words_are_refused() -> None:
    refused("? [a, b]\n: 1\n", at="f.yaml:1:3", says="plain word")


def test_control_characters_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="YAML"):
        parse_document("a: \x00b", "f")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing") as caught:
        read_document(tmp_path / "absent.yaml")
    assert "acceltrial init" in caught.value.remedy


def test_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="folder"):
        read_document(tmp_path)


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f.yaml")
    with pytest.raises(ConfigurationError, match="pipe"):
        read_document(tmp_path / "f.yaml")


def test_unreadable_file(tmp_path: Path) -> None:
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    with pytest.raises(StorageError):
        read_document(loop)


def test_not_utf8_names_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: 1\nb: gr\xf6\xdfe\n")
    with pytest.raises(ConfigurationError, match="UTF-8") as caught:
        read_document(path, shown_as="f.yaml")
    assert caught.value.where == "f.yaml:2:6"


def test_utf16_is_refused_and_a_byte_order_mark_is_not(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes("a: 1".encode("utf-16"))
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_document(path)
    path.write_bytes("a: 1".encode("utf-8-sig"))
    assert read_document(path).data == {"a": 1}


def test_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    with path.open("wb") as stream:
        stream.truncate(LARGEST_BYTES + 1)
    with pytest.raises(ConfigurationError, match="larger than"):
        read_document(path)


def test_empty_file_is_nothing() -> None:
    assert parse_document("", "f").data is None
    assert parse_document("# only a comment\n", "f").data is None


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ConfigurationError):
        parse_document(text, "f")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_what_json_says_is_what_is_read(value: object) -> None:
    text = json.dumps({"a": value}, ensure_ascii=True)
    # Lone surrogates are valid JSON but no YAML.
    with suppress(ConfigurationError):
        assert parse_document(text, "f").data == {"a": value}
