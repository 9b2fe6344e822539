"""Charts as Vega-Lite specifications: one theme, few forms. Drawn elsewhere (`ui.draw`), in a process of its own.

A chart carries no title inside: its finding, measure, base and date stand beside it as text, so that they can be read
aloud, selected and translated. Figures arrive as they are to be printed. Lengths are pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trama.ui.numbers import is_english, number

FONT = "Titillium Web"
INK, SOFT_INK, LINE = "#17324d", "#455b71", "#d6dce3"
DEEP, LIGHT, GREY, ATTENTION = "#0b4f92", "#7fb2e0", "#aab4bf", "#b8620b"
SEQUENTIAL = ("#e3eef9", "#b5d2ef", "#7fb2e0", "#3f84c4", "#0b4f92")
# Told apart in greyscale too: from dark to light.
CATEGORIES = ("#0b3b6f", "#3f84c4", "#e0a458", "#8fc1a9", "#c9d6e4", "#7a6a8a")
WIDE, NARROW = 720, 340
BAR = 26  # height of one bar with the white around it


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its length (None: not shown) and its figure as printed. `apart` is drawn in grey."""

    label: str
    value: float | None
    text: str
    apart: bool = False


@dataclass(frozen=True)
class Chart:
    """A drawing in two widths, with what must be read beside it. `alt` says in words what the drawing shows."""

    title: str
    subtitle: str
    alt: str
    wide: dict[str, Any]
    narrow: dict[str, Any]


def theme() -> dict[str, Any]:
    """The look of every chart."""
    label = {"labelFont": FONT, "labelFontSize": 13, "labelColor": INK}
    return {
        "font": FONT,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": {
            **label,
            "titleFont": FONT,
            "titleFontSize": 13,
            "titleFontWeight": 400,
            "titleColor": SOFT_INK,
            "domain": False,
            "ticks": False,
            "gridColor": LINE,
            "labelPadding": 6,
        },
        "legend": {**label, "titleFont": FONT, "titleFontSize": 13, "titleFontWeight": 400, "symbolType": "square"},
        "text": {"font": FONT, "fontSize": 13, "color": INK},
        "bar": {"color": DEEP, "cornerRadiusEnd": 2},
        "rect": {"stroke": "#ffffff", "strokeWidth": 1},
    }


def _specification(width: int, height: int, **parts: Any) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "usermeta": {"locale": "en-GB" if is_english() else "it-IT"},
        "width": width,
        "height": height,
        "padding": 2,
        "autosize": {"type": "fit", "contains": "padding"},
        "config": theme(),
        **parts,
    }


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def bars(items: Sequence[Bar], width: int = WIDE) -> dict[str, Any]:
    """Horizontal bars in the order given, each with its figure at the end."""
    room = int(width * 0.42)
    longest = max(10, int(room / 6.2))
    values = [
        {"n": n, "label": _shortened(bar.label, longest), "value": bar.value or 0, "text": bar.text, "apart": bar.apart}
        for n, bar in enumerate(items)
    ]
    top = max((float(item["value"]) for item in values), default=0) or 1
    y = {
        "field": "n",
        "type": "ordinal",
        "axis": {"title": None, "labelLimit": room, "labelExpr": _lookup([str(item["label"]) for item in values])},
        "scale": {"paddingInner": 0.3, "paddingOuter": 0.15},
    }
    x = {
        "field": "value",
        "type": "quantitative",
        "axis": None,
        # Room for the figure behind the longest bar.
        "scale": {"domain": [0, top * (1.2 if width >= WIDE else 1.35)]},
    }
    colour = {"condition": {"test": "datum.apart", "value": GREY}, "value": DEEP}
    return _specification(
        width,
        max(60, len(values) * BAR + 8),
        data={"values": values},
        encoding={"y": y, "x": x},
        layer=[
            {"mark": {"type": "bar"}, "encoding": {"color": colour}},
            {
                "mark": {"type": "text", "align": "left", "dx": 6, "fontWeight": 600},
                "encoding": {"text": {"field": "text"}},
            },
        ],
    )


def _lookup(labels: Sequence[str]) -> str:
    """A Vega expression that names the rows by their number: two rows may bear the same name."""
    quoted = ", ".join("'" + label.replace("\\", "\\\\").replace("'", "\\'") + "'" for label in labels)
    return f"[{quoted}][datum.value]"


