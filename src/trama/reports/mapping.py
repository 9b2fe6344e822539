"""The map of an area for paper: its outline, those of the areas in it, and what stands there. SVG for greyscale too."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _

from trama.territory.models import Area, Boundary

WIDTH, MOST_HEIGHT = 680.0, 390.0
MARGIN = 10.0
MOST_POINTS = 4000
NAMED = 40  # more areas than these are drawn without names


@dataclass(frozen=True)
class Points:
    """What is marked on the map: a name for the legend, and degrees of longitude and latitude."""

    name: str
    places: Sequence[tuple[float, float]]


# One sign per kind of thing: they differ in shape and darkness, not in colour alone.
SIGNS = ("circle", "square", "ring")


@dataclass(frozen=True)
class _Frame:
    """From degrees to the units of the drawing; a degree of longitude is shrunk to its true length."""

    west: float
    north: float
    shrink: float
    scale: float
    width: float
    height: float

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        return (
            MARGIN + (lon - self.west) * self.shrink * self.scale,
            MARGIN + (self.north - lat) * self.scale,
        )


def drawn_map(area: Area, points: Sequence[Points] = ()) -> str | None:
    """The map of an area as SVG; None when it has no boundary and no child with one."""
    own = Boundary.objects.filter(area=area, valid_to__isnull=True).first()
    children = list(
        Boundary.objects.filter(area__parent=area, valid_to__isnull=True)
        .filter(area__in=Area.objects.in_force().values("pk"))
        .select_related("area")
        .order_by("area__name", "area_id")
    )
    shown = [own] if own is not None else children
    if not shown:
        return None
    frame = _frame(shown)
    parts = [_outline(child, frame, "#eef3f9", "#7c93ab", 0.8) for child in children]
    if own is not None:
        parts.append(_outline(own, frame, "none" if children else "#eef3f9", "#0b3b6f", 2.0))
    # What is named first lies on top.
    signs = [_signs(kind, one, frame) for kind, one in zip(SIGNS, points, strict=False)]
    names = _names(children, frame) if len(children) <= NAMED else ""
    legend, legend_height = _legend(points, frame)
    height = frame.height + legend_height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{frame.width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {frame.width:.0f} {height:.0f}" font-family="Titillium Web">'
        f"{''.join(parts)}{''.join(reversed(signs))}{names}{legend}</svg>"
    )


def parts_with_outline(area: Area) -> bool:
    """Whether parts of the area are drawn on its map."""
    drawn = Boundary.objects.filter(area__parent=area, valid_to__isnull=True)
    return drawn.filter(area__in=Area.objects.in_force().values("pk")).order_by().exists()


def words_of_map(area: Area, points: Sequence[Points], has_parts: bool) -> str:
    """What is read in place of the map."""
    marked = ", ".join(f"{one.name}: {len(one.places)}" for one in points)
    if has_parts:
        sentence = _("Map of %(area)s with the outlines of the areas that it is made of.") % {"area": area.name}
    else:
        sentence = _("Map of %(area)s: its outline.") % {"area": area.name}
    return " ".join([sentence, _("Marked on it: %(what)s.") % {"what": marked}]) if marked else sentence


def _frame(boundaries: Sequence[Boundary]) -> _Frame:
    west, east = min(b.min_lon for b in boundaries), max(b.max_lon for b in boundaries)
    south, north = min(b.min_lat for b in boundaries), max(b.max_lat for b in boundaries)
    shrink = math.cos(math.radians((south + north) / 2))
    wide, high = max((east - west) * shrink, 1e-6), max(north - south, 1e-6)
    scale = min((WIDTH - 2 * MARGIN) / wide, (MOST_HEIGHT - 2 * MARGIN) / high)
    # A tall area leaves white at its side, so that every map is as wide as the text.
    spare = (WIDTH - 2 * MARGIN - wide * scale) / 2 / scale / shrink
    return _Frame(west - spare, north, shrink, scale, WIDTH, high * scale + 2 * MARGIN)


def _rings(geometry: dict[str, Any]) -> list[list[list[float]]]:
    coordinates = geometry.get("coordinates", [])
    if geometry.get("type") == "Polygon":
        return list(coordinates)
    return [ring for polygon in coordinates for ring in polygon]


def _outline(boundary: Boundary, frame: _Frame, fill: str, stroke: str, width: float) -> str:
    geometry = json.loads(boundary.outline) if boundary.outline else {}
    path = []
    for ring in _rings(geometry):
        corners = [frame.at(lon, lat) for lon, lat, *_rest in ring]
        path.append("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in corners) + "Z")
    return (
        f'<path d="{"".join(path)}" fill="{fill}" fill-rule="evenodd" stroke="{stroke}" stroke-width="{width}" '
        'stroke-linejoin="round"/>'
    )


def _sign(kind: str, x: float, y: float) -> str:
    match kind:
        case "circle":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.1" fill="#0b4f92" stroke="#ffffff" stroke-width="0.8"/>'
        case "square":
            return (
                f'<rect x="{x - 2.2:.1f}" y="{y - 2.2:.1f}" width="4.4" height="4.4" fill="#e0a458" stroke="#5c3200" '
                'stroke-width="0.9"/>'
            )
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#ffffff" stroke="#17324d" stroke-width="1.2"/>'


def _signs(kind: str, points: Points, frame: _Frame) -> str:
    # Too many signs are a stain, and weigh on the printer: every n-th is as good a picture.
    step = max(1, math.ceil(len(points.places) / MOST_POINTS))
    inside = []
    for lon, lat in points.places[::step]:
        x, y = frame.at(lon, lat)
        if 0 <= x <= frame.width and 0 <= y <= frame.height:
            inside.append(_sign(kind, x, y))
    return "".join(inside)


def _names(children: Sequence[Boundary], frame: _Frame) -> str:
    """The names of the areas, the larger first, each only where it covers no other."""
    taken: list[tuple[float, float, float, float]] = []
    parts = []
    for child in sorted(children, key=lambda b: -(b.max_lon - b.min_lon) * (b.max_lat - b.min_lat)):
        if child.area.lon is None or child.area.lat is None:
            continue
        x, y = frame.at(child.area.lon, child.area.lat)
        half = len(child.area.name) * 2.9 + 3
        x = min(max(x, half + 2), frame.width - half - 2)
        box = (x - half, y - 8, x + half, y + 5)
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            continue
        taken.append(box)
        text = escape(child.area.name)
        place = f'x="{x:.1f}" y="{y + 3:.1f}" text-anchor="middle" font-size="11" font-weight="600"'
        # A white edge keeps a name readable over signs and lines.
        parts.append(
            f'<text {place} fill="none" stroke="#ffffff" stroke-width="3" stroke-linejoin="round">{text}</text>'
        )
        parts.append(f'<text {place} fill="#17324d">{text}</text>')
    return "".join(parts)


def _legend(points: Sequence[Points], frame: _Frame) -> tuple[str, float]:
    """The signs with their meaning and number, and a scale; with its height."""
    y = frame.height + 16
    x, parts = MARGIN + 4, []
    for kind, one in zip(SIGNS, points, strict=False):
        text = f"{one.name} ({len(one.places)})"
        parts.append(_sign(kind, x, y))
        parts.append(f'<text x="{x + 9:.1f}" y="{y + 4:.1f}" font-size="12" fill="#17324d">{escape(text)}</text>')
        x += len(text) * 6.6 + 34
    kilometres = _round_length(frame.width / 5 / frame.scale * 111.32)
    length = kilometres / 111.32 * frame.scale
    end = frame.width - MARGIN
    parts.append(
        f'<path d="M{end - length:.1f},{y - 4:.1f}v6h{length:.1f}v-6" fill="none" stroke="#17324d" stroke-width="1.2"/>'
        f'<text x="{end - length / 2:.1f}" y="{y + 15:.1f}" font-size="11" text-anchor="middle" fill="#17324d">'
        f"{f'{kilometres:g}'.replace('.', ',')} km</text>"
    )
    return "".join(parts), 36.0


# --- areas shaded by a value --------------------------------------------------------------------------------------
# Around a centre: from a light to a dark of two hues that differ in greyscale by their dots, too.
BELOW = ("#3f84c4", "#b5d2ef")  # clearly below, a little below
ABOVE = ("#f2c48d", "#b8620b")  # a little above, clearly above
MIDDLE = "#f4f4f1"
FEWEST = 3


@dataclass(frozen=True)
class _Class:
    """A class of a shaded map: its values lie in (low, high], `dotted` ones carry dots for greyscale print."""

    low: float
    high: float
    fill: str
    label: str
    dotted: bool = False


def classes_around(values: Sequence[float], centre: float, decimals: int = 0, width: float = 0.0) -> list[_Class]:
    """The five classes of the pages around a centre; `width`: half of the middle one, taken from the values if 0."""
    from trama.insight.analysis.classes import around
    from trama.ui.numbers import number

    step = 10.0**-decimals
    if width:
        bounds = [centre - 3 * width - step, centre - width - step, centre + width, centre + 3 * width]
        bounds = [round(bound, decimals) for bound in bounds]
    else:
        bounds = around([round(value, decimals) for value in values], centre, decimals)[:-1]
    ends = [(number(low + step, decimals), number(high, decimals)) for low, high in pairwise(bounds)]
    labels = [
        _("up to %(edge)s") % {"edge": number(bounds[0], decimals)},
        *(f"{low}–{high}" for low, high in ends),
        _("%(edge)s and above") % {"edge": number(bounds[-1] + step, decimals)},
    ]
    fills = (*BELOW, MIDDLE, *ABOVE)
    limits = [-math.inf, *bounds, math.inf]
    return [_Class(limits[n], limits[n + 1], fills[n], labels[n], dotted=n == 4) for n in range(5)]


def shaded_map(
    area: Area,
    parts: Sequence[int],
    values: dict[int, float],
    *,
    centre: float,
    excluded: frozenset[int] = frozenset(),
    decimals: int = 0,
    width: float = 0.0,
    marked: frozenset[int] = frozenset(),
    mark: str = "",
) -> str | None:
    """The parts of an area shaded by their values around a centre; None where too few have a boundary and a value.

    Areas that a source leaves out are grey, those without a value white; `marked` ones get a thick outline, which the
    legend calls `mark`.
    """
    rows = list(
        Boundary.objects.filter(area__in=parts, valid_to__isnull=True).select_related("area").order_by("area_id")
    )
    if sum(row.area_id in values for row in rows) < FEWEST:
        return None
    frame = _frame(rows)
    classes = classes_around(list(values.values()), centre, decimals, width)
    drawn, dots, edges = [], [], []
    for row in rows:
        value = values.get(row.area_id)
        found = None if value is None else next(one for one in classes if one.low < round(value, decimals) <= one.high)
        fill = "#cfd4d9" if row.area_id in excluded else "#ffffff" if found is None else found.fill
        drawn.append(_outline(row, frame, fill, "#5b6b7a", 0.7))
        if found is not None and found.dotted:
            dots.append(_outline(row, frame, "url(#dots)", "#5b6b7a", 0.7))
        if row.area_id in marked:
            edges.append(_outline(row, frame, "none", "#17324d", 2.6))
    legend, height = _shades(classes, bool(excluded), mark if marked else "", frame)
    pattern = (
        '<defs><pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<circle cx="3" cy="3" r="1" fill="#ffffff"/></pattern></defs>'
    )
    total = frame.height + height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{frame.width:.0f}" height="{total:.0f}" '
        f'viewBox="0 0 {frame.width:.0f} {total:.0f}" font-family="Titillium Web">'
        f"{pattern}{''.join(drawn)}{''.join(dots)}{''.join(edges)}{legend}</svg>"
    )


def _shades(classes: Sequence[_Class], excluded: bool, mark: str, frame: _Frame) -> tuple[str, float]:
    """The classes with their limits; with the height of the legend."""
    items = [(one.fill, one.dotted, one.label) for one in classes]
    if excluded:
        items.append(("#cfd4d9", False, _("left out by the source")))
    x, y, parts = MARGIN, frame.height + 10, []
    for fill, dotted, label in items:
        width = 24 + len(label) * 6.4 + 14
        if x + width > frame.width:
            x, y = MARGIN, y + 20
        box = f'x="{x:.1f}" y="{y:.1f}" width="18" height="12" stroke="#5b6b7a" stroke-width="0.7"'
        parts.append(f'<rect {box} fill="{fill}"/>')
        if dotted:
            parts.append(f'<rect {box} fill="url(#dots)"/>')
        parts.append(f'<text x="{x + 24:.1f}" y="{y + 10:.1f}" font-size="12" fill="#17324d">{escape(label)}</text>')
        x += width
    if mark:
        x, y = MARGIN, y + 20
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="18" height="12" fill="none" stroke="#17324d" stroke-width="2.6"/>'
            f'<text x="{x + 24:.1f}" y="{y + 10:.1f}" font-size="12" fill="#17324d">{escape(mark)}</text>'
        )
    return "".join(parts), y - frame.height + 22


def _round_length(kilometres: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that fits."""
    power = 10.0 ** math.floor(math.log10(max(kilometres, 1e-3)))
    return next(step * power for step in (5, 2, 1) if step * power <= kilometres or step == 1)


