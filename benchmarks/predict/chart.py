"""Predicted against measured on rows that were held out, drawn as an SVG file."""

from __future__ import annotations

from html import escape

import numpy as np

from acceltrial.predict.fitting import HeldOut, Training

PANELS = (
    ("tpot", "time per token, ms"),
    ("throughput", "output tokens/s"),
    ("ttft", "first token under load, ms"),
)
SIDE, MARGIN, GAP = 260, 52, 34
COLOURS = ("#1b6ca8", "#c4572e", "#2d8a4e", "#7a4ea3", "#a8811b", "#4d4d4d", "#b03a6f", "#3a9aa5")


def svg(training: Training, held: HeldOut) -> str:
    """One panel a metric on logarithmic axes, a colour a family; the dashed lines are 30 % off."""
    families = sorted(np.unique(training.families()).tolist())
    width = MARGIN + len(PANELS) * (SIDE + GAP)
    height = SIDE + 2 * MARGIN + 20 * ((len(families) + 3) // 4)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for index, (kind, title) in enumerate(PANELS):
        parts += _panel(training, held, kind, title, MARGIN + index * (SIDE + GAP), families)
    for index, family in enumerate(families):
        left, top = MARGIN + (index % 4) * 210, SIDE + 2 * MARGIN - 6 + 20 * (index // 4)
        colour = COLOURS[index % len(COLOURS)]
        parts.append(f'<circle cx="{left}" cy="{top}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{left + 9}" y="{top + 4}">{escape(family)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(
    training: Training, held: HeldOut, kind: str, title: str, left: int, families: list[str]
) -> list[str]:
    rows = np.flatnonzero((np.array(training.kinds) == kind) & np.isfinite(held.error))
    measured = training.log_values[rows] / np.log(10.0)
    sign = -1.0 if kind == "throughput" else 1.0
    predicted = measured - sign * held.error[rows] / np.log(10.0)
    low = float(np.floor(min(measured.min(), predicted.min()) * 2) / 2)
    high = float(np.ceil(max(measured.max(), predicted.max()) * 2) / 2)

    def at(value: float) -> float:
        return SIDE * (value - low) / (high - low)

    bottom = MARGIN + SIDE - 20
    parts = [
        f'<text x="{left}" y="{MARGIN - 28}" font-weight="bold">{escape(title)}</text>',
        f'<rect x="{left}" y="{bottom - SIDE}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>',
    ]
    for off, dash in ((0.0, ""), (np.log10(1.3), "4 3"), (-np.log10(1.3), "4 3")):
        one, other = max(low, low - off), min(high, high - off)
        parts.append(
            f'<line x1="{left + at(one):.1f}" y1="{bottom - at(one + off):.1f}" x2="{left + at(other):.1f}" '
            f'y2="{bottom - at(other + off):.1f}" stroke="#777" stroke-dasharray="{dash}"/>'
        )
    for power in range(int(np.ceil(low)), int(high) + 1):
        parts.append(f'<text x="{left + at(power) - 8:.1f}" y="{bottom + 14}">{10.0**power:g}</text>')
        parts.append(
            f'<text x="{left - 4}" y="{bottom - at(power) + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
        )
    parts.append(
        f'<text x="{left + SIDE - 4}" y="{bottom - 6}" text-anchor="end" fill="#555">measured →</text>'
    )
    parts.append(f'<text x="{left + 6}" y="{bottom - SIDE + 14}" fill="#555">↑ predicted</text>')
    names = training.families()[rows]
    for x, y, name in zip(measured.tolist(), predicted.tolist(), names.tolist(), strict=True):
        colour = COLOURS[families.index(name) % len(COLOURS)]
        parts.append(
            f'<circle cx="{left + at(x):.1f}" cy="{bottom - at(y):.1f}" r="3" fill="{colour}" opacity="0.7"/>'
        )
    return parts
