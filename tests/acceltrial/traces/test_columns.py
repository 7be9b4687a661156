from __future__ import annotations

import polars as pl
import pytest
from pydantic import ValidationError

from acceltrial.traces.columns import OWN_COLUMNS, ColumnMap


def test_only_named_columns_are_wanted() -> None:
    assert ColumnMap(arrival="t", session="s").wanted() == {"arrival": "t", "session": "s"}


def test_usual_types_leave_text_as_text() -> None:
    types = ColumnMap(arrival="t", input_tokens="i", client="c", time_unit="iso").usual_types()
    assert types == {"i": pl.Int64()}
    assert ColumnMap(arrival="t", time_unit="ns").usual_types() == {"t": pl.Int64()}


def test_a_misspelt_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        ColumnMap.model_validate({"arrival": "t", "outputtokens": "o"})


def test_our_own_columns_map_onto_themselves() -> None:
    assert OWN_COLUMNS.wanted()["input_tokens"] == "input_tokens"