# --- areas with circles -------------------------------------------------------------------------------------------
LARGEST = 30.0  # the radius of the largest circle


@dataclass(frozen=True)
class Circle:
    """A count in an area: the circle is as large as `count`, and `text` stands in it or beside it."""

    area: int
    name: str
    count: int
    text: str


def circles_drawn(circles: Sequence[Circle], around: Collection[int]) -> str | None:
    """Areas with a circle each, its surface in proportion to a count; None where no area of these has a boundary.

    `around` are the areas above, of which the outline is drawn too. A count is no density: shading the surface of an
    area would say more of large areas than of small ones.
    """
    wanted = {circle.area for circle in circles}
    found = Boundary.objects.filter(area__in={*wanted, *around}, valid_to__isnull=True).select_related("area")
    rows = list(found.order_by("area__name", "area_id"))
    parts = [row for row in rows if row.area_id in wanted]
    if not parts:
        return None
    frame = _frame(rows)
    drawn = [_outline(row, frame, "#eef3f9", "#7c93ab", 0.8) for row in parts]
    drawn += [_outline(row, frame, "none", "#0b3b6f", 1.6) for row in rows if row.area_id not in wanted]
    most = max((circle.count for circle in circles), default=0) or 1
    centres = {
        row.area_id: frame.at(row.area.lon, row.area.lat)
        for row in parts
        if row.area.lon is not None and row.area.lat is not None
    }
    placed = sorted((circle for circle in circles if circle.area in centres), key=lambda circle: -circle.count)
    taken: list[tuple[float, float, float, float]] = []
    marks, names = [], []
    for circle in placed:
        x, y = centres[circle.area]
        radius = LARGEST * math.sqrt(circle.count / most)
        if circle.count:
            marks.append(_disc(x, y, radius, circle.text))
        taken.append((x - radius, y - radius, x + radius, y + radius))
    for circle in placed:
        x, y = centres[circle.area]
        radius = LARGEST * math.sqrt(circle.count / most)
        label = circle.name if radius >= _room(circle.text) else f"{circle.name}: {circle.text}"
        names.append(_named_beside(label, x, y, radius, frame, taken))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{frame.width:.0f}" height="{frame.height:.0f}" '
        f'viewBox="0 0 {frame.width:.0f} {frame.height:.0f}" font-family="Titillium Web">'
        f"{''.join(drawn)}{''.join(marks)}{''.join(names)}</svg>"
    )


