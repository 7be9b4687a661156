from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acceltrial.decide.matrix import check_bounds, read_matrix
from acceltrial.decide.values import Criterion
from acceltrial.errors import DataContractError, StorageError

CRITERIA = [Criterion("cost", "min", 0, 10), Criterion("speed", "max", 0, 10)]
GOOD = "option,cost,speed,cost_low,cost_high\na,1,2,0.5,3\nb,4,,,\n"


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "m.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_good_matrix(tmp_path: Path) -> None:
    matrix = read_matrix(write(tmp_path, GOOD), CRITERIA)
    assert matrix.options == ("a", "b")
    assert np.isnan(matrix.values[1, 1])
    assert matrix.high[0, 0] == 3


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_spreadsheets_marks_are_read(tmp_path: Path, mark: str, start: str) -> None:
    matrix = read_matrix(write(tmp_path, start + GOOD.replace(",", mark).replace("\n", "\r\n")), CRITERIA)
    assert matrix.options == ("a", "b")
    assert matrix.values[0].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("option,cost,speed\n", "no option"),
        ("name,cost,speed\na,1,2\n", "first column"),
        ("option,cost\na,1\n", "no column for criterion: 'speed'"),
        ("option,cost,speed,colour\na,1,2,3\n", "'colour'"),
        ("option,cost,cost,speed\na,1,1,2\n", "given twice"),
        ("option,cost,speed,cost_low\na,1,2,1\n", "only one of _low and _high"),
        ("option,cost,speed\na,1,2\na,1,2\n", "row 3: option 'a' is also row 2"),
        ("option,cost,speed\na,NaN,2\n", "row 2, column cost"),
        ("option,cost,speed\na,inf,2\n", "row 2, column cost"),
        ("option,cost,speed\na,1 USD,2\n", "row 2, column cost"),
        ("option,cost,speed\na,1\n", "row 2: 2 cells"),
        ("option,cost,speed\n,1,2\n", "no option name"),
        ('option,cost,speed\n"a\x07",1,2\n', "no option name"),
        ('option,cost,speed\n"a,1,2\n', "not CSV"),
        ("option,cost,speed,cost_low,cost_high\na,1,2,3,4\n", "does not hold the value"),
        ("option,cost,speed,cost_low,cost_high\na,1,2,0,\n", "row 2, column cost: only one of"),
        ("option,cost,speed,cost_low,cost_high\na,,2,0,1\n", "without its value"),
        ("option,cost,speed\na,1_0,2\n", "row 2, column cost"),
        ("option;cost;speed\na;2,5;1\n", "such as 2.5"),
        ("option|cost|speed\na|2|1\n", "first column"),
        (b"option,cost,speed\n\xff,1,2\n", "not UTF-8"),
    ],
)
def test_bad_matrices_say_where(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(DataContractError) as caught:
        read_matrix(write(tmp_path, text), CRITERIA)
    assert told in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        read_matrix(tmp_path / "none.csv", CRITERIA)


def test_values_outside_the_bounds_are_refused_unless_vetoed(tmp_path: Path) -> None:
    matrix = read_matrix(write(tmp_path, "option,cost,speed\na,1,2\nb,40,2\n"), CRITERIA)
    with pytest.raises(DataContractError, match=r"cost = 40 of option 'b' lies outside"):
        check_bounds(matrix, CRITERIA, [0, 1], "m.csv")
    check_bounds(matrix, CRITERIA, [0], "m.csv")
