"""Small drawings for paper, written as SVG at once: lines over the years, areas as named points between two measures.

They need no charting engine, which costs a second to start. Shapes and darkness tell things apart, never colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from trama.ui.charts import Bar

FONT = "Titillium Web"
INK, SOFT, LINE, DEEP, ATTENTION = "#17324d", "#455b71", "#d6dce3", "#0b4f92", "#8a4b00"
WIDTH = 680.0


def svg(width: float, height: float, parts: Sequence[str]) -> str:
    """A whole drawing."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONT}">{"".join(parts)}</svg>'
    )


def text(
    x: float, y: float, words: str, *, size: int = 12, anchor: str = "start", weight: int = 400, fill: str = INK
) -> str:
    """Words at a place."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{fill}">{escape(words)}</text>'
    )


def wrapped(words: str, longest: int, most: int = 2) -> list[str]:
    """Words in at most so many lines; what does not fit ends in an ellipsis."""
    lines: list[str] = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > longest:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][: longest - 1].rstrip()}…"]
    return [line if len(line) <= longest + 2 else f"{line[: longest - 1]}…" for line in lines]


# --- lines over the years -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Trace:
    """A measure over the years in an area, and (dashed) in the area above."""

    name: str
    points: Sequence[tuple[int, float]]
    above: Sequence[tuple[int, float]]
    above_name: str
    text: Callable[[float], str]


PANEL_WIDTH, PANEL_HEIGHT, HEAD = 330.0, 96.0, 40.0


def lines_drawn(traces: Sequence[Trace]) -> str:
    """Small drawings beside each other, two to a line, each with its own scale and its ends as figures."""
    rows = math.ceil(len(traces) / 2)
    height = rows * (PANEL_HEIGHT + HEAD + 26)
    parts = []
    for place, trace in enumerate(traces):
        x, y = (place % 2) * (WIDTH - PANEL_WIDTH), (place // 2) * (PANEL_HEIGHT + HEAD + 26)
        parts.append(f'<g transform="translate({x:.0f},{y:.0f})">{_panel(trace)}</g>')
    return svg(WIDTH, height, parts)


def _panel(trace: Trace) -> str:
    first, last = trace.points[0][0], trace.points[-1][0]
    above = [(year, value) for year, value in trace.above if first <= year <= last]
    values = [value for _year, value in [*trace.points, *above]]
    low, high = min(values), max(values)
    spread = (high - low) or abs(high) or 1.0
    low, high = low - spread * 0.12, high + spread * 0.12

    def at(year: int, value: float) -> tuple[float, float]:
        x = 8 + (year - first) / max(1, last - first) * (PANEL_WIDTH - 84)
        return x, HEAD + (high - value) / (high - low) * PANEL_HEIGHT

    parts = [text(0, 13 + 14 * n, line, size=12, weight=600) for n, line in enumerate(wrapped(trace.name, 46))]
    bottom = HEAD + PANEL_HEIGHT
    parts.append(f'<path d="M0,{bottom:.1f}H{PANEL_WIDTH - 68:.1f}" stroke="{LINE}" fill="none"/>')
    if len(above) > 1:
        parts.append(_path([at(*point) for point in above], SOFT, 1.2, "4 3"))
        x, y = at(*above[-1])
        own = at(*trace.points[-1])[1]
        parts.append(text(x + 7, y + (12 if y >= own else -6), wrapped(trace.above_name, 11, 1)[0], size=10, fill=SOFT))
    corners = [at(*point) for point in trace.points]
    parts.append(_path(corners, DEEP, 2.2))
    for x, y in (corners[0], corners[-1]):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{DEEP}"/>')
    start_y = corners[0][1] - 7 if corners[0][1] > HEAD + 14 else corners[0][1] + 15
    parts.append(text(corners[0][0], start_y, trace.text(trace.points[0][1]), size=11))
    parts.append(text(corners[-1][0] + 7, corners[-1][1] + 4, trace.text(trace.points[-1][1]), size=11, weight=600))
    parts.append(text(8, bottom + 15, str(first), size=10, fill=SOFT, anchor="middle"))
    parts.append(text(corners[-1][0], bottom + 15, str(last), size=10, fill=SOFT, anchor="middle"))
    return "".join(parts)


def _path(points: Sequence[tuple[float, float]], colour: str, width: float, dashes: str = "") -> str:
    d = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"{dashed}/>'


# --- bars ---------------------------------------------------------------------------------------------------------
PHONE = 330.0
BAR_HEIGHT, BAR_GAP, NAMES_WIDTH, LONGEST_NAME, FIGURE_WIDTH = 18.0, 8.0, 250.0, 42, 90.0


def bars_drawn(items: Sequence[Bar], width: float = WIDTH) -> str:
    """Horizontal bars in the order given, each with its figure after it and its name before it (on a telephone over
    it)."""
    top = max((item.value or 0 for item in items), default=0) or 1
    narrow = width < WIDTH
    left, head = (0.0, 17.0) if narrow else (NAMES_WIDTH, 0.0)
    room, step = width - left - FIGURE_WIDTH, BAR_HEIGHT + BAR_GAP + head
    parts = []
    for place, item in enumerate(items):
        y = place * step + 2 + head
        length = max(room * (item.value or 0) / top, 1.0 if item.value else 0.0)
        middle = y + BAR_HEIGHT / 2 + 4.5
        name = wrapped(item.label, LONGEST_NAME, 1)[0]
        at = (left, y - 5, "start") if narrow else (left - 8, middle, "end")
        parts.append(text(at[0], at[1], name, size=13, anchor=at[2]))
        fill = SOFT if item.apart else DEEP
        parts.append(
            f'<rect x="{left:.1f}" y="{y:.1f}" width="{length:.1f}" height="{BAR_HEIGHT:.1f}" rx="1.5" fill="{fill}"/>'
        )
        parts.append(text(left + length + 7, middle, item.text, size=13, weight=600))
    return svg(width, len(items) * step + 4, parts)


# --- two measures -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Spot:
    """An area between two measures; `named` ones are drawn dark, with their name."""

    name: str
    x: float
    y: float
    named: bool = False


@dataclass(frozen=True)
class Scale:
    """An axis: what it measures, where the drawing is divided, and how a value is written."""

    label: str
    divide: float
    text: Callable[[float], str]


PLOT_HEIGHT, LEFT, TOP, BOTTOM = 330.0, 52.0, 16.0, 44.0


def scattered(spots: Sequence[Spot], x: Scale, y: Scale) -> str:
    """Areas as points: one measure to the right, the other upward; dashed lines divide high from low."""
    left, right = _range([spot.x for spot in spots] + [x.divide])
    low, high = _range([spot.y for spot in spots] + [y.divide])
    plot_width = WIDTH - LEFT - 12

    def at(one: float, other: float) -> tuple[float, float]:
        return (
            LEFT + (one - left) / (right - left) * plot_width,
            TOP + (high - other) / (high - low) * PLOT_HEIGHT,
        )

    bottom = TOP + PLOT_HEIGHT
    parts = [f'<path d="M{LEFT},{TOP}V{bottom}H{WIDTH - 12}" fill="none" stroke="{SOFT}" stroke-width="1"/>']
    corner = at(x.divide, y.divide)
    parts.append(
        f'<rect x="{corner[0]:.1f}" y="{corner[1]:.1f}" width="{WIDTH - 12 - corner[0]:.1f}" '
        f'height="{bottom - corner[1]:.1f}" fill="#fff3e0"/>'
    )
    parts.append(_path([(corner[0], TOP), (corner[0], bottom)], SOFT, 0.8, "4 3"))
    parts.append(_path([(LEFT, corner[1]), (WIDTH - 12, corner[1])], SOFT, 0.8, "4 3"))
    parts += [
        text(at(value, low)[0], bottom + 16, x.text(value), size=11, anchor="middle", fill=SOFT)
        for value in (left, x.divide, right)
    ]
    parts += [
        text(LEFT - 6, at(left, value)[1] + 4, y.text(value), size=11, anchor="end", fill=SOFT)
        for value in (low, y.divide, high)
    ]
    parts.append(text(WIDTH - 12, bottom + 34, x.label, size=12, anchor="end", weight=600))
    parts.append(text(LEFT + 6, TOP + 6, y.label, size=12, weight=600))
    parts += _spots(spots, at)
    return svg(WIDTH, bottom + BOTTOM, parts)


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return (low - room if low < 0 or low - room > 0 else 0.0), high + room


def _spots(spots: Sequence[Spot], at: Callable[[float, float], tuple[float, float]]) -> list[str]:
    """The points, the named ones last; a name stands only where it covers no other."""
    plain, named = [], []
    taken: list[tuple[float, float, float, float]] = []
    for spot in spots:
        x, y = at(spot.x, spot.y)
        if not spot.named:
            plain.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="#ffffff" stroke="{SOFT}" stroke-width="1"/>')
            continue
        named.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{ATTENTION}"/>')
        length = len(spot.name) * 5.6
        for dx, dy, anchor in ((7, 4, "start"), (-7, 4, "end"), (7, -7, "start"), (7, 15, "start"), (-7, -7, "end")):
            start = x + dx - (length if anchor == "end" else 0)
            box = (start, y + dy - 9, start + length, y + dy + 3)
            inside = box[0] >= LEFT and box[2] <= WIDTH and box[3] <= TOP + PLOT_HEIGHT
            if inside and not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
                taken.append(box)
                named.append(text(x + dx, y + dy, spot.name, size=11, anchor=anchor, weight=600))
                break
    return plain + named
