"""From an altair chart to inline SVG that follows the page's colours and can be read aloud."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from markupsafe import Markup, escape

from stages.report.charts.painter import paint
from stages.report.charts.slim import FONT_SIZE, slim
from stages.report.shown import Shown

INK, MUTED, LINE, ACCENT, ALERT = "#101214", "#5b6470", "#dfe3e8", "#2f4f9e", "#b3261e"
GRADE_COLOURS = {
    "measured": "#0b6b4d",
    "published": "#1d5fa6",
    "predicted": "#955800",
    "declared": "#6d5580",
}
SERIES = [
    "#2f4f9f", "#0b6b4e", "#955801", "#8a3b6b", "#4a6670",
    "#6d5581", "#b0472c", "#2a8298", "#7d7a1f", "#c05a8e",
]  # fmt: skip
GRADE_SHAPES = {
    "measured": "circle",
    "published": "square",
    "predicted": "triangle-up",
    "declared": "diamond",
}
GRADE_ORDER = list(GRADE_COLOURS)

_VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    LINE: "line",
    ACCENT: "accent",
    ALERT: "alert",
    **{colour: f"g-{grade}" for grade, colour in GRADE_COLOURS.items()},
    **{colour: f"s-{n}" for n, colour in enumerate(SERIES)},
}
_NOISE = re.compile(
    r' (?:role="graphics-[a-z]+"|aria-[a-z]+="[^"]*"|pointer-events="none"|opacity="1"|class="[^"]*"'
    r'|font-family="[^"]*"|xmlns(?::xlink)?="[^"]*"|version="1\.1")'
)
_COLOUR = re.compile(r'(fill|stroke)="(#[0-9a-f]{6})"')
_TAG = re.compile(r"<[^>]*>")
_LONG_NUMBER = re.compile(r"(\d+)\.(\d)\d*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff￾￿]")


@dataclass(frozen=True)
class Drawing:
    """A picture in the making, with its text alternatives."""

    raw: Future[str]
    id: str
    title: str
    description: str

    @cached_property
    def svg(self) -> Markup:
        """The picture in the page's own colours, once it is drawn."""
        return _dress(self.raw.result(), self.id, self.title, self.description)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, what it says in words, and the figures it was drawn from.

    Attributes:
        id: unique in the page; the anchor.
        title: what is shown.
        description: what a reader who cannot see it should know.
        drawing: what is drawn; None when there is nothing to draw, and `description` then says why.
        columns, rows: the data table.
        wide: scrolls sideways on a narrow screen instead of shrinking.
    """

    id: str
    title: str
    description: str
    drawing: Drawing | None
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Shown]]
    wide: bool = False

    @property
    def svg(self) -> Markup:
        """The drawing as it stands in the page; empty when there is none."""
        return self.drawing.svg if self.drawing else Markup("")


def no_chart(id_: str, title: str, why: str) -> Chart:
    """A chart that cannot be drawn, with the reason."""
    return Chart(id_, title, why, None, (), ())


def draw(chart: Any, id_: str, title: str, description: str) -> Drawing:
    """The altair `chart` as SVG with role, title and description, in the page's own colours.

    The result depends on the chart only: ids are renumbered, since vl-convert counts them over
    the life of the process, and coordinates are rounded.
    """
    spec = {**chart.to_dict(validate=False), "config": _config(), "background": "transparent"}
    return Drawing(paint(spec), id_, title, description)


def plain(text: str) -> str:
    """`text` without characters that XML cannot hold."""
    return _CONTROL.sub("�", text)


def _dress(raw: str, id_: str, title: str, description: str) -> Markup:
    head, _, body = raw.partition(">")
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', head)
    width, height = size.groups() if size else ("300", "200")
    body = _COLOUR.sub(_variable, _NOISE.sub("", plain(body)))
    body = _renumber(_TAG.sub(lambda tag: _LONG_NUMBER.sub(_rounded, tag.group()), body), id_)
    opening = (
        f'<svg class="chart" role="img" aria-labelledby="{id_}-t {id_}-d" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" font-size="{FONT_SIZE}">'
        f'<title id="{id_}-t">{escape(plain(title))}</title>'
        f'<desc id="{id_}-d">{escape(plain(description))}</desc>'
    )
    return Markup(opening + slim(f"<svg>{body}"))  # noqa: S704 - `slim` and the lines above escape


def _variable(match: re.Match[str]) -> str:
    attribute, colour = match.groups()
    name = _VARIABLES.get(colour)
    return f'{attribute}="var(--{name})"' if name else match.group()


def _rounded(match: re.Match[str]) -> str:
    """Tenths of a pixel at most: more cannot be seen."""
    whole, tenths = match.groups()
    return whole if tenths == "0" else f"{whole}.{tenths}"


def _renumber(body: str, id_: str) -> str:
    """Ids of clip paths and gradients, counted from 0 and prefixed with the chart's own id."""
    names = list(dict.fromkeys(re.findall(r'\bid="([A-Za-z]+\d*)"', body)))
    for n, name in enumerate(names):
        body = body.replace(f'id="{name}"', f'id="{id_}-c{n}"').replace(f"url(#{name})", f"url(#{id_}-c{n})")
    return body


@cache
def _config() -> dict[str, Any]:
    axis = {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "gridColor": LINE,
        "tickColor": LINE,
        "domainColor": LINE,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titlePadding": 6,
        "labelLimit": 165,
        "titleLimit": 380,
        "tickSize": 4,
    }
    return {
        "aria": False,
        "font": "sans-serif",
        "view": {"stroke": None},
        "axis": axis,
        "axisY": {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": -4, "titleY": -9},
        "legend": {
            "labelColor": INK,
            "titleColor": MUTED,
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "orient": "top",
            "labelLimit": 220,
            "symbolStrokeWidth": 2,
        },
        "header": {"labelColor": INK, "titleColor": MUTED},
        "title": {"color": INK, "fontSize": 12, "anchor": "start", "fontWeight": 600},
        "text": {"color": INK, "fontSize": 11},
        "padding": {"left": 4, "right": 8, "top": 4, "bottom": 4},
    }


def grade_scales() -> tuple[Any, Any]:
    """The colour and shape scales by which every chart shows grades."""
    import altair as alt

    colour = alt.Scale(domain=GRADE_ORDER, range=[GRADE_COLOURS[grade] for grade in GRADE_ORDER])
    shape = alt.Scale(domain=GRADE_ORDER, range=[GRADE_SHAPES[grade] for grade in GRADE_ORDER])
    return colour, shape


def log_scale(values: Sequence[float], room: float = 0.0) -> Any:
    """A log scale around positive `values` with room at both ends, `room` as a share of the span more."""
    import altair as alt

    low, high = min(values), max(values)
    if high / low < 1.5:
        low, high = low / 1.5, high * 1.5
    more = 1.15 * (high / low) ** room
    return alt.Scale(type="log", domain=[low / more, high * more], nice=False)


def log_ticks(scale: Any) -> list[float]:
    """At most seven round values inside a log scale: 1, 2, 5 a decade, or whole decades."""
    low, high = scale.domain
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [
            float(f"{step}e{n}") for n in decades for step in steps if low <= float(f"{step}e{n}") <= high
        ]
        if len(ticks) <= 7:
            break
    return ticks[:: max(1, math.ceil(len(ticks) / 7))]
