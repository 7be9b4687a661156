"""Digests of bytes, files, folders and values."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import orjson


def file_digest(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def path_digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's relative names and contents in sorted order."""
    if path.is_file():
        return file_digest(path)
    total = hashlib.sha256()
    for child in sorted(p for p in path.rglob("*") if p.is_file()):
        total.update(f"{child.relative_to(path).as_posix()}\0{file_digest(child)}\0".encode())
    return total.hexdigest()


def value_digest(value: Any) -> str:
    """SHA-256 of a JSON-able value; the order of keys does not matter."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
