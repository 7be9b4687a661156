from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from acceltrial.errors import DataContractError, StorageError
from acceltrial.traces.source import line_blocks, read_head


def test_a_block_never_ends_inside_a_line_or_a_quoted_field(tmp_path: Path) -> None:
    text = b'a,b\n1,"two\nlines"\n2,plain\n3,"x"\n'
    path = tmp_path / "t.csv"
    path.write_bytes(text)
    for size in (1, 3, 5, 8, 100):
        blocks = list(line_blocks(path, size))
        assert b"".join(blocks) == text
        assert all(block.count(b'"') % 2 == 0 for block in blocks)


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read_head(path).lines == ("a,b", "1,2")


def test_a_truncated_gzip_stream_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    whole = gzip.compress(os.urandom(50_000).hex().encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataContractError, match="cut short"):
        list(line_blocks(path))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\x28\xb5\x2f\xfdxxxx", "zstd"),
        (b"PK\x03\x04rest", "zip"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"a,b\n1,\x00\n", "binary"),
        (b"PAR1 but nothing else", "Parquet"),
    ],
)
def test_what_is_no_trace_is_refused_by_name(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "t"
    path.write_bytes(content)
    with pytest.raises(DataContractError, match=told) as caught:
        read_head(path)
    assert str(path) in caught.value.where
    assert caught.value.remedy


def test_missing_files_folders_and_pipes_are_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path / "absent", tmp_path, pipe):
        with pytest.raises(StorageError):
            read_head(path)


def test_an_endless_line_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acceltrial.traces.source.LINE_BYTES", 1000)
    path = tmp_path / "t.csv"
    path.write_bytes(b"a" * 5000)
    with pytest.raises(DataContractError, match="longer than"):
        list(line_blocks(path, 100))
