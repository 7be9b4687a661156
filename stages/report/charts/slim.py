"""A drawing in fewer bytes that looks the same: nothing invisible, no defaults, shared styles said once."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from xml.sax.saxutils import escape, quoteattr

# What a `<g>` hands down to its children; `opacity` is not among them: on a group it means something else.
_INHERITED = frozenset({
    "fill", "fill-opacity", "font-size", "font-style", "font-weight", "stroke", "stroke-dasharray",
    "stroke-linecap", "stroke-linejoin", "stroke-opacity", "stroke-width", "text-anchor",
})  # fmt: skip
FONT_SIZE = "11px"
"""Of most texts: the root says it for all of them."""
_DEFAULTS = {
    "font-size": FONT_SIZE,
    "font-weight": "normal",
    "opacity": "1",
    "stroke-dasharray": "1,0",
    "stroke-width": "1",
    "text-anchor": "start",
    "transform": "translate(0,0)",
}
_DEFINITIONS = frozenset({"clipPath", "defs", "linearGradient", "radialGradient"})
_SHAPES = frozenset({"circle", "line", "path", "rect"})
_UNPAINTED = frozenset({"none", "transparent"})
_MOVED = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")
_POLYLINE = re.compile(r"M-?[\d.]+,-?[\d.]+(?:L-?[\d.]+,-?[\d.]+)+Z?")
_POINT = re.compile(r"[ML](-?[\d.]+),(-?[\d.]+)")
Point = tuple[str, str]


def slim(svg: str) -> str:
    """The elements of `svg` and its end tag. `svg` is XML without namespaces whose root is `<svg>`.

    Lines of one style become one path, points on a straight line go, and neighbours that share a style
    get it from a group. Raises ParseError for text that is no XML.
    """
    root = ET.fromstring(svg)  # noqa: S314 - drawn by this process, and texts in it are escaped
    _thin_out(root, {})
    return "".join(_written(child) for child in root) + "</svg>"


def _thin_out(parent: ET.Element, inherited: Mapping[str, str]) -> None:
    """Leaves in `parent` what can be seen, with the attributes that say something."""
    kept: list[ET.Element] = []
    for child in parent:
        if child.tag in _DEFINITIONS:
            kept.append(child)
            continue
        for name, default in _DEFAULTS.items():
            if child.get(name) == default and name not in inherited:
                del child.attrib[name]
        style = {**inherited, **{n: v for n, v in child.attrib.items() if n in _INHERITED}}
        _thin_out(child, style)
        if _seen(child, style):
            kept += list(child) if child.tag == "g" and not child.attrib else [_placed(child, style)]
    parent[:] = _grouped(_joined(kept))


def _seen(element: ET.Element, style: Mapping[str, str]) -> bool:
    if element.get("display") == "none" or element.get("opacity") == "0":
        return False
    if element.tag == "g":
        return len(element) > 0
    if element.tag not in _SHAPES:
        return True
    filled = style.get("fill", "black") not in _UNPAINTED and element.tag != "line"
    return (filled or style.get("stroke", "none") not in _UNPAINTED) and element.get("d", "M") != ""


def _placed(element: ET.Element, style: Mapping[str, str]) -> ET.Element:
    """`element` with its place as coordinates instead of a transformation; a line becomes a path."""
    moved = _MOVED.fullmatch(element.get("transform", "translate(0,0)"))
    if moved and element.tag == "text" and not {"x", "y"} & set(element.attrib):
        element.attrib.pop("transform", None)
        place = {name: value for name, value in zip("xy", moved.groups(), strict=True) if float(value)}
        element.attrib = {**place, **element.attrib}
    elif moved and element.tag == "line" and style.get("fill") == "none" and "x1" not in element.attrib:
        element.tag = "path"
        across, down = element.attrib.pop("x2", "0"), element.attrib.pop("y2", "0")
        ends = f"h{across}" if not float(down) else f"v{down}" if not float(across) else f"l{across},{down}"
        element.attrib.pop("transform", None)
        element.attrib = {"d": f"M{moved[1]},{moved[2]}{ends}", **element.attrib}
    elif element.tag == "path" and _POLYLINE.fullmatch(element.get("d", "")):
        element.set("d", _polyline(element.attrib["d"]))
    return element


def _polyline(path: str) -> str:
    """The same line with fewer points: none between two others on one level, and short words for the rest."""
    points: list[Point] = []
    for point in _POINT.findall(path):
        if points and points[-1] == point:
            continue
        if len(points) > 1 and _between(points[-2], points[-1], point):
            points.pop()
        points.append(point)
    steps = [
        f"V{new[1]}" if old[0] == new[0] else f"H{new[0]}" if old[1] == new[1] else f"L{','.join(new)}"
        for old, new in pairwise(points)
    ]
    end = "Z" if path.endswith("Z") else ""
    return f"M{','.join(points[0])}{''.join(steps) or 'h0'}{end}"


def _between(start: Point, middle: Point, end: Point) -> bool:
    """Whether `middle` lies on the level or upright way from `start` to `end`."""
    for same, along in ((0, 1), (1, 0)):
        if start[same] == middle[same] == end[same]:
            low, high = sorted((float(start[along]), float(end[along])))
            return low <= float(middle[along]) <= high
    return False


def _joined(elements: Iterable[ET.Element]) -> Iterator[ET.Element]:
    """Neighbouring straight lines of one style as one path; where they are translucent, each for itself."""
    last: ET.Element | None = None
    for element in elements:
        if (
            last is not None
            and _is_plain_line(last)
            and _is_plain_line(element)
            and _style(last) == _style(element)
        ):
            last.set("d", last.attrib["d"] + element.attrib["d"])
            continue
        if last is not None:
            yield last
        last = element
    if last is not None:
        yield last


def _is_plain_line(element: ET.Element) -> bool:
    straight = re.fullmatch(r"(?:M[-\d.,]+[hvl][-\d.,]+)+", element.get("d", ""))
    return bool(straight) and set(element.attrib) <= {"d", *_INHERITED} - {"stroke-opacity"}


def _style(element: ET.Element) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((n, v) for n, v in element.attrib.items() if n in _INHERITED))


def _grouped(elements: Iterable[ET.Element]) -> Iterator[ET.Element]:
    """Neighbours of one kind and style inside a group that has the style for all of them."""
    for (_, style), run in groupby(elements, lambda one: (one.tag, _style(one))):
        members = list(run)
        if len(members) < 2 or not style or members[0].tag in {"g", *_DEFINITIONS}:
            yield from members
            continue
        group = ET.Element("g", dict(style))
        for member in members:
            for name, _ in style:
                del member.attrib[name]
            group.append(member)
        yield group


def _written(element: ET.Element) -> str:
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in element.attrib.items())
    inside = escape(element.text or "") + "".join(_written(e) + escape(e.tail or "") for e in element)
    if not inside:
        return f"<{element.tag}{attributes}/>" if element.tag != "text" else ""
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"
