"""SVG that follows the page: colours by variable, own ids, text alternatives, same bytes each time."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import altair as alt
import pytest

from stages.report.charts.drawing import GRADE_COLOURS, draw, log_scale, log_ticks, no_chart, plain


def _chart() -> alt.Chart:
    data = alt.Data(values=[{"x": 1, "y": 2, "g": "<b>&\"'"}, {"x": 10, "y": 4, "g": "b"}])
    return (
        alt.Chart(data)
        .mark_point(clip=True, color=GRADE_COLOURS["measured"])
        .encode(x=alt.X("x:Q", scale=log_scale([1, 10])), y="y:Q", text="g:N")
    )


def test_the_same_chart_gives_the_same_bytes_whatever_was_drawn_before() -> None:
    first = draw(_chart(), "a", "t", "d").svg
    assert draw(_chart(), "b", "t", "d").svg != first
    assert draw(_chart(), "a", "t", "d").svg == first


def test_it_is_xml_with_role_title_and_description() -> None:
    root = ET.fromstring(draw(_chart(), "a", "<Title> & more", 'say "it"\x0b').svg)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "a-t a-d"
    assert [child.text for child in root[:2]] == ["<Title> & more", 'say "it"�']


def test_colours_are_the_pages_own() -> None:
    svg = draw(_chart(), "a", "t", "d").svg
    assert "var(--g-measured)" in svg
    assert "var(--muted)" in svg
    assert GRADE_COLOURS["measured"] not in svg


def test_ids_carry_the_charts_name() -> None:
    svg = draw(_chart(), "a", "t", "d").svg
    assert 'id="a-c0"' in svg
    assert "url(#a-c0)" in svg


def test_a_log_axis_of_one_value_has_room() -> None:
    low, high = log_scale([5.0, 5.0]).domain
    assert low < 5 < high


def test_a_chart_that_cannot_be_drawn_says_why() -> None:
    assert no_chart("a", "t", "no data").description == "no data"
    assert not no_chart("a", "t", "no data").svg


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    assert plain("a\x00b\x1fc\ud800") == "a�b�c�"


@pytest.mark.parametrize("ends", [(1.0, 10.0), (0.00031, 0.00045), (3.0, 4e9), (99.0, 101.0)])
def test_log_ticks_are_few_round_and_inside(ends: tuple[float, float]) -> None:
    scale = log_scale(list(ends))
    ticks = log_ticks(scale)
    assert 1 <= len(ticks) <= 7
    assert all(scale.domain[0] <= tick <= scale.domain[1] for tick in ticks)


def test_coordinates_are_rounded_and_texts_are_not() -> None:
    data = alt.Data(values=[{"x": 1 / 3, "y": 1, "label": "0.00012345"}])
    chart = alt.Chart(data).mark_text().encode(x="x:Q", y="y:Q", text="label:N")
    svg = draw(chart, "a", "t", "0.98765").svg
    assert ">0.00012345</text>" in svg
    assert "0.98765" in svg
