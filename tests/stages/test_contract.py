from __future__ import annotations

import pytest
from pydantic import ValidationError

from acceltrial.errors import AcceltrialError
from stages.contract import Inputs, PlainFile, Stage, StageParams
from tests.stages.running.toy import NUMBERS, SumGrid, ToyParams, double


def test_a_stage_has_one_way_to_run() -> None:
    with pytest.raises(AcceltrialError, match="either"):
        Stage("x", "1", ToyParams, (), ())
    with pytest.raises(AcceltrialError, match="either"):
        Stage("x", "1", ToyParams, (), (), run=double, grid=SumGrid())


def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(ValidationError):
        StageParams.model_validate({"x": 1})


def test_a_plain_file_is_not_asked_for_as_a_table(tmp_path: object) -> None:
    inputs = Inputs(tmp_path, (PlainFile("data/portfolio"), NUMBERS))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="path"):
        inputs.table("portfolio")
    assert inputs.path("numbers").name == "numbers.parquet"
