"""A coloured map drawn by the server: plain SVG, without a script, that prints, and that says what it shows.

`choropleth(sketch, marks, paints, …)` draws it, `legend(paints, …)` says what the colours stand for. Colours are
presentation attributes and patterns, never styles, so that it stands under a strict policy and in a document alike.
What stands in a map must also stand in a table beside it: the page sees to that.

A mark gives an area one paint by its key. Ready-made paints: `sequential` (one hue, darker is more), `diverging`
(around a centre), `bivariate` (3 × 3), `STATES` (protected is hatched, excluded light grey, missing white with dots).
Any other paint is a colour with a label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trama.ui.charts import SEQUENTIAL

Texture = Literal["", "hatch", "dots", "lines", "slashes"]
DIVERGING = ("#2b6ea6", "#9cc4e4", "#f6f0de", "#f0b980", "#b8620b")
# Rows: the first variable from low to high; columns: the second. Darker where both are high.
BIVARIATE = (
    ("#eef1f4", "#b5d2ef", "#5b9bd5"),
    ("#f3d7a8", "#a9adb3", "#4a78a8"),
    ("#e0a458", "#94683f", "#2c3a4f"),
)
INK, EDGE, FRAME, DOT = "#17324d", "#ffffff", "#17324d", "#7d8b99"
LETTER = 0.54  # width of a letter in heights of it, on average
NAME_SIZE = 26  # units of the drawing


@dataclass(frozen=True)
class Outline:
    """The path of an area, and the middle and the width of the greatest circle in it: room for a name."""

    path: str
    x: int
    y: int
    room: int


@dataclass(frozen=True)
class Sketch:
    """The outlines of areas by key, in units of one drawing, and the borders of the wider areas above them."""

    width: int
    height: int
    outlines: Mapping[int, Outline]
    frames: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paint:
    """What an area is filled with, and what that stands for. A texture is drawn over the colour."""

    fill: str
    label: str
    texture: Texture = ""
    ink: str = DOT


@dataclass(frozen=True)
class Mark:
    """An area of the map: which paint, its name, what is said of it, where it leads."""

    area: int
    paint: str
    name: str
    text: str = ""
    url: str = ""
    chosen: bool = False


PROTECTED, EXCLUDED, MISSING = "protected", "excluded", "missing"
_STATES = {
    PROTECTED: (Paint("#ffffff", "", "hatch", "#5f7183"), gettext_lazy("protected: too few to be published")),
    EXCLUDED: (Paint("#dadde1", "", "slashes", "#e9ebed"), gettext_lazy("excluded by the source")),
    MISSING: (Paint("#ffffff", "", "dots"), gettext_lazy("not known")),
}


def states(*keys: str) -> dict[str, Paint]:
    """The paints of areas without a number: `PROTECTED`, `EXCLUDED`, `MISSING` (all three when none is named)."""
    chosen = keys or tuple(_STATES)
    return {
        key: Paint(paint.fill, str(label), paint.texture, paint.ink)
        for key, (paint, label) in _STATES.items()
        if key in chosen
    }


def sequential(labels: Sequence[str]) -> dict[str, Paint]:
    """Paints "1", "2", … of one hue, darker for more; five at the most (fewer labels take colours further apart)."""
    chosen = {1: (2,), 2: (1, 3), 3: (0, 2, 4), 4: (0, 1, 3, 4)}.get(len(labels), range(len(SEQUENTIAL)))
    return {
        str(n + 1): Paint(SEQUENTIAL[place], label) for n, (place, label) in enumerate(zip(chosen, labels, strict=True))
    }


def diverging(labels: Sequence[str]) -> dict[str, Paint]:
    """Paints "1" … "5" around a centre: blue below, sand at it, orange above. Above, fine lines: it reads in grey."""
    if len(labels) != len(DIVERGING):
        raise ValueError(f"a diverging map has {len(DIVERGING)} classes, not {len(labels)}")
    inks = {3: "#e0a25e", 4: "#9a4f08"}
    return {
        str(n + 1): Paint(DIVERGING[n], label, "lines" if n in inks else "", inks.get(n, DOT))
        for n, label in enumerate(labels)
    }


def bivariate(labels: Sequence[Sequence[str]]) -> dict[str, Paint]:
    """Paints "1-1" … "3-3" (class of the first variable, of the second) with the labels given as rows."""
    return {f"{i + 1}-{j + 1}": Paint(BIVARIATE[i][j], labels[i][j]) for i in range(3) for j in range(3)}


def choropleth(
    sketch: Sketch,
    marks: Iterable[Mark],
    paints: Mapping[str, Paint],
    *,
    title: str,
    description: str,
    prefix: str = "colours",
    names: bool = False,
    reuse: str = "",
    edge: str = EDGE,
) -> SafeString:
    """The map as an SVG element. Areas that are not in the sketch are left out; raises KeyError for an unknown paint.

    `title` and `description` are read in its place; `prefix` sets its identifiers apart from those of other maps of
    the page. `names` writes the names of areas where they fit; `edge` is the colour between areas. `reuse`: the prefix
    of a map of the same sketch that stands on the same page, whose paths are drawn again and not written again: for
    small multiples.
    """
    found = [mark for mark in marks if mark.area in sketch.outlines]
    groups: dict[str, list[Mark]] = {}
    for mark in found:
        groups.setdefault(mark.paint, []).append(mark)
    used = {key: paints[key] for key in groups}
    role = "img" if reuse else "group"
    parts = [
        f'<svg class="tr-choropleth" viewBox="-4 -4 {sketch.width + 8} {sketch.height + 8}" role="{role}"',
        f' aria-labelledby="{prefix}-title" aria-describedby="{prefix}-desc">',
        f'<title id="{prefix}-title">{escape(title)}</title><desc id="{prefix}-desc">{escape(description)}</desc>',
        _patterns(used, prefix),
        f'<g stroke="{edge}" stroke-width="{4 if reuse else 2}" stroke-linejoin="round">',
    ]
    for key, members in groups.items():
        parts.append(f'<g fill="{_fill(used[key], key, prefix)}">')
        parts += [_area(sketch, mark, prefix, reuse) for mark in members]
        parts.append("</g>")
    parts.append("</g>")
    parts.append(_lines(sketch, [mark for mark in found if mark.chosen], found, used, bool(reuse)))
    if names:
        parts.append(_names(sketch, found))
    return SafeString("".join([*parts, "</svg>"]))  # all that came from outside was escaped above


def _area(sketch: Sketch, mark: Mark, prefix: str, reuse: str) -> str:
    if reuse:
        return f'<use href="#{reuse}-{mark.area}"/>'
    said = escape(f"{mark.name}: {mark.text}" if mark.text else mark.name)
    shape = f'<path id="{prefix}-{mark.area}" d="{sketch.outlines[mark.area].path}"/>'
    if not mark.url:
        return f"<g><title>{said}</title>{shape}</g>"
    # Not on the way of the Tab key: the table beside leads to the same pages, and is read in order.
    return f'<a href="{escape(mark.url)}" tabindex="-1" aria-label="{said}"><title>{said}</title>{shape}</a>'


def _lines(sketch: Sketch, chosen: list[Mark], found: list[Mark], paints: Mapping[str, Paint], small: bool) -> str:
    """Over the colours: the outer edge of what is pale, the borders of wider areas, the area that is chosen."""
    parts = [f'<g fill="none" stroke="{FRAME}" stroke-linejoin="round" pointer-events="none">']
    if sketch.frames:
        width = 3 if small else 3.5
        parts += [f'<path stroke-width="{width}" stroke-opacity=".75" d="{path}"/>' for path in sketch.frames]
    for mark in chosen:
        path = sketch.outlines[mark.area].path
        parts.append(f'<path stroke="#fff" stroke-width="{16 if small else 12}" d="{path}"/>')
        parts.append(f'<path stroke-width="{9 if small else 6}" d="{path}"/>')
    return "".join([*parts, "</g>"])


def _names(sketch: Sketch, marks: list[Mark]) -> str:
    """Names where they fit, broken into lines at blanks; for the eye only, since each area bears its name already."""
    parts = []
    for mark in marks:
        outline = sketch.outlines[mark.area]
        lines = _broken(Truncator(mark.name).chars(40))
        longest = max(len(line) for line in lines) * LETTER * NAME_SIZE
        if longest > outline.room * 1.35 or len(lines) * NAME_SIZE > outline.room:
            continue
        top = outline.y - (len(lines) - 1) * NAME_SIZE * 0.55 + NAME_SIZE * 0.34
        spans = "".join(
            f'<tspan x="{outline.x}" y="{top + n * NAME_SIZE * 1.1:.0f}">{escape(line)}</tspan>'
            for n, line in enumerate(lines)
        )
        parts.append(f"<text>{spans}</text>")
    if not parts:
        return ""
    look = (
        f'class="tr-choropleth-names" font-family="Titillium Web, sans-serif" font-weight="600" font-size="{NAME_SIZE}"'
        f' text-anchor="middle" fill="{INK}" stroke="#fff" stroke-width="5" stroke-linejoin="round"'
        ' stroke-opacity=".85" paint-order="stroke" pointer-events="none" aria-hidden="true"'
    )
    return f"<g {look}>{''.join(parts)}</g>"


def _broken(name: str) -> list[str]:
    """A name in lines of about a dozen letters."""
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + len(word) >= 13:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


# --- colours and textures -----------------------------------------------------------------------------------------
def _fill(paint: Paint, key: str, prefix: str) -> str:
    return f"url(#{prefix}-t-{key})" if paint.texture else paint.fill


def _patterns(paints: Mapping[str, Paint], prefix: str) -> str:
    found = [_pattern(paint, f"{prefix}-t-{key}") for key, paint in paints.items() if paint.texture]
    return f"<defs>{''.join(found)}</defs>" if found else ""


def _pattern(paint: Paint, identity: str, scale: float = 1) -> str:
    """A texture as a pattern; `scale` makes it fit a swatch, whose units are pixels."""
    size = {"hatch": 14, "dots": 18, "lines": 10, "slashes": 16}[paint.texture]
    ground = f'<rect width="{size}" height="{size}" fill="{paint.fill}"/>'
    drawn = {
        "hatch": f'<rect width="4" height="{size}" fill="{paint.ink}"/>',
        "dots": f'<circle cx="9" cy="9" r="2.6" fill="{paint.ink}"/>',
        "lines": f'<rect width="{size}" height="2.2" fill="{paint.ink}"/>',
        "slashes": f'<rect width="4" height="{size}" fill="{paint.ink}"/>',
    }[paint.texture]
    turned = {"hatch": " rotate(45)", "slashes": " rotate(-45)"}.get(paint.texture, "")
    return (
        f'<pattern id="{identity}" width="{size}" height="{size}" patternUnits="userSpaceOnUse" '
        f'patternTransform="scale({scale:g}){turned}">{ground}{drawn}</pattern>'
    )


def swatch(paint: Paint, identity: str, *, again: bool = False) -> SafeString:
    """A small field of a paint, for legends and tables. `identity` is unique on the page; `again`: that of one that is
    there already, whose pattern is used."""
    pattern, fill = "", paint.fill
    if paint.texture:
        fill = f"url(#{identity})"
        pattern = "" if again else f"<defs>{_pattern(paint, identity, 0.45)}</defs>"
    return SafeString(
        '<svg class="tr-swatch" viewBox="0 0 28 18" width="28" height="18" aria-hidden="true" focusable="false">'
        f'{pattern}<rect x=".5" y=".5" width="27" height="17" fill="{fill}" stroke="#8696a7"/></svg>'
    )


def legend(
    paints: Mapping[str, Paint], counts: Mapping[str, str] | None = None, *, title: str = "", prefix: str = "colours"
) -> SafeString:
    """What the colours stand for, as a list; `counts` says after each how many areas bear it."""
    rows = []
    for key, paint in paints.items():
        many = f' <span class="tr-legend-count">{escape(counts[key])}</span>' if counts and key in counts else ""
        rows.append(f"<li>{swatch(paint, f'{prefix}-s-{key}')}<span>{escape(paint.label)}{many}</span></li>")
    head = f'<p class="tr-legend-title">{escape(title)}</p>' if title else ""
    return SafeString(f'<div class="tr-legend">{head}<ul>{"".join(rows)}</ul></div>')


def bivariate_legend(paints: Mapping[str, Paint], first: str, second: str, prefix: str = "colours") -> SafeString:
    """The nine colours of a map of two variables as a table: `first` grows upward, `second` to the right."""
    rows = []
    words = (_("low"), _("middle"), _("high"))
    for i in (2, 1, 0):
        cells = "".join(
            f"<td>{swatch(paints[f'{i + 1}-{j + 1}'], f'{prefix}-s-{i}{j}')}"
            f'<span class="visually-hidden">{escape(paints[f"{i + 1}-{j + 1}"].label)}</span></td>'
            for j in range(3)
        )
        rows.append(f'<tr><th scope="row">{escape(words[i])}</th>{cells}</tr>')
    heads = "".join(f'<th scope="col">{escape(word)}</th>' for word in words)
    caption = _("Up: %(first)s. To the right: %(second)s.") % {"first": first, "second": second}
    return SafeString(
        f'<table class="tr-legend tr-legend-two"><caption>{escape(caption)}</caption><tbody>{"".join(rows)}</tbody>'
        f"<tfoot><tr><td></td>{heads}</tr></tfoot></table>"
    )
