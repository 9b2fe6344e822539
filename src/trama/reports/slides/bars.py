"""The bars of a slide, drawn in the shape of its place, so that they are read from the last row."""

from __future__ import annotations

from collections.abc import Sequence

from trama.reports.document import Chart
from trama.reports.drawing import DEEP, SOFT, svg, text, wrapped
from trama.ui.charts import Bar

SHAPE = 1.9  # width of the place of a picture, in heights
LEAST, MOST = 430.0, 700.0  # units of a drawing's width
HIGH, GAP = 20.0, 8.0
MANY, LOW, NEAR = 8, 15.0, 5.0  # more bars are lower and nearer, so that their names stay large
LETTER = 6.4  # width of a letter of 13 units
NAMES = 0.48  # the most that names take of the width
TWO_LINES = 15.0


def bars_of(chart: Chart) -> list[Bar]:
    """The bars of a chart that has nothing but bars; none of any other."""
    values = chart.specification.get("data", {}).get("values", [])
    if not all(isinstance(one, dict) and {"n", "label", "value", "text", "apart"} == set(one) for one in values):
        return []
    return [Bar(str(one["label"]), one["value"], str(one["text"]), bool(one["apart"])) for one in values]


def bars_for_slide(items: Sequence[Bar]) -> str:
    """Horizontal bars; few ones in a small drawing, which a slide then shows large."""
    bar, gap = (LOW, NEAR) if len(items) > MANY else (HIGH, GAP)
    wide = min(MOST, max(LEAST, len(items) * (bar + gap) * SHAPE))
    longest = int(wide * NAMES / LETTER)
    names = [wrapped(item.label, longest, 2) for item in items]
    left = min(wide * NAMES, max((len(line) for lines in names for line in lines), default=0) * LETTER + 12)
    figures = max((len(item.text) for item in items), default=1) * 8 + 16
    top = max((item.value or 0 for item in items), default=0) or 1
    parts, y = [], 2.0
    for item, lines in zip(items, names, strict=True):
        high = bar + TWO_LINES * (len(lines) - 1)
        middle = y + high / 2
        for place, line in enumerate(lines):
            at = middle + 4.5 + TWO_LINES * (place - (len(lines) - 1) / 2)
            parts.append(text(left - 9, at, line, size=13, anchor="end"))
        length = max((wide - left - figures) * (item.value or 0) / top, 1.0 if item.value else 0.0)
        fill = SOFT if item.apart else DEEP
        parts.append(
            f'<rect x="{left:.1f}" y="{middle - bar / 2:.1f}" width="{length:.1f}" height="{bar:.1f}" rx="1.5" '
            f'fill="{fill}"/>'
        )
        parts.append(text(left + length + 7, middle + 4.5, item.text, size=13, weight=600))
        y += high + gap
    return svg(wide, y, parts)
