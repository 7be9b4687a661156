"""Whether a file lies in the page cache, and how to take it out: cold and warm storage told apart."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from acceltrial.errors import StorageError


def drop(files: Iterable[Path]) -> None:
    """Asks the kernel to forget the clean pages of `files`; needs no privilege.

    Pages that another process has mapped stay: `resident_share` tells what is left.

    Raises:
        StorageError: a file cannot be opened.
    """
    for file in files:
        descriptor = _opened(file)
        try:
            os.fsync(descriptor)  # dirty pages would stay
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def resident_share(files: Sequence[Path]) -> float | None:
    """The share of the files' pages that memory holds; None where the system does not tell.

    Raises:
        StorageError: a file cannot be opened.
    """
    pages = resident = 0
    for file in files:
        descriptor = _opened(file)
        try:
            size = os.fstat(descriptor).st_size
            if not size:
                continue
            held = _held(descriptor, size)
        finally:
            os.close(descriptor)
        if held is None:
            return None
        pages += len(held)
        resident += sum(one & 1 for one in held)
    return resident / pages if pages else None


def files_under(places: Iterable[Path]) -> list[Path]:
    """The regular files in `places`, folders opened, in order of their names."""
    found: list[Path] = []
    for place in places:
        found += sorted(one for one in place.rglob("*") if one.is_file()) if place.is_dir() else [place]
    return found


def _opened(file: Path) -> int:
    try:
        return os.open(file, os.O_RDONLY)
    except OSError as error:
        raise StorageError(
            f"cannot be opened ({error.strerror})",
            where=str(file),
            remedy="check the path and its permissions",
        ) from error


def _held(descriptor: int, size: int) -> bytes | None:
    """One byte a page from mincore(2); None where it is not to be had."""
    try:
        mincore = ctypes.CDLL(None, use_errno=True).mincore
    except (AttributeError, OSError):
        return None
    count = -(-size // mmap.PAGESIZE)
    states = (ctypes.c_ubyte * count)()
    # A private map is writable for ctypes, and nothing is ever written to it.
    with mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE) as view:
        start = (ctypes.c_char * size).from_buffer(view)
        failed = mincore(ctypes.byref(start), ctypes.c_size_t(size), states)
        del start
    return None if failed else bytes(states)