def grid(
    rows: Sequence[str], cols: Sequence[str], cells: Sequence[Sequence[tuple[float | None, str]]], width: int = WIDE
) -> dict[str, Any]:
    """A grid of figures on squares of one hue, darker where there is more. A cell without a number stays white."""
    values = [
        {"r": i, "c": j, "value": cells[i][j][0], "text": cells[i][j][1]}
        for i in range(len(rows))
        for j in range(len(cols))
    ]
    top = max((cell[0] or 0 for row in cells for cell in row), default=0) or 1
    room = int(width * 0.34)
    slanted = len(cols) > 4 or width < WIDE
    longest = 22 if slanted else max(8, int(width * 0.6 / max(1, len(cols)) / 7))
    x_axis = {
        "title": None,
        "orient": "top",
        "labelAngle": -40 if slanted else 0,
        "labelExpr": _lookup([_shortened(name, longest) for name in cols]),
        "labelLimit": 150,
    }
    y_axis = {
        "title": None,
        "labelLimit": room,
        "labelExpr": _lookup([_shortened(name, int(room / 6.2)) for name in rows]),
    }
    return _specification(
        width,
        len(rows) * 28 + (130 if slanted else 40),
        # The last name leans out over the edge of the grid.
        padding={"left": 2, "top": 2, "bottom": 2, "right": 60 if slanted and width >= WIDE else 24},
        data={"values": values},
        encoding={
            "x": {"field": "c", "type": "ordinal", "axis": x_axis},
            "y": {"field": "r", "type": "ordinal", "axis": y_axis},
        },
        layer=[
            {
                "mark": {"type": "rect"},
                "encoding": {
                    "color": {
                        "condition": {"test": "!datum.value", "value": "#f7f9fb"},
                        "field": "value",
                        "type": "quantitative",
                        "scale": {"type": "sqrt", "domain": [0, top], "range": [SEQUENTIAL[0], SEQUENTIAL[4]]},
                        "legend": None,
                    }
                },
            },
            {
                "mark": {"type": "text", "fontSize": 12},
                "encoding": {
                    "text": {"field": "text"},
                    # Written on what the square root makes dark.
                    "color": {"condition": {"test": f"datum.value > {top * 0.3}", "value": "#ffffff"}, "value": INK},
                },
            },
        ],
    )


def stacked(
    rows: Sequence[str], cols: Sequence[str], cells: Sequence[Sequence[float | None]], width: int = WIDE
) -> dict[str, Any]:
    """Horizontal bars cut into few parts (six at most) that belong to different records."""
    values = [
        {"r": i, "c": j, "part": _shortened(cols[j], 30), "value": cells[i][j] or 0}
        for i in range(len(rows))
        for j in range(len(cols))
    ]
    room = int(width * 0.4)
    names = [_shortened(name, 30) for name in cols]
    y_axis = {"title": None, "labelLimit": room, "labelExpr": _lookup([_shortened(r, int(room / 6.2)) for r in rows])}
    return _specification(
        width,
        len(rows) * BAR + 60 + 20 * (len(cols) // 3),
        data={"values": values},
        mark={"type": "bar", "cornerRadiusEnd": 0, "stroke": "#ffffff", "strokeWidth": 1},
        encoding={
            "y": {"field": "r", "type": "ordinal", "axis": y_axis, "scale": {"paddingInner": 0.3}},
            "x": {"field": "value", "type": "quantitative", "axis": {"title": None, "tickCount": 4, "format": ",d"}},
            "order": {"field": "c", "type": "ordinal"},
            "color": {
                "field": "part",
                "type": "nominal",
                "sort": names,
                "scale": {"domain": names, "range": list(CATEGORIES[: len(names)])},
                "legend": {"title": None, "orient": "top", "columns": 3 if width >= WIDE else 1, "labelLimit": 220},
            },
        },
    )


def pyramid(
    classes: Sequence[str], left: Sequence[float], right: Sequence[float], names: tuple[str, str], width: int = WIDE
) -> dict[str, Any]:
    """People by class of age, youngest first, one sex to each side. `names` are those of the left and of the right."""
    top = max([*left, *right, 1])
    values = []
    for n, label in enumerate(classes):
        values.append({"n": n, "label": label, "side": names[0], "value": -left[n]})
        values.append({"n": n, "label": label, "side": names[1], "value": right[n]})
    every = 1 if width >= WIDE else 2
    shown = [label if n % every == 0 else "" for n, label in enumerate(classes)]
    return _specification(
        width,
        len(classes) * 19 + 60,
        data={"values": values},
        encoding={
            "y": {
                "field": "n",
                "type": "ordinal",
                "sort": "descending",
                "axis": {"title": None, "labelExpr": _lookup(shown)},
                "scale": {"paddingInner": 0.12},
            },
            "x": {
                "field": "value",
                "type": "quantitative",
                "scale": {"domain": [-top * 1.02, top * 1.02]},
                "axis": {
                    "title": None,
                    "labelExpr": "format(abs(datum.value), ',d')",
                    "tickCount": 6 if width >= WIDE else 4,
                },
            },
        },
        layer=[
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 0},
                "encoding": {
                    "color": {
                        "field": "side",
                        "type": "nominal",
                        "scale": {"domain": list(names), "range": [LIGHT, DEEP]},
                        "legend": {"title": None, "orient": "top", "direction": "horizontal"},
                    }
                },
            },
            {"mark": {"type": "rule", "color": "#ffffff"}, "encoding": {"x": {"datum": 0}, "y": {"value": 0}}},
        ],
    )


