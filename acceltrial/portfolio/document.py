"""YAML read strictly, with the line and column of every key and value kept."""

from __future__ import annotations

import codecs
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from acceltrial.errors import ConfigurationError
from acceltrial.storage.atomic import storage_error

LARGEST_BYTES = 2_000_000
MOST_NODES = 100_000
DEEPEST = 24

Loc = tuple[str | int, ...]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PREFIX = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9_]*)")
_FLOAT = re.compile(
    r"[+-]?(?:(?:0|[1-9][\d_]*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_LONGEST_NUMBER = 30


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; both numbers count from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """A YAML file as plain Python values.

    Attributes:
        path: as it is named in messages.
        data: mappings, lists, strings, integers, floats, booleans and None.
        keys: where each key stands, by its place in the data.
        values: where each value stands.
    """

    path: str
    data: Any
    keys: dict[Loc, Position] = field(default_factory=dict)
    values: dict[Loc, Position] = field(default_factory=dict)

    def where(self, loc: Loc, *, key: bool = False) -> str:
        """`file:line:column` of `loc`, or of the nearest thing around it that the file has."""
        for end in range(len(loc), -1, -1):
            place = loc[:end]
            if key and end == len(loc) and place in self.keys:
                return self._text(self.keys[place])
            if place in self.values:
                return self._text(self.values[place])
        return self.path

    def strings(self) -> Iterator[tuple[Loc, str]]:
        """Every string value with its place."""
        yield from _strings((), self.data)

    def _text(self, position: Position) -> str:
        return f"{self.path}:{position.line}:{position.column}"


def read_document(path: Path, *, shown_as: str = "") -> Document:
    """The YAML file at `path`.

    Only plain data is let in: no tags, anchors or aliases, no repeated keys, no tabs for indentation,
    at most `LARGEST_BYTES` bytes. `yes`, `no`, `on`, `off`, dates and times stay text.

    Raises:
        ConfigurationError: the file is missing or is not such YAML; with line, column and remedy.
        StorageError: the file cannot be read.
    """
    name = shown_as or str(path)
    return parse_document(_text_of(path, name), name)


def parse_document(text: str, name: str) -> Document:
    """As `read_document`, from text. Raises ConfigurationError."""
    _refuse_tabs(text, name)
    try:
        _refuse_what_explodes(text, name)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise ConfigurationError(
            f"not valid YAML: {error.problem or error.context}", where=where, remedy=_yaml_remedy(str(error))
        ) from error
    except yaml.YAMLError as error:
        raise ConfigurationError(
            "the file holds characters that YAML does not allow",
            where=name,
            remedy="save it as plain UTF-8 text without control characters",
        ) from error
    document = Document(name, None)
    data = None if root is None else _Builder(document).build(root, ())
    return Document(name, data, document.keys, document.values)


class _Builder:
    """Turns YAML nodes into values and notes where they stand."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def build(self, node: yaml.Node, loc: Loc) -> Any:
        self._document.values[loc] = _position(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*loc, index)) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "a key must be a plain word", "write `key: value`")
            key = str(key_node.value)
            place = (*loc, key)
            if key in result:
                first = self._document.keys[place]
                raise self._error(
                    key_node,
                    f"the key {key[:60]!r} is given twice (first in line {first.line})",
                    "keep one of the two",
                )
            self._document.keys[place] = _position(key_node)
            result[key] = self.build(value_node, place)
        return result

    def _error(self, node: yaml.Node, what: str, remedy: str) -> ConfigurationError:
        place = _position(node)
        return ConfigurationError(
            what, where=f"{self._document.path}:{place.line}:{place.column}", remedy=remedy
        )


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    kind = node.tag.removeprefix(_PREFIX)
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    if plain and _INTEGER.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return int(text.replace("_", ""))
    if plain and _FLOAT.fullmatch(text):
        return float(re.sub(r"\.(?=inf|nan)", "", text.replace("_", "").lower()))
    return text


def _position(node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


def _text_of(path: Path, name: str) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            # A pipe or device would hang or never end.
            raise ConfigurationError(
                "this is a folder, pipe or device, not a file", where=name, remedy="put a plain file there"
            )
        if status.st_size > LARGEST_BYTES:
            raise ConfigurationError(
                f"the file is larger than {LARGEST_BYTES:,} bytes, which no portfolio needs",
                where=name,
                remedy="check that this is the portfolio; traces belong in files of their own",
            )
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigurationError(
            "the file is missing",
            where=name,
            remedy="create it, or run `acceltrial init` for a fresh portfolio",
        ) from error
    except OSError as error:
        raise storage_error(error, path) from error
    try:
        return raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise ConfigurationError(
            "the file is not UTF-8 text",
            where=f"{name}:{line}:{column}",
            remedy="save it with UTF-8 encoding",
        ) from error


def _refuse_tabs(text: str, name: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        indentation = line[: len(line) - len(line.lstrip())]
        if "\t" in indentation:
            raise ConfigurationError(
                "a tab is used for indentation, which YAML does not allow",
                where=f"{name}:{number}:{indentation.index(chr(9)) + 1}",
                remedy="replace each tab by two spaces",
            )


def _refuse_what_explodes(text: str, name: str) -> None:
    """Walks the events without building anything: depth, size, aliases and tags are bounded first."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=_LOADER):
        mark = event.start_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigurationError(
                "anchors and aliases (& and *) are not allowed", where=where, remedy="write the value out"
            )
        if getattr(event, "tag", None):
            raise ConfigurationError(
                "tags (!…) are not allowed", where=where, remedy="write plain text, numbers, lists and keys"
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > DEEPEST or nodes > MOST_NODES:
            raise ConfigurationError(
                f"the file is nested deeper than {DEEPEST} levels or holds more than {MOST_NODES:,} values",
                where=where,
                remedy="check that this is the portfolio",
            )


def _yaml_remedy(text: str) -> str:
    if "\\t" in text or "tab" in text:
        return "replace the tab by spaces"
    if "mapping values" in text:
        return "put quotes around text that holds ': '"
    if "expected a single document" in text:
        return "keep one document a file: remove the second '---'"
    return "check the indentation, colons and quotes near this place"


def _strings(loc: Loc, value: Any) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _strings((*loc, key), child)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _strings((*loc, index), child)
