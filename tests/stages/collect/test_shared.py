from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from acceltrial.errors import DataContractError, StorageError
from stages.collect.shared import SharedBatches


def frames(count: int) -> list[pl.DataFrame]:
    return [pl.DataFrame({"x": [i, i + 1], "name": ["a", None]}) for i in range(count)]


def test_every_pass_gives_the_same(tmp_path: Path) -> None:
    taken: list[int] = []

    def source() -> object:
        for number, frame in enumerate(frames(5)):
            taken.append(number)
            yield frame

    shared = SharedBatches(source(), tmp_path / "copy")  # type: ignore[arg-type]
    passes = [pl.concat(list(shared)) for _ in range(3)]
    assert passes[0].equals(passes[1])
    assert passes[0].equals(passes[2])
    assert passes[0].equals(pl.concat(frames(5)))
    assert taken == [0, 1, 2, 3, 4]


def test_a_pass_that_stops_early_is_repeated_as_far_as_it_went(tmp_path: Path) -> None:
    shared = SharedBatches(iter(frames(50)), tmp_path / "copy")
    first = []
    for frame in shared:
        first.append(frame)
        if len(first) == 3:
            break
    assert pl.concat(list(shared)).equals(pl.concat(frames(3)))


def test_what_is_wrong_with_the_source_is_told_as_it_is(tmp_path: Path) -> None:
    def source() -> object:
        yield frames(1)[0]
        raise DataContractError("bad row")

    with pytest.raises(DataContractError, match="bad row"):
        list(SharedBatches(source(), tmp_path / "copy"))  # type: ignore[arg-type]


def test_a_copy_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        list(SharedBatches(iter(frames(1)), tmp_path / "absent" / "copy"))
