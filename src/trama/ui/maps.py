"""The points of a map: grouped by the database into clusters that fit what a screen can show.

Works over any model with integer columns x and y (Web Mercator metres, EPSG:3857; null where there is no point). The
plane is cut into square cells as wide as a marker needs; each cell gives one marker at the mean of its points. Cells
are laid from a fixed origin and the box asked for is widened to whole cells, so that a cluster does not change its
number while the map is moved.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import Count, F, Max, Min, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware

EARTH = 6378137.0
HALF_WORLD = math.pi * EARTH
NORTHERNMOST = 85.0511  # where the square of Web Mercator ends
TILE = 256  # pixels of the whole world at zoom 0
DEEPEST = 18
CELL = 76  # pixels of the side of a cell
PIN = 28  # pixels of the width of the marker of a single record
MARGIN = 36  # pixels kept free around the points when a view is fitted to them
WIDEST = 4096  # pixels: nobody's screen is wider; it bounds the number of cells
SCREEN = (1280, 640)  # pixels, for who does not say
LISTED = 20
# Added before dividing: division cuts towards zero in both databases, so that all must be positive. Above the pole's y.
SHIFT = 1 << 28
LINES = 1 << 32  # more than there are lines of cells; so great that the databases reckon with 64 bits


class Box(NamedTuple):
    """A rectangle in degrees (WGS84)."""

    west: float
    south: float
    east: float
    north: float


class Extent(NamedTuple):
    """A rectangle in whole metres of Web Mercator, its edges included."""

    left: int
    bottom: int
    right: int
    top: int


@dataclass(frozen=True)
class Cluster:
    """Points that share a marker. `first` is the smallest key among them."""

    count: int
    sum_x: int
    sum_y: int
    extent: Extent
    first: Any

    @property
    def x(self) -> float:
        return self.sum_x / self.count

    @property
    def y(self) -> float:
        return self.sum_y / self.count

    def with_(self, other: Cluster) -> Cluster:
        """Both under one marker."""
        a, b = self.extent, other.extent
        return replace(
            self,
            count=self.count + other.count,
            sum_x=self.sum_x + other.sum_x,
            sum_y=self.sum_y + other.sum_y,
            extent=Extent(min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])),
            first=min(self.first, other.first),
        )


def degrees(x: float, y: float) -> tuple[float, float]:
    """Metres of Web Mercator as longitude and latitude with five decimals (about a metre)."""
    lon = math.degrees(x / EARTH)
    lat = math.degrees(2 * math.atan(math.exp(y / EARTH)) - math.pi / 2)
    return round(lon, 5), round(lat, 5)


def extent_of(box: Box) -> Extent:
    """A box as whole metres, outward."""

    def northing(lat: float) -> float:
        return EARTH * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))

    left, right = math.radians(box.west) * EARTH, math.radians(box.east) * EARTH
    return Extent(math.floor(left), math.floor(northing(box.south)), math.ceil(right), math.ceil(northing(box.north)))


def diameter(count: int) -> float:
    """Pixels of a marker: it grows with the order of magnitude of what it stands for (map-points.js draws it so)."""
    return PIN if count == 1 else min(60.0, 26 + 7.5 * math.log10(count))


def metres_per_pixel(zoom: float) -> float:
    """Metres of Web Mercator under a pixel."""
    return 2 * HALF_WORLD / (TILE * 2**zoom)


def _numbers(text: str, count: int) -> list[float] | None:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def box_of(query: Mapping[str, Any]) -> tuple[Box | None, float | None]:
    """The view that an address asks for: `bbox=west,south,east,north` in degrees and `zoom`, whole or in halves.

    What cannot be understood is None: the whole, and the zoom that fits it.
    """
    box = None
    numbers = _numbers(str(query.get("bbox", ""))[:200], 4)
    if numbers is not None:
        west, south, east, north = numbers
        west, east = max(-180.0, west), min(180.0, east)
        south, north = max(-NORTHERNMOST, south), min(NORTHERNMOST, north)
        if west < east and south < north:
            box = Box(west, south, east, north)
    text = str(query.get("zoom", ""))
    zoom = float(text) if re.fullmatch(r"[0-9]{1,2}(\.[05])?", text) else None
    return box, None if zoom is None or zoom > DEEPEST else zoom


def size_of(query: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height in pixels of the map that asks (`size=1280,640`), within reason and rounded down."""
    numbers = _numbers(str(query.get("size", ""))[:40], 2) or SCREEN
    width, height = (int(min(max(number, 160), WIDEST)) // 32 * 32 for number in numbers)
    return width, height


def fitting_zoom(extent: Extent, size: tuple[int, int], step: float = 1) -> float:
    """The deepest zoom (in steps) at which all of an extent is on a screen of that size, with a margin."""
    wide, high = max(extent.right - extent.left, 1), max(extent.top - extent.bottom, 1)
    scale = max(wide / max(size[0] - 2 * MARGIN, 64), high / max(size[1] - 2 * MARGIN, 64))
    return max(0, min(DEEPEST - 2, math.floor(math.log2(2 * HALF_WORLD / TILE / scale) / step) * step))


def deepest_for(extent: Extent) -> float:
    """The deepest zoom at which an extent has no more cells than the widest screen shows."""
    return min(DEEPEST, fitting_zoom(extent, (WIDEST, WIDEST)) + 2)


def side_of(zoom: float) -> int:
    """The side of a cell in whole metres."""
    return max(1, round(CELL * metres_per_pixel(zoom)))


def _one_row_each(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The same records without order, each exactly once, so that they can be grouped.

    A model without a point of its own names in `stands_at` the record at whose point it stands.
    """
    query = rows.query
    if at := getattr(rows.model, "stands_at", ""):
        each = rows.model._default_manager.filter(pk__in=rows.order_by().values("pk")).order_by()
        return each.annotate(x=F(f"{at}__x"), y=F(f"{at}__y"))
    tables = sum(1 for count in query.alias_refcount.values() if count)
    if tables > 1 or query.annotations or query.distinct or query.is_sliced or query.combinator:
        return rows.model._default_manager.filter(pk__in=rows.values("pk")).order_by()
    return rows.order_by()


def _within(rows: QuerySet[Any], extent: Extent) -> QuerySet[Any]:
    return rows.filter(x__gte=extent.left, x__lte=extent.right, y__gte=extent.bottom, y__lte=extent.top)


def _cells(rows: QuerySet[Any], side: int) -> tuple[list[Cluster], int]:
    """The points grouped by cells of `side` metres, the fullest first; and how many records have no point.

    One number per cell, not two: half the time of sorting in SQLite.
    """
    column, line = ((F(name) + SHIFT) / side for name in ("x", "y"))
    grouped = (
        rows.annotate(cell=column * LINES + line)
        .values("cell")
        .annotate(
            many=Count("pk"),
            sum_x=Sum("x"),
            sum_y=Sum("y"),
            left=Min("x"),
            bottom=Min("y"),
            right=Max("x"),
            top=Max("y"),
            first=Min("pk"),
        )
        .order_by("-many", "first")
        .values_list("cell", "many", "sum_x", "sum_y", "left", "bottom", "right", "top", "first")
    )
    found, pointless = [], 0
    for row in grouped:
        if row[0] is None:
            pointless += row[1]
        else:
            found.append(Cluster(row[1], row[2], row[3], Extent(*row[4:8]), row[8]))
    return found, pointless


def _apart(clusters: list[Cluster], pixel: float, side: int) -> list[Cluster]:
    """Join to a fuller cluster those whose markers would cover it: means of neighbouring cells may come close.

    `pixel`: metres under a pixel. What was joined moves and grows, so it is done until all stand free.
    """
    before = -1
    while before != len(clusters):
        before = len(clusters)
        clusters = _joined(clusters, pixel, side)
    return clusters


def _joined(clusters: list[Cluster], pixel: float, side: int) -> list[Cluster]:
    kept: dict[tuple[int, int], list[Cluster]] = {}
    for cluster in sorted(clusters, key=lambda cluster: (-cluster.count, cluster.first)):
        column, line = int(cluster.x // side), int(cluster.y // side)
        near = (
            (key, number)
            for key in ((column + i, line + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
            for number, other in enumerate(kept.get(key, ()))
            if math.hypot(other.x - cluster.x, other.y - cluster.y)
            < (diameter(other.count) + diameter(cluster.count)) / 2 * pixel
        )
        found = next(near, None)
        if found is None:
            kept.setdefault((column, line), []).append(cluster)
        else:
            key, number = found
            kept[key][number] = kept[key][number].with_(cluster)
    return [cluster for group in kept.values() for cluster in group]


def clusters(
    rows: QuerySet[Any],
    box: Box | None = None,
    zoom: float | None = None,
    *,
    size: tuple[int, int] = SCREEN,
    step: float = 1,
    title: str = "name",
    url: Callable[[Any], str] | None = None,
) -> dict[str, Any]:
    """The markers of a view of the map over a selection of records.

    Without a box: all the points, at the zoom (in steps of `step`) that fits them on a screen of `size` pixels, or at
    `zoom` if that is less deep. Returns what becomes JSON:

    - `total`: records in the selection; `located`: those with a point; `outside`: those without one;
    - `bounds`: west, south, east, north of the located ones, or None;
    - `zoom`: the zoom for which the clusters were made;
    - `points`: `[lon, lat, 1, id, title, address]` for a single record, and
      `[lon, lat, count, left, bottom, right, top]` for a cluster with its extent in metres of EPSG:3857.
    """
    rows = _one_row_each(rows)
    if box is None:
        zoom, groups, located, outside, extent = _whole(rows, zoom, size, step)
    else:
        known = rows.aggregate(
            total=Count("pk"), located=Count("x"), left=Min("x"), bottom=Min("y"), right=Max("x"), top=Max("y")
        )
        located, outside = known["located"], known["total"] - known["located"]
        extent = Extent(known["left"], known["bottom"], known["right"], known["top"]) if located else None
        asked = extent_of(box)
        zoom = min(fitting_zoom(asked, size) if zoom is None else zoom, deepest_for(asked))
        groups, _none = _cells(_within(rows, _whole_cells(asked, side_of(zoom))), side_of(zoom))
    if zoom < DEEPEST:  # there, a cluster opens as a list of what is in its extent: extents must not overlap
        groups = _apart(groups, metres_per_pixel(zoom), side_of(zoom))
    return {
        "total": located + outside,
        "located": located,
        "outside": outside,
        "bounds": extent and [*degrees(extent.left, extent.bottom), *degrees(extent.right, extent.top)],
        "zoom": zoom,
        "points": _points(rows.model, groups, title, url),
    }


def _whole(
    rows: QuerySet[Any], zoom: float | None, size: tuple[int, int], step: float
) -> tuple[float, list[Cluster], int, int, Extent | None]:
    """All the points of a selection: zoom, cells, how many have a point and how many none, the extent.

    The zoom that fits is known only with the extent, for which all must be read once more. So the one that did fit
    this selection is tried first: it is right unless points were added at the border, and if it is not it is mended.
    """
    try:
        asked = f"{rows.model._meta.label} {rows.query} {zoom} {size} {step}"
    except EmptyResultSet:  # known without the database that nothing is asked for
        return zoom or 0, [], 0, 0, None
    key = "map-zoom:" + hashlib.sha256(asked.encode()).hexdigest()
    tried = cache.get(key)
    if tried is None:
        known = rows.aggregate(left=Min("x"), bottom=Min("y"), right=Max("x"), top=Max("y"))
        first = Extent(**known) if known["left"] is not None else None
        tried = _whole_zoom(first, zoom, size, step)
    while True:
        groups, outside = _cells(rows, side_of(tried))
        extent = _around(groups)
        right = _whole_zoom(extent, zoom, size, step)
        if right == tried:
            cache.set(key, right, 3600)
            return right, groups, sum(group.count for group in groups), outside, extent
        tried = right


def _whole_zoom(extent: Extent | None, zoom: float | None, size: tuple[int, int], step: float) -> float:
    if extent is None:
        return zoom or 0
    return min(DEEPEST if zoom is None else zoom, fitting_zoom(extent, size, step))


def _around(groups: list[Cluster]) -> Extent | None:
    """The extent of all clusters together."""
    if not groups:
        return None
    lefts, bottoms, rights, tops = zip(*(group.extent for group in groups), strict=True)
    return Extent(min(lefts), min(bottoms), max(rights), max(tops))


def _whole_cells(extent: Extent, side: int) -> Extent:
    """The extent widened to the borders of cells."""

    def border(metre: int, more: int) -> int:
        return ((metre + SHIFT) // side + more) * side - SHIFT

    return Extent(
        border(extent.left, 0), border(extent.bottom, 0), border(extent.right, 1) - 1, border(extent.top, 1) - 1
    )


def _points(model: Any, groups: list[Cluster], title: str, url: Callable[[Any], str] | None) -> list[list[Any]]:
    singles = [group.first for group in groups if group.count == 1]
    titles: dict[Any, str] = {}
    for start in range(0, len(singles), 500):  # SQLite takes a limited number of parameters
        some = model._default_manager.filter(pk__in=singles[start : start + 500]).order_by()
        titles.update(some.values_list("pk", title))
    points = []
    # From top to bottom and from left to right, as they are read and as the Tab key visits them.
    for group in sorted(groups, key=lambda group: (-group.y, group.x)):
        place = degrees(group.x, group.y)
        if group.count == 1:
            address = url(group.first) if url else ""
            points.append([*place, 1, group.first, str(titles.get(group.first, "")), address])
        else:
            points.append([*place, group.count, *group.extent])
    return points


def listed(
    rows: QuerySet[Any], extent: Extent, *, title: str = "name", url: Callable[[Any], str] | None = None
) -> dict[str, Any]:
    """The records within an extent, by title, `LISTED` at the most: `{count, records: [[id, title, address], …]}`."""
    here = _within(_one_row_each(rows), extent)
    some = here.order_by(title, "pk").values_list("pk", title)[:LISTED]
    records = [[pk, str(name), url(pk) if url else ""] for pk, name in some]
    return {"count": len(records) if len(records) < LISTED else here.count(), "records": records}


@dataclass(frozen=True)
class Asked:
    """What a map asks for, as it stands in the address; two that are equal have the same answer."""

    box: Box | None = None
    zoom: float | None = None
    size: tuple[int, int] = SCREEN
    step: float = 1  # between two zooms that the map can show
    extent: Extent | None = None  # of the records to be listed, instead of the clusters

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> Asked:
        """Read an address; what cannot be understood is left out."""
        numbers = _numbers(str(query.get("list", ""))[:200], 4)
        if numbers is not None:
            return cls(extent=Extent(*(max(-SHIFT, min(SHIFT, round(number))) for number in numbers)))
        box, zoom = box_of(query)
        return cls(box, zoom, size_of(query), 0.5 if query.get("step") == "0.5" else 1)


def content(rows: QuerySet[Any], asked: Asked, *, title: str = "name", url: Callable[[Any], str] | None = None) -> str:
    """The answer to a map, as compact JSON."""
    if asked.extent is not None:
        data = listed(rows, asked.extent, title=title, url=url)
    else:
        data = clusters(rows, asked.box, asked.zoom, size=asked.size, step=asked.step, title=title, url=url)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def respond(request: HttpRequest, text: str) -> HttpResponse:
    """Send JSON compressed. Here and nowhere else: it echoes nothing of the request and holds no secret."""
    response = HttpResponse(text, content_type="application/json")
    response["Cache-Control"] = "private, no-cache"
    compressed = GZipMiddleware(lambda _request: response).process_response(request, response)
    return cast("HttpResponse", compressed)


def answer(
    request: HttpRequest, rows: QuerySet[Any], *, title: str = "name", url: Callable[[Any], str] | None = None
) -> HttpResponse:
    """What a map asks of a selection: its clusters, or with `list=left,bottom,right,top` the records in an extent."""
    return respond(request, content(rows, Asked.read(request.GET), title=title, url=url))
