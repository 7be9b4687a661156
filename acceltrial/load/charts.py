"""Two charts of a run as plain SVG: the spread of its latencies and their course over time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from acceltrial.load.latencies import latencies

_WIDTH, _HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 34, 46
_SERIES = (
    ("ttft_ms", "time to first token", "#1b6ca8"),
    ("tpot_ms", "time per output token", "#c4622d"),
    ("e2e_ms", "end to end", "#4b7f3a"),
)
_MOST_POINTS = 4_000


def latency_chart(records: pl.DataFrame) -> str:
    """The share of completed requests (upwards) that took at most so many ms (to the right, logarithmic)."""
    done = latencies(records)
    series = [(label, color, _sorted(done[name])) for name, label, color in _SERIES]
    series = [one for one in series if len(one[2])]
    if not series:
        return _page("Latency", [_note("no request was completed")])
    low = min(float(values[0]) for _, _, values in series)
    high = max(float(values[-1]) for _, _, values in series)
    axis = _Log(low, high)
    parts = axis.ticks()
    for number, (label, color, values) in enumerate(series):
        share = np.arange(1, len(values) + 1) / len(values)
        keep = _spread(len(values))
        points = " ".join(f"{axis.x(values[i]):.1f},{_y(share[i]):.1f}" for i in keep)
        parts.append(f'<polyline fill="none" stroke="{color}" stroke-width="2" points="{points}"/>')
        parts.append(_legend(number, label, color))
    parts += [_level(share) for share in (0.5, 0.95, 0.99)]
    return _page("Latency: share of requests answered within so many ms", parts)


def timeline_chart(records: pl.DataFrame) -> str:
    """First-token (else end-to-end) latency of each request at its intended time; failures at the top."""
    done = latencies(records).join(records.select("index", "intended_s"), on="index")
    name = (
        "ttft_from_intended_ms"
        if done["ttft_from_intended_ms"].null_count() < done.height
        else "e2e_from_intended_ms"
    )
    shown = done.drop_nulls(name)
    failed = records.filter(pl.col("error_class").is_not_null())
    span = float(records["intended_s"].max() or 0.0) or 1.0  # type: ignore[arg-type]
    high = float(shown[name].max() or 1.0) * 1.05  # type: ignore[arg-type]
    parts = [_text(_LEFT - 6, _y(share), f"{high * share:.3g}", "end") for share in (0.0, 0.5, 1.0)]
    parts += [
        _text(_x(share), _HEIGHT - _BOTTOM + 18, f"{span * share:.3g} s", "middle")
        for share in (0.0, 0.5, 1.0)
    ]
    for i in _spread(shown.height):
        x, y = _x(shown["intended_s"][i] / span), _y(shown[name][i] / high)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="#1b6ca8" fill-opacity="0.5"/>')
    for i in _spread(failed.height):
        x = _x(failed["intended_s"][i] / span)
        parts.append(f'<path d="M{x - 3:.1f} {_TOP}l6 6m0 -6l-6 6" stroke="#b3261e" stroke-width="1.5"/>')
    if failed.height:
        parts.append(_legend(0, f"{failed.height} failed", "#b3261e"))
    return _page(f"{name} of each request at its intended time", parts)


class _Log:
    """A logarithmic horizontal axis in ms."""

    def __init__(self, low: float, high: float) -> None:
        self.low = math.log10(max(low, 1e-3))
        self.high = max(math.log10(max(high, 1e-3)), self.low + 0.1)

    def x(self, value: float) -> float:
        """The place of a value."""
        return _x((math.log10(max(value, 1e-3)) - self.low) / (self.high - self.low))

    def ticks(self) -> list[str]:
        """Lines and labels at 1, 2 and 5 of every decade."""
        marks = [
            m * 10.0**e for e in range(math.floor(self.low), math.ceil(self.high) + 1) for m in (1, 2, 5)
        ]
        inside = [mark for mark in marks if self.low <= math.log10(mark) <= self.high]
        parts = []
        for mark in inside:
            x = self.x(mark)
            parts.append(f'<path d="M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#ddd"/>')
            parts.append(_text(x, _HEIGHT - _BOTTOM + 18, f"{mark:g}", "middle"))
        return parts


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)


def _level(share: float) -> str:
    y = _y(share)
    line = f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#999" stroke-dasharray="3 3"/>'
    return line + _text(_LEFT - 6, y, f"p{share * 100:g}", "end")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="middle">{text}</text>'


def _legend(number: int, label: str, color: str) -> str:
    x, y = _LEFT + number * 200, _HEIGHT - 10
    return f'<rect x="{x}" y="{y - 5}" width="14" height="4" fill="{color}"/>' + _text(
        x + 20, y - 3, label, "start"
    )


def _note(text: str) -> str:
    return _text(_WIDTH / 2, _HEIGHT / 2, text, "middle")


def _page(title: str, parts: list[str]) -> str:
    frame = f'<path d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}" fill="none" stroke="#333"/>'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' font-family="sans-serif" font-size="12" fill="#333"><title>{title}</title>'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>'
    )
    return head + frame + _text(_LEFT, 16, title, "start") + "".join(parts) + "</svg>\n"


def _sorted(column: pl.Series) -> Any:
    return np.sort(column.drop_nulls().to_numpy())


def _spread(count: int) -> list[int]:
    """At most so many places, first and last among them."""
    return (
        np.unique(np.linspace(0, count - 1, min(count, _MOST_POINTS)).astype(int)).tolist() if count else []
    )
