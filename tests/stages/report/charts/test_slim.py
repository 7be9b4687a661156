"""Fewer bytes, the same picture."""

from __future__ import annotations

import pytest

from stages.report.charts.slim import FONT_SIZE, slim

ROOT = '<g fill="none" stroke-miterlimit="10">{}</g></svg>'


def _inside(elements: str) -> str:
    """What is left of `elements` inside a group that fills nothing."""
    return slim(f"<svg>{ROOT.format(elements)}").removeprefix(ROOT.split("{")[0]).removesuffix("</g></svg>")


@pytest.mark.parametrize(
    "unseen",
    [
        '<path d="M0,0h290v150h-290Z"/>',
        '<path d="" display="none" stroke="#000"/>',
        '<rect width="9" height="9" fill="transparent"/>',
        '<text opacity="0" fill="#000">ghost</text>',
        '<g transform="translate(3,4)"><g><path d="M0,0h0v0h0Z"/></g></g>',
    ],
)
def test_what_nobody_sees_goes(unseen: str) -> None:
    shape = '<path d="M1,1C2,2,3,3,4,4" stroke="#000"/>'
    assert _inside(unseen + shape + unseen) == shape


def test_what_is_clipped_or_filled_stays() -> None:
    clip = '<defs><clipPath id="c"><rect width="9" height="9"/></clipPath></defs>'
    assert _inside(clip) == clip
    filled = '<rect width="9" height="9" fill="#123456"/>'
    assert _inside(f'<g clip-path="url(#c)">{filled}</g>') == f'<g clip-path="url(#c)">{filled}</g>'
    assert (
        slim('<svg><rect width="9"/></svg>') == '<rect width="9"/></svg>'
    )  # black, where nothing else is said


def test_defaults_go_unless_a_group_says_otherwise() -> None:
    line = '<path d="M0,0C1,1,2,2,3,3" stroke="#000" stroke-width="1" stroke-dasharray="1,0"/>'
    assert _inside(f'<text fill="#000" font-size="{FONT_SIZE}">a</text>') == '<text fill="#000">a</text>'
    assert _inside(line) == '<path d="M0,0C1,1,2,2,3,3" stroke="#000"/>'
    assert 'stroke-width="1"' in _inside(f'<g stroke-width="2">{line}</g>')


def test_lines_of_one_style_become_one_path_and_translucent_ones_do_not() -> None:
    grid = "".join(f'<line transform="translate(0,{y})" x2="290" y2="0" stroke="#000"/>' for y in (0, 9.5))
    assert _inside(grid) == '<path d="M0,0h290M0,9.5h290" stroke="#000"/>'
    assert _inside('<line transform="translate(1,2)" x2="3" y2="-4" stroke="#000"/>') == (
        '<path d="M1,2l3,-4" stroke="#000"/>'
    )
    crossing = grid.replace("stroke=", 'opacity="0.2" stroke=')
    assert _inside(crossing).count("<path") == 2


def test_neighbours_of_one_style_share_a_group_in_their_order() -> None:
    texts = "".join(
        f'<text text-anchor="end" transform="translate({x},15)" fill="#000">{x} &lt;b&gt;</text>'
        for x in (0, 7)
    )
    assert _inside(texts) == (
        '<g fill="#000" text-anchor="end"><text y="15">0 &lt;b&gt;</text>'
        '<text x="7" y="15">7 &lt;b&gt;</text></g>'
    )
    other = '<text fill="#fff">x</text>'
    assert _inside(other + texts).startswith(other)


@pytest.mark.parametrize(
    ("drawn", "left"),
    [
        ("M0,5L4,5L4,5L8,5L8,9L8,11", "M0,5H8V11"),
        ("M0,5L8,5L4,5", "M0,5H8H4"),  # back again: a dash pattern would differ
        ("M0,0L1,1L2,2Z", "M0,0L1,1L2,2Z"),
        ("M3,3L3,3", "M3,3h0"),
    ],
)
def test_points_on_a_level_or_upright_way_go(drawn: str, left: str) -> None:
    assert _inside(f'<path d="{drawn}" stroke="#000"/>') == f'<path d="{left}" stroke="#000"/>'
