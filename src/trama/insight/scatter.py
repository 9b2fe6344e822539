"""A picture of areas as points, with as many names as fit. Built from figures as they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trama.ui.charts import ATTENTION, INK, LINE, SOFT_INK, WIDE, theme
from trama.ui.numbers import is_english

LETTER, HIGH = 6.4, 15  # pixels of a letter and of a line at the size of a name
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 12, 66  # pixels around the plot
POINT = "#5b7fa3"


@dataclass(frozen=True)
class Dot:
    """A point with its name; `marked` ones are drawn stronger and named first."""

    name: str
    x: float
    y: float
    marked: bool = False


@dataclass(frozen=True)
class Frame:
    """The plot: pixels of the whole picture, and the least and greatest x and y shown."""

    width: int
    height: int
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def plot(self) -> tuple[int, int]:
        return self.width - LEFT - RIGHT, self.height - TOP - BOTTOM

    def place(self, dot: Dot) -> tuple[float, float]:
        """Pixels from the left and from the top of the plot."""
        wide, high = self.plot
        across = (dot.x - self.x[0]) / (self.x[1] - self.x[0])
        up = (dot.y - self.y[0]) / (self.y[1] - self.y[0])
        return across * wide, (1 - up) * high


def frame_of(dots: Sequence[Dot], width: int) -> Frame:
    """A frame with some room around the points; y begins at nought where none is below."""
    xs, ys = [dot.x for dot in dots], [dot.y for dot in dots]
    room = (max(xs) - min(xs)) * 0.06 or 1.0
    top = max(ys) * 1.08 or 1.0
    low = 0.0 if min(ys) >= 0 else min(ys) * 1.08
    # A little below nought, so that the many who have nothing are seen whole.
    low -= (top - low) * 0.03
    return Frame(width, 500 if width >= WIDE else 420, (min(xs) - room, max(xs) + room), (low, top))


def names_that_fit(dots: Sequence[Dot], frame: Frame) -> list[tuple[Dot, float, float, str]]:
    """The dots to be named, with the pixel of the name's end and its alignment: none covers a point or another name.

    Marked ones first, then those farthest from the middle. On a narrow picture only marked ones.
    """
    wide, high = frame.plot
    places = {id(dot): frame.place(dot) for dot in dots}
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in places.values()]

    def away(dot: Dot) -> float:
        x, y = places[id(dot)]
        return ((x / wide - 0.5) ** 2 + (y / high - 0.5) ** 2) ** 0.5

    found = []
    for dot in sorted(dots, key=lambda dot: (not dot.marked, -away(dot), dot.name)):
        if frame.width < WIDE and not dot.marked:
            break
        x, y = places[id(dot)]
        length = len(dot.name) * LETTER
        for left, top, align in ((x + 7, y - HIGH / 2, "left"), (x - 7 - length, y - HIGH / 2, "right")):
            box = (left, top, left + length, top + HIGH)
            if box[0] < 0 or box[2] > wide or box[1] < 0 or box[3] > high + 4:
                continue
            if any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in taken):
                continue
            taken.append(box)
            found.append((dot, x + 7 if align == "left" else x - 7, y, align))
            break
    return found


def scatter(
    dots: Sequence[Dot], x_title: str, y_title: str, x_lines: Sequence[float], y_lines: Sequence[float], width: int
) -> dict[str, Any]:
    """The picture as a Vega-Lite specification; `x_lines`, `y_lines` are the bounds of the thirds, drawn as lines."""
    frame = frame_of(dots, width)
    wide, high = frame.plot
    axis = {"gridOpacity": 0, "tickCount": 5, "titlePadding": 10, "labelFlush": False}
    x = {"field": "x", "type": "quantitative", "scale": {"domain": frame.x, "nice": False, "zero": False}}
    y = {"field": "y", "type": "quantitative", "scale": {"domain": frame.y, "nice": False, "zero": False}}
    x |= {"axis": {**axis, "title": _lines_of(x_title, wide)}}
    y |= {"axis": {**axis, "title": _lines_of(y_title, high)}}
    values = [{"x": dot.x, "y": dot.y, "marked": dot.marked} for dot in sorted(dots, key=lambda dot: dot.marked)]
    rule = {"type": "rule", "color": LINE, "strokeDash": [4, 4]}
    layers: list[dict[str, Any]] = [
        {"data": {"values": [{"x": v} for v in x_lines]}, "mark": rule, "encoding": {"x": x}},
        {"data": {"values": [{"y": v} for v in y_lines]}, "mark": rule, "encoding": {"y": y}},
        {
            "data": {"values": values},
            "mark": {"type": "point", "filled": True, "opacity": 0.9, "stroke": "#ffffff", "strokeWidth": 0.8},
            "encoding": {
                "x": x,
                "y": y,
                # Told apart by size and form too.
                "color": {"condition": {"test": "datum.marked", "value": ATTENTION}, "value": POINT},
                "shape": {"condition": {"test": "datum.marked", "value": "square"}, "value": "circle"},
                "size": {"condition": {"test": "datum.marked", "value": 90}, "value": 52},
            },
        },
    ]
    names = names_that_fit(dots, frame)
    for align in ("left", "right"):
        shown = [
            {"x": dot.x, "y": dot.y, "name": dot.name, "marked": dot.marked}
            for dot, _x, _y, side in names
            if side == align
        ]
        if shown:
            layers.append(
                {
                    "data": {"values": shown},
                    "mark": {"type": "text", "align": align, "dx": 7 if align == "left" else -7, "fontSize": 12},
                    "encoding": {
                        "x": x,
                        "y": y,
                        "text": {"field": "name"},
                        "color": {"condition": {"test": "datum.marked", "value": INK}, "value": SOFT_INK},
                    },
                }
            )
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "usermeta": {"locale": "en-GB" if is_english() else "it-IT"},
        "width": wide,
        "height": high,
        "padding": {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
        "autosize": {"type": "none"},
        "config": {**theme(), "axis": {**theme()["axis"], "domain": True, "domainColor": LINE}},
        "layer": layers,
    }


def _lines_of(title: str, length: int) -> list[str]:
    """A title of an axis in as many lines as it needs, two at the most."""
    most = int(length / 7)
    if len(title) <= most:
        return [title]
    cut = title.rfind(" ", 0, most)
    cut = cut if cut > 0 else most
    rest = title[cut:].strip()
    return [title[:cut], rest if len(rest) <= most else rest[: most - 1].rstrip() + "…"]
