"""Shapes of areas: mended, measured, drawn small for maps. Degrees of WGS84 in, degrees out; no database."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from trama.territory import geojson

GRID = 1e-7  # degrees, about a centimetre: shared borders must match to the digit before they are simplified
SLIVER = 1e-4  # degrees, some ten metres: a gap this thin between two neighbours is a fault of the drawing
POINTS_OF_A_MAP = 6000  # of all outlines drawn together: about 40 kB compressed
POINTS_OF_AN_AREA = 400
DECIMALS = 5  # of a degree in an outline: about a metre

# What GEOS says of a shape that is not valid, in words that a person understands.
REASONS = {
    "Self-intersection": gettext_noop("the outline crosses itself"),
    "Ring Self-intersection": gettext_noop("the outline touches itself"),
    "Hole lies outside shell": gettext_noop("a hole lies outside"),
    "Nested holes": gettext_noop("a hole lies in a hole"),
    "Nested shells": gettext_noop("a part lies inside another"),
    "Interior is disconnected": gettext_noop("a hole cuts the area in two"),
    "Duplicate Rings": gettext_noop("the same outline stands twice"),
    "Too few points in geometry component": gettext_noop("an outline has too few points"),
    "Invalid Coordinate": gettext_noop("a coordinate is not a number"),
}


KINDS = {
    "Point": gettext_noop("a point"),
    "MultiPoint": gettext_noop("some points"),
    "LineString": gettext_noop("a line"),
    "LinearRing": gettext_noop("a line"),
    "MultiLineString": gettext_noop("some lines"),
    "": gettext_noop("a shape of another kind"),
}


class ShapeError(ValueError):
    """A shape that cannot be used; the message is for the person who brought it."""


@dataclass(frozen=True)
class Mended:
    """A usable shape, and what had to be done to it (empty: nothing)."""

    shape: Any
    repair: str = ""


def mended(shape: Any) -> Mended:
    """A valid Polygon or MultiPolygon made from `shape`, with the reason and the place of a repair.

    Raises ShapeError when no polygon is left.
    """
    import shapely

    if shape is None or shape.is_empty:
        raise ShapeError(_("There is no shape."))
    if shape.has_z:
        shape = shapely.force_2d(shape)
    if shape.geom_type not in {"Polygon", "MultiPolygon", "GeometryCollection"}:
        kind = _(KINDS.get(shape.geom_type, "a shape of another kind"))
        raise ShapeError(_("An area needs a polygon, this is %(kind)s.") % {"kind": kind})
    if shape.is_valid and shape.geom_type != "GeometryCollection":
        return Mended(shape)
    reason = shapely.is_valid_reason(shape)
    valid = only_polygons(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    if valid is None:
        raise ShapeError(_("The shape cannot be repaired: %(reason)s.") % {"reason": in_words(reason)})
    return Mended(valid, in_words(reason) if not shape.is_valid else "")


def only_polygons(shape: Any) -> Any | None:
    """The polygons of a shape, without lines and points; None if there are none."""
    import shapely

    parts = [part for part in shapely.get_parts(shape, return_index=False) if part.geom_type in _SURFACES]
    flat = [piece for part in parts for piece in shapely.get_parts(part) if not piece.is_empty and piece.area > 0]
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else shapely.MultiPolygon(flat)


_SURFACES = {"Polygon", "MultiPolygon"}


def in_words(reason: str) -> str:
    """What GEOS says of an invalid shape ("Self-intersection[7.66 45.07]"), in the language of the reader."""
    match = re.match(r"([^\[]+)(?:\[(\S+) ([^\]\s]+).*\])?$", reason)
    if match is None:
        return reason
    text = _(REASONS[match[1]]) if match[1] in REASONS else match[1]
    if not match[2]:
        return text
    at = f"{float(match[2]):.5f}, {float(match[3]):.5f}"
    return _("%(reason)s at %(point)s") % {"reason": text, "point": at}


def check_degrees(shape: Any) -> None:
    """Refuse what cannot be longitude and latitude: metres given as degrees, numbers that are not there."""
    import numpy as np

    if shape is None or shape.is_empty:
        raise ShapeError(_("There is no shape."))
    west, south, east, north = shape.bounds
    if not np.isfinite([west, south, east, north]).all():
        raise ShapeError(_("A coordinate is not a number."))
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        raise ShapeError(
            _(
                "%(x)s, %(y)s are no longitude and latitude: the coordinates look like metres. "
                "Say in which system they are (for example --crs EPSG:32632)."
            )
            % {"x": f"{west:.1f}", "y": f"{south:.1f}"}
        )


def swapped(shape: Any) -> Any:
    """The same shape with longitude and latitude exchanged."""
    import shapely

    return shapely.transform(shape, lambda x, y: (y, x), interleaved=False)


@lru_cache(maxsize=1)
def _ellipsoid() -> Any:
    from pyproj import Geod

    return Geod(ellps="WGS84")


def km2(shape: Any) -> float:
    """The surface on the ellipsoid, in square kilometres."""
    import shapely

    return abs(_ellipsoid().geometry_area_perimeter(shapely.orient_polygons(shape))[0]) / 1e6


def inner_point(shape: Any) -> tuple[float, float]:
    """A point (longitude, latitude) that lies inside for certain, near the middle where it can."""
    centre = shape.centroid
    point = centre if shape.contains(centre) else shape.representative_point()
    return round(point.x, 6), round(point.y, 6)


def same(one: Any, other: Any) -> bool:
    """Whether two shapes are the same to a centimetre, wherever their rings begin."""
    import shapely

    if shapely.equals_exact(one, other, GRID):
        return True
    if any(abs(a - b) > GRID * 10 for a, b in zip(one.bounds, other.bounds, strict=True)):
        return False
    return one.symmetric_difference(other).area < GRID * max(one.length, other.length)


def outlines(shapes: Sequence[Any], points: int = POINTS_OF_A_MAP) -> list[str]:
    """Small GeoJSON geometries of neighbours, simplified together so that shared borders stay shared.

    `points` is how many points all of them may have together.
    """
    import numpy as np
    import shapely

    if not shapes:
        return []
    exact = shapely.set_precision(np.asarray(shapes, dtype=object), GRID)
    # A shape thinner than a centimetre vanishes on the grid: it is drawn as it is.
    exact = np.where(shapely.is_empty(exact), np.asarray(shapes, dtype=object), exact)
    exact = _matched(exact)
    budget = min(points, max(POINTS_OF_AN_AREA, POINTS_OF_AN_AREA * len(shapes)))
    drawn, tolerance = exact, 2e-5
    while shapely.get_num_coordinates(drawn).sum() > budget and tolerance < 0.05:
        drawn = shapely.coverage_simplify(exact, tolerance)
        tolerance *= 1.5
    return [as_geojson(shape if not shape.is_empty else whole) for shape, whole in zip(drawn, exact, strict=True)]


def _matched(shapes: Any) -> Any:
    """The shapes with the slivers between neighbours closed, if neighbours they are; those that overlap stay."""
    import numpy as np
    import shapely

    whole = shapely.union_all(shapes).area
    if len(shapes) < 2 or shapely.coverage_is_valid(shapes) or shapely.area(shapes).sum() - whole > 1e-3 * whole:
        return shapes
    cleaned = shapely.coverage_clean(shapes, gap_width=SLIVER)
    return np.where(shapely.is_empty(cleaned), shapes, cleaned)


def from_wkb(stored: bytes | memoryview) -> Any:
    """A shape as a boundary stores it."""
    import shapely

    return shapely.from_wkb(bytes(stored))


def as_geojson(shape: Any) -> str:
    """A geometry as compact GeoJSON, coordinates to about a metre."""
    import shapely

    geometry = json.loads(shapely.to_geojson(shape))
    geometry["coordinates"] = _rounded(geometry["coordinates"])
    return json.dumps(geometry, separators=(",", ":"))


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates[0], (int, float)):
        return [round(coordinates[0], DECIMALS), round(coordinates[1], DECIMALS)]
    rings = [_rounded(item) for item in coordinates]
    if not isinstance(coordinates[0][0], (int, float)):
        return rings
    # Points that fall on the one before say nothing.
    kept = [point for number, point in enumerate(rings) if number == 0 or point != rings[number - 1]]
    return kept if len(kept) >= 4 else rings


def from_geojson(text: str) -> Any:
    """The shape in a GeoJSON text: a geometry, a feature, or a collection of them (united)."""
    import shapely

    try:
        found = geojson.parsed(text)
        geojson.check(found)
        shapes = [shapely.from_geojson(json.dumps(geometry)) for geometry in _geometries(found)]
    except geojson.NotGeoJSON as error:
        raise ShapeError(_("This is not GeoJSON: %(reason)s.") % {"reason": error}) from error
    except (ValueError, TypeError, AttributeError, KeyError, shapely.errors.ShapelyError) as error:
        raise ShapeError(
            _("The shape cannot be read: a ring needs at least four points, the last like the first.")
        ) from error
    if not shapes:
        raise ShapeError(_("There is no shape."))
    return shapes[0] if len(shapes) == 1 else shapely.union_all([mended(shape).shape for shape in shapes])


def _geometries(found: Any) -> Any:
    match found.get("type"):
        case "FeatureCollection":
            for feature in found["features"]:
                yield from _geometries(feature)
        case "Feature":
            if found.get("geometry"):
                yield found["geometry"]
        case _:
            yield found


def shared_part(shape: Any, other: Any) -> float:
    """How much of `shape` lies in `other`, from 0 to 1."""
    return float(shape.intersection(other).area / shape.area) if shape.area else 0.0
