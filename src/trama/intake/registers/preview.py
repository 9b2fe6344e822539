"""The points of a spreadsheet on a map before they are records: grouped as those of the registers are (`ui.maps`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trama.territory.models import mercator
from trama.ui.maps import (
    DEEPEST,
    LISTED,
    SHIFT,
    Asked,
    Cluster,
    Extent,
    deepest_for,
    degrees,
    extent_of,
    fitting_zoom,
    side_of,
)

Point = tuple[int, int, int, str]  # x, y in metres of Web Mercator; row; what it is


def placed(points: Sequence[tuple[float, float, str, str, int]], said: dict[str, str]) -> list[Point]:
    """The points of a trial with the verdict beside their names."""
    return [(*mercator(lon, lat), row, f"{label} – {said[outcome]}") for lon, lat, label, outcome, row in points]


def content(points: Sequence[Point], asked: Asked, url: Callable[[int], str]) -> dict[str, Any]:
    """What a map asks for: clusters, or the list of what lies in an extent."""
    if asked.extent is not None:
        here = sorted((name, row) for x, y, row, name in points if _within(x, y, asked.extent))
        return {"count": len(here), "records": [[row, name, url(row)] for name, row in here[:LISTED]]}
    whole = _extent(points)
    if whole is None:
        return {"total": 0, "located": 0, "outside": 0, "bounds": None, "zoom": 0, "points": []}
    view = extent_of(asked.box) if asked.box else whole
    zoom = fitting_zoom(view, asked.size, asked.step) if asked.zoom is None else asked.zoom
    zoom = min(zoom, DEEPEST, deepest_for(view))
    side = side_of(zoom)
    wide = Extent(view.left - side, view.bottom - side, view.right + side, view.top + side)
    groups: dict[tuple[int, int], Cluster] = {}
    names = {row: name for _x, _y, row, name in points}
    for x, y, row, _name in points:
        if _within(x, y, wide):
            cell = ((x + SHIFT) // side, (y + SHIFT) // side)
            one = Cluster(1, x, y, Extent(x, y, x, y), row)
            groups[cell] = groups[cell].with_(one) if cell in groups else one
    return {
        "total": len(points),
        "located": len(points),
        "outside": 0,
        "bounds": [*degrees(whole.left, whole.bottom), *degrees(whole.right, whole.top)],
        "zoom": zoom,
        "points": [_shown(group, names, url) for group in sorted(groups.values(), key=lambda one: (-one.y, one.x))],
    }


def _shown(group: Cluster, names: dict[int, str], url: Callable[[int], str]) -> list[Any]:
    place = degrees(group.x, group.y)
    if group.count == 1:
        return [*place, 1, group.first, names[group.first], url(group.first)]
    return [*place, group.count, *group.extent]


def _within(x: int, y: int, extent: Extent) -> bool:
    return extent.left <= x <= extent.right and extent.bottom <= y <= extent.top


def _extent(points: Sequence[Point]) -> Extent | None:
    if not points:
        return None
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return Extent(min(xs), min(ys), max(xs), max(ys))
