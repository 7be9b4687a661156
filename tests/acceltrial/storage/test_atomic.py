from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import StorageError
from acceltrial.storage.atomic import replacing, write_text


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    write_text(path, "old")

    def fail_in_the_middle() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]
    write_text(path, "new")
    assert path.read_text() == "new"


def test_a_full_disk_names_the_file_and_the_remedy(tmp_path: Path) -> None:
    def fill() -> None:
        with replacing(tmp_path / "x"), Path("/dev/full").open("wb", buffering=0) as device:
            device.write(b"x")

    with pytest.raises(StorageError, match="free disk space") as caught:
        fill()
    assert caught.value.where == str(tmp_path / "x")


def test_a_file_where_a_folder_should_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        write_text(tmp_path / "file" / "below", "x")
