from __future__ import annotations

import hashlib
from pathlib import Path

from stages.running.digests import dvc_digest


def test_a_files_digest_is_md5_and_a_folders_is_marked(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert dvc_digest(tmp_path / "a") == hashlib.md5(b"abc").hexdigest()
    assert dvc_digest(tmp_path).endswith(".dir")


def test_a_folders_digest_sees_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    first = dvc_digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    second = dvc_digest(tmp_path)
    (tmp_path / "b").write_bytes(b"abd")
    assert len({first, second, dvc_digest(tmp_path)}) == 3
