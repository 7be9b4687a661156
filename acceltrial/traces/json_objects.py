"""The JSON objects of a file one by one: a line each, indented over many lines, or in lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from acceltrial.errors import DataContractError
from acceltrial.traces.source import Head, line_blocks

DOCUMENT_BYTES = 256 << 20
"""One object that is longer is refused: it would break the memory bound."""
_BOM = b"\xef\xbb\xbf"
_MARK = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\]]')
_BETWEEN = re.compile(rb"[\s,]*")
_REMEDY = "one JSON object a line, one JSON document, or a list of objects; NaN and Infinity are not JSON"

Lines = Iterable[tuple[int, bytes]]


class JsonObject(NamedTuple):
    """An object, the line on which it starts (from 1), and about how many bytes of the file it took."""

    line: int
    item: dict[str, Any]
    size: int


def json_objects(path: Path, block_bytes: int) -> Iterator[list[JsonObject]]:
    """The objects of the file at `path`, about `block_bytes` at a time. A list counts as its elements.

    Raises:
        DataContractError: what is no JSON object, or a document that is cut short.
    """
    blocks = line_blocks(path, block_bytes, quoted=False)
    first = next(blocks, b"").removeprefix(_BOM)
    batch: list[JsonObject] = []
    held = 0
    for found in _read(path, _numbered_lines(first, blocks)):
        batch.append(found)
        held += found.size
        if held >= block_bytes:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def first_objects(head: Head, most: int = 50) -> list[dict[str, Any]]:
    """Up to `most` objects of the file's start, fewer where it is damaged: reading the file names that."""
    found: list[dict[str, Any]] = []
    if not head.lines or not head.lines[0].lstrip().startswith(("{", "[")):
        return found
    lines = (line.encode() for line in head.lines)
    try:
        for one in _read(head.path, enumerate(lines, 1)):
            found.append(one.item)
            if len(found) == most:
                break
    except DataContractError:
        pass
    return found


def _numbered_lines(block: bytes, blocks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    number = 1
    while block:
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        yield from enumerate(lines, number)
        number += len(lines)
        block = next(blocks, b"")


def _read(path: Path, lines: Lines) -> Iterator[JsonObject]:
    """Objects and lists of them, one after another, a line each or over many lines."""
    depth = start = number = held = 0
    in_list = False
    pieces: list[bytes] = []
    for number, line in lines:
        if not depth and not in_list and (whole := _value(line)) is not None:
            yield from _items(path, number, whole.value, len(line))
            continue
        begin = last = 0
        for found in _MARK.finditer(line):
            mark = found[0]
            if not depth:
                _check_between(path, number, line[last : found.start()])
                last = found.end()
                if mark == b"{":
                    depth, start, begin = 1, number, found.start()
                elif mark == (b"]" if in_list else b"["):
                    in_list = not in_list
                else:
                    raise _not_json(path, number, f"{_shown(mark)} where an object begins")
            elif mark in b"{[":
                depth += 1
            elif mark in b"}]":
                depth -= 1
                if not depth:
                    text = b"\n".join([*pieces, line[begin : found.end()]])
                    yield from _items(path, start, _parsed(path, start, text), len(text))
                    pieces, held, last = [], 0, found.end()
        if not depth:
            _check_between(path, number, line[last:])
            continue
        pieces.append(line[begin:])
        held += len(line)
        if held > DOCUMENT_BYTES:
            raise DataContractError(
                f"one JSON object is longer than {DOCUMENT_BYTES >> 20} MiB",
                where=f"{path}, from line {start}",
                remedy="export one object a line, or split the file",
            )
    if depth:
        raise _not_json(path, start, "the object that begins here does not end")
    if in_list:
        raise _not_json(path, number, "the list does not end")


class _Whole(NamedTuple):
    value: Any


def _value(line: bytes) -> _Whole | None:
    """The value that a line holds; None where it holds none, or more or less than one."""
    try:
        return _Whole(orjson.loads(line))
    except orjson.JSONDecodeError:
        return None


def _parsed(path: Path, number: int, text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _not_json(path, number, str(error)) from error


def _items(path: Path, number: int, value: Any, size: int) -> Iterator[JsonObject]:
    """The object, or each of the list's."""
    items = value if isinstance(value, list) else [value]
    for item in items:
        if not isinstance(item, dict):
            raise DataContractError(
                f"a JSON {type(item).__name__}, not an object", where=f"{path}, line {number}", remedy=_REMEDY
            )
        yield JsonObject(number, item, size // len(items))


def _check_between(path: Path, number: int, text: bytes) -> None:
    if not _BETWEEN.fullmatch(text):
        raise _not_json(path, number, f"{_shown(text.strip())} between objects")


def _shown(text: bytes) -> str:
    return repr(text[:40].decode(errors="replace"))


def _not_json(path: Path, number: int, why: str) -> DataContractError:
    return DataContractError(
        f"not JSON ({why})",
        where=f"{path}, line {number}",
        remedy=f"{_REMEDY}; the file may be cut short",
    )
