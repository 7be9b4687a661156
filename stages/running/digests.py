"""Digests as DVC computes them, so that a figure in the tracking server names the bytes in DVC's cache."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

_IGNORED = {".gitignore", ".DS_Store"}


def dvc_digest(path: Path) -> str:
    """MD5 of a file, or DVC's folder digest (ends in `.dir`). The use is identity, not security."""
    if path.is_dir():
        entries = [
            {"md5": _md5(child), "relpath": child.relative_to(path).as_posix()}
            for child in path.rglob("*")
            if child.is_file() and child.name not in _IGNORED and "__pycache__" not in child.parts
        ]
        entries.sort(key=lambda entry: entry["relpath"])
        listing = json.dumps(entries, sort_keys=True).encode()
        return hashlib.md5(listing, usedforsecurity=False).hexdigest() + ".dir"
    return _md5(path)


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
