"""Atomic writes: a reader sees the old file or the new one, never a part."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from acceltrial.errors import StorageError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path` that takes its place when the block ends well.

    The temporary file is synced to disk before the rename and removed when the block fails.

    Raises:
        StorageError: no permission, disk full, or a folder in the way.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        with suppress(OSError):  # the first error is the one to tell
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Writes `data` to `path` atomically. Raises StorageError."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Writes `text` to `path` atomically as UTF-8. Raises StorageError."""
    write_bytes(path, text.encode())


def storage_error(error: OSError, path: Path) -> StorageError:
    """The error that tells a person what to do about a failed read or write of `path`."""
    remedies = {
        errno.ENOSPC: "free disk space, then run again: nothing was half-written",
        errno.EDQUOT: "the disk quota is used up: free space, then run again",
        errno.EACCES: "give this user write permission, or choose another folder",
        errno.EPERM: "give this user write permission, or choose another folder",
        errno.EROFS: "the file system is read-only: choose another folder",
    }
    code = error.errno or 0
    return StorageError(
        os.strerror(code) if code else str(error),
        where=str(path),
        remedy=remedies.get(code, "check the path and run again"),
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
