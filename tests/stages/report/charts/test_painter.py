"""Drawn by another process or by this one: the same bytes, and failures that are told."""

from __future__ import annotations

from typing import Any

import pytest

from acceltrial.errors import AcceltrialError
from stages.report.charts import painter
from stages.report.charts.painter import paint, painting


def _spec(mark: str, value: float) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [{"x": value, "name": "ü <b>\n"}]},
        "mark": mark,
        "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "name", "type": "nominal"}},
    }


def test_another_process_draws_the_same_in_the_order_asked() -> None:
    specs = [_spec("point", 1), _spec("bar", 2), _spec("point", 3)]
    here = [paint(spec).result() for spec in specs]
    with painting():
        there = [drawn.result() for drawn in [paint(spec) for spec in specs]]
    assert there == here
    assert len(set(here)) == 3


def test_what_cannot_be_drawn_is_told_and_the_next_is_drawn() -> None:
    wrong = {"mark": "no such mark", "data": 5, "encoding": {"x": 7}}
    with pytest.raises(ValueError, match=r".") as here:
        paint(wrong).result()
    with painting():
        first, second = paint(wrong), paint(_spec("bar", 2))
        with pytest.raises(ValueError, match=r".") as there:
            first.result()
        assert "<svg" in second.result()
    assert str(there.value) == str(here.value)


def test_a_process_that_is_ended_is_an_error_with_advice() -> None:
    with painting():
        process, _ = painter._PAINTER.get()  # type: ignore[misc]
        process.kill()
        process.wait()
        with pytest.raises(AcceltrialError, match="draws the charts") as caught:
            paint(_spec("bar", 2)).result()
    assert "memory" in caught.value.remedy
    assert painter._PAINTER.get() is None