def _room(text: str) -> float:
    """The radius that a circle needs to bear a text."""
    return len(text) * 3.6 + 4


def _disc(x: float, y: float, radius: float, text: str) -> str:
    disc = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#0b4f92" fill-opacity="0.88" stroke="#ffffff" '
        'stroke-width="1"/>'
    )
    if radius < _room(text):
        return disc
    return disc + (
        f'<text x="{x:.1f}" y="{y + 4.5:.1f}" font-size="13" font-weight="700" text-anchor="middle" '
        f'fill="#ffffff">{escape(text)}</text>'
    )


def _named_beside(
    label: str, x: float, y: float, radius: float, frame: _Frame, taken: list[tuple[float, float, float, float]]
) -> str:
    """A name under, over or beside its circle, where it covers nothing; else under it, with a white edge."""
    half = len(label) * 2.9 + 3
    spots = [(x, y + radius + 12), (x, y - radius - 5), (x + radius + half + 2, y + 4), (x - radius - half - 2, y + 4)]
    found = spots[0]
    for at_x, at_y in spots:
        box = (at_x - half, at_y - 9, at_x + half, at_y + 3)
        inside = box[0] >= 0 and box[2] <= frame.width and box[1] >= 0 and box[3] <= frame.height
        if inside and not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            found = (at_x, at_y)
            break
    at_x, at_y = min(max(found[0], half + 2), frame.width - half - 2), min(found[1], frame.height - 3)
    taken.append((at_x - half, at_y - 9, at_x + half, at_y + 3))
    place = f'x="{at_x:.1f}" y="{at_y:.1f}" text-anchor="middle" font-size="11" font-weight="600"'
    words = escape(label)
    return (
        f'<text {place} fill="none" stroke="#ffffff" stroke-width="3" stroke-linejoin="round">{words}</text>'
        f'<text {place} fill="#17324d">{words}</text>'
    )
