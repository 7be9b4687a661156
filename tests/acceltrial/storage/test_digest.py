from __future__ import annotations

import hashlib
from pathlib import Path

from acceltrial.storage.digest import file_digest, path_digest, value_digest


def test_a_files_digest_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest() == path_digest(tmp_path / "a")


def test_a_folders_digest_sees_names_and_contents_but_not_order(tmp_path: Path) -> None:
    for folder, names in (("x", "ab"), ("y", "ba")):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).write_text(name)
    assert path_digest(tmp_path / "x") == path_digest(tmp_path / "y")
    (tmp_path / "y" / "a").rename(tmp_path / "y" / "c")
    assert path_digest(tmp_path / "x") != path_digest(tmp_path / "y")


def test_a_values_digest_does_not_depend_on_key_order() -> None:
    assert value_digest({"a": 1, "b": [2]}) == value_digest({"b": [2], "a": 1})
    assert value_digest({"a": 1}) != value_digest({"a": 2})