@dataclass(frozen=True)
class Line:
    """A line in time: a name and its points (year, value). `part` tells apart points that are not one series.

    `role`: "chosen" (one, strong), "above" (dashed) or "other" (thin and grey).
    """

    name: str
    points: Sequence[tuple[int, float, str]]
    role: str = "other"
    text: str = ""


LEAST_SPAN = 0.1  # of the mean: a change of one in a thousand must not look like a fall


def span_of(values: Sequence[float]) -> tuple[float, float]:
    """The ends of a scale that need not begin at nought, at least a tenth of the mean apart."""
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    lacking = LEAST_SPAN * abs(sum(values) / len(values)) - (high - low)
    if lacking <= 0:
        return low, high
    wider = low - lacking / 2, high + lacking / 2
    # What is never below nought is not drawn as if it could be.
    return (0.0, wider[1] - wider[0]) if low >= 0 > wider[0] else wider


def lines(items: Sequence[Line], decimals: int = 0, width: int = WIDE) -> dict[str, Any]:
    """Lines in time on one scale that need not begin at nought. Points are (year, value, part); a gap shows no dot."""
    values = [
        {"s": n, "year": year, "value": value, "role": item.role, "part": f"{n} {part}"}
        for n, item in enumerate(items)
        for year, value, part in item.points
    ]
    years = sorted({year for item in items for year, _value, _part in item.points})
    span = span_of([value for item in items for _year, value, _part in item.points])
    wide = width >= WIDE
    x_axis = {"title": None, "grid": False, "format": "d", "values": years, "labelOverlap": True, "labelFlush": True}
    y_axis = {"title": None, "tickCount": 5, "format": f",.{min(decimals, 1)}f"}
    many = sum(item.role == "other" for item in items) > 20
    strokes: tuple[tuple[str, str, float, list[int]], ...] = (
        ("other", "#d3dae1" if many else "#b9c3cd", 0.9 if many else 1.3, []),
        ("above", SOFT_INK, 2.2, [6, 4]),
        ("chosen", DEEP, 3.2, []),
    )
    layers: list[dict[str, Any]] = [
        {
            "transform": [{"filter": f"datum.role == '{role}'"}],
            "mark": {
                "type": "line",
                "color": colour,
                "strokeWidth": thick,
                "strokeDash": dash,
                "point": {"color": colour, "size": 46, "filled": True} if role == "chosen" else False,
            },
            "encoding": {"detail": {"field": "part"}},
        }
        for role, colour, thick, dash in strokes
    ]
    if wide:
        layers += _end_labels(items)
    return _specification(
        width,
        300 if wide else 240,
        padding={"left": 2, "top": 6, "bottom": 2, "right": _room(items) if wide else 8},
        data={"values": values},
        encoding={
            "x": {"field": "year", "type": "quantitative", "axis": x_axis, "scale": {"nice": False, "zero": False}},
            "y": {
                "field": "value",
                "type": "quantitative",
                "axis": y_axis,
                "scale": {"domain": list(span), "nice": True},
            },
        },
        layer=layers,
    )


def _room(items: Sequence[Line]) -> int:
    """Pixels for the longest name at the end of a line."""
    return 16 + max((min(30, len(f"{item.name} {item.text}")) for item in items if item.role != "other"), default=0) * 7


def _end_labels(items: Sequence[Line]) -> list[dict[str, Any]]:
    """The names of the strong lines at their last point, pushed apart where they would cover each other."""
    named = [(max(item.points), item) for item in items if item.role != "other" and item.points]
    every = [value for item in items for _year, value, _part in item.points]
    low, high = span_of(every)
    span = (high - low) or 1
    named.sort(key=lambda pair: pair[0][1])
    close = len(named) == 2 and (named[1][0][1] - named[0][0][1]) / span < 0.09
    layers = []
    for n, ((year, value, _part), item) in enumerate(named):
        layers.append(
            {
                "data": {
                    "values": [{"year": year, "value": value, "text": _shortened(f"{item.name} {item.text}", 30)}]
                },
                "mark": {
                    "type": "text",
                    "align": "left",
                    "baseline": "middle",
                    "dx": 9,
                    "dy": (8 if n == 0 else -8) if close else 0,
                    "fontWeight": 600 if item.role == "chosen" else 400,
                    "color": DEEP if item.role == "chosen" else SOFT_INK,
                },
                "encoding": {"text": {"field": "text"}},
            }
        )
    return layers


def figure(value: float | None) -> str:
    """A count or a sum as printed: whole numbers without decimals."""
    if value is None:
        return number(None)
    return number(value) if float(value).is_integer() else number(value, 1)
