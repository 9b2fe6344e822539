"""The outlines of areas as the paths of a drawing: projected, simplified together, small; kept until they change.

What a map made on the server is drawn from (`ui.choropleth`). Geometry alone: colours and words come with the map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Max, Sum

from trama.core import memo
from trama.core.keys import among
from trama.territory.models import AreaClosure, Boundary
from trama.ui.choropleth import Outline, Sketch

UNITS = 1600  # of the longer side of a drawing; coordinates are whole units
TOLERANCE = 1.6  # units: under a pixel of a map 720 wide
MOST_POINTS = 24_000  # of all outlines of a drawing
MOST_NAMED = 200  # areas whose names are looked for a place
SLIVER = 60  # square units: smaller holes are faults of the drawing, not lakes
HOURS = 6 * 3600


def sketch_of(areas: Sequence[int], frames: Sequence[int] = ()) -> Sketch:
    """The drawing of these areas (pks); areas without a boundary in force are not in it.

    `frames`: areas above them whose borders are drawn thicker over them. Kept in memory until a boundary changes.
    """
    wanted, around = tuple(sorted(set(areas))), tuple(sorted(set(frames)))
    stamp = Boundary.objects.filter(valid_to__isnull=True).aggregate(
        count=Count("id"), last=Max("id"), a=Sum("min_lon"), b=Sum("min_lat"), c=Sum("max_lon"), d=Sum("max_lat")
    )
    key = ("territory.sketch", wanted, around, tuple(stamp.values()))
    return memo.remember(key, HOURS, lambda: _sketch(wanted, around), heavy=True)


def _sketch(areas: tuple[int, ...], frames: tuple[int, ...]) -> Sketch:
    import numpy as np
    import shapely

    ids, shapes = _shapes(areas)
    if not ids:
        return Sketch(UNITS, UNITS, {})
    merged = shapely.transform(np.asarray(shapes, dtype=object), _projected, interleaved=False)
    left, bottom, right, top = shapely.total_bounds(merged)
    scale = UNITS / max(right - left, top - bottom, 1e-9)

    def placed(x: Any, y: Any) -> Any:
        return (x - left) * scale, (top - y) * scale

    drawn = _simplified(shapely.transform(merged, placed, interleaved=False))
    outlines = {pk: _outline(shape, len(ids) <= MOST_NAMED) for pk, shape in zip(ids, drawn, strict=True)}
    size = math.ceil((right - left) * scale) or 1, math.ceil((top - bottom) * scale) or 1
    return Sketch(*size, outlines, _frames(dict(zip(ids, drawn, strict=True)), frames))


def _frames(drawn: dict[int, Any], frames: tuple[int, ...]) -> tuple[str, ...]:
    """The borders of wider areas, made of the drawn areas that lie in each: so they follow them to the point.

    With no wider area named, the border of all of them together: what is pale must not run into the paper.
    """
    if not frames:
        return (path_of(_united(list(drawn.values()))),)
    inside: dict[int, list[Any]] = {}
    rows = AreaClosure.objects.filter(area__in=among(drawn), ancestor__in=among(frames), distance__gt=0).order_by()
    for area, ancestor in rows.order_by("ancestor", "area").values_list("area_id", "ancestor_id"):
        inside.setdefault(ancestor, []).append(drawn[area])
    return tuple(path_of(_united(parts)) for parts in inside.values())


def _united(parts: list[Any]) -> Any:
    """Areas as one, without the slivers that lie between neighbours who were drawn apart."""
    import shapely

    whole = shapely.union_all(parts, grid_size=1)
    rings = [shapely.Polygon(ring) for ring in shapely.get_rings(shapely.get_parts(whole))]
    return shapely.MultiPolygon([ring for ring in rings if ring.area >= SLIVER])


def _shapes(areas: tuple[int, ...]) -> tuple[list[int], list[Any]]:
    import shapely

    rows = Boundary.objects.filter(area__in=among(areas), valid_to__isnull=True).order_by("area__name", "area_id")
    found = list(rows.values_list("area_id", "wkb"))
    return [pk for pk, _wkb in found], list(shapely.from_wkb([bytes(wkb) for _pk, wkb in found]))


def _projected(lon: Any, lat: Any) -> Any:
    """Degrees as the plane of Web Mercator, in units of the globe's radius: north up, angles kept."""
    import numpy as np

    return np.radians(lon), np.log(np.tan(np.pi / 4 + np.radians(np.clip(lat, -85.05, 85.05)) / 2))


def _simplified(shapes: Any) -> Any:
    """Shapes with fewer points, those of shared borders the same on both sides; more coarsely where there are many."""
    import numpy as np
    import shapely

    exact = shapely.set_precision(shapes, 0.05)
    exact = np.where(shapely.is_empty(exact), shapes, exact)
    tolerance = TOLERANCE
    drawn = exact
    for _step in range(6):
        drawn = shapely.coverage_simplify(exact, tolerance)
        if shapely.get_num_coordinates(drawn).sum() <= MOST_POINTS:
            break
        tolerance *= 1.8
    return np.where(shapely.is_empty(drawn), exact, drawn)


def _outline(shape: Any, named: bool) -> Outline:
    """A path, and where a name fits into it: in the middle of the greatest circle within its greatest part."""
    import shapely

    parts = shapely.get_parts(shape)
    greatest = parts[int(shapely.area(parts).argmax())]
    left, low, right, high = greatest.bounds
    if not named:
        return Outline(path_of(shape), round((left + right) / 2), round((low + high) / 2), 0)
    point = shapely.maximum_inscribed_circle(greatest, max(2.0, (right - left) / 40)).coords[0]
    radius = shapely.distance(shapely.Point(point), greatest.exterior)
    return Outline(path_of(shape), round(point[0]), round(point[1]), round(2 * radius))


def path_of(shape: Any) -> str:
    """A (multi)polygon as the commands of an SVG path, whole units, each point told from the one before."""
    import shapely

    pieces = []
    for ring in shapely.get_rings(shapely.get_parts(shape)):  # a multipolygon by itself has no rings
        points = shapely.get_coordinates(ring).round().astype(int).tolist()
        moves, (x, y) = [f"M{points[0][0]} {points[0][1]}l"], points[0]
        for next_x, next_y in points[1:-1]:
            dx, dy = next_x - x, next_y - y
            if dx or dy:
                moves.append(f"{dx}{'' if dy < 0 else ' '}{dy} ")
                x, y = next_x, next_y
        if len(moves) > 2:
            pieces.append("".join(moves).rstrip() + "z")
    return "".join(pieces)
