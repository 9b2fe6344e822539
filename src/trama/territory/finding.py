"""Where a point lies, and how the tree of areas stands: both kept in memory, and dropped when the tables changed."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Sum
from django.utils import timezone

from trama.core.search import fold
from trama.territory.choices import RANK
from trama.territory.models import Area, AreaClosure, Boundary

ABOVE = re.compile(r"\s*\(([^()]*)\)\s*$")  # the area above, in brackets
_lock = threading.Lock()
_index: _BoundaryIndex | None = None
_tree: _Tree | None = None
TREE_SECONDS = 5.0  # another process may rename an area: this one says the new name after so long
CHECK_SECONDS = 1.0  # for so long not even the number of areas is asked


def forget() -> None:
    """Drop what is kept in memory; the actions call it after each change."""
    global _index, _tree
    _index = _tree = None


# --- points -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _BoundaryIndex:
    stamp: tuple[Any, ...]
    areas: Any  # ids, an array
    shapes: Any  # shapely geometries, prepared
    surfaces: Any  # square degrees: they only break ties between neighbours
    tree: Any


def _stamp() -> tuple[Any, ...]:
    """What tells one state of the boundaries in force from another, read from an index alone."""
    found = Boundary.objects.filter(valid_to__isnull=True).aggregate(
        count=Count("id"), last=Max("id"), a=Sum("min_lon"), b=Sum("min_lat"), c=Sum("max_lon"), d=Sum("max_lat")
    )
    return tuple(found.values())


def _boundaries() -> _BoundaryIndex:
    global _index
    stamp = _stamp()
    index = _index
    if index is not None and index.stamp == stamp:
        return index
    import numpy as np
    import shapely

    rows = list(Boundary.objects.filter(valid_to__isnull=True).order_by("area_id").values_list("area_id", "wkb"))
    shapes = shapely.from_wkb([bytes(wkb) for _area, wkb in rows])
    shapes = np.asarray(shapes, dtype=object)
    shapely.prepare(shapes)
    index = _BoundaryIndex(
        stamp,
        np.array([area for area, _wkb in rows], dtype=np.int64),
        shapes,
        shapely.area(shapes) if len(rows) else np.zeros(0),
        shapely.STRtree(shapes),
    )
    with _lock:
        _index = index
    return index


def areas_at(lons: Sequence[float], lats: Sequence[float]) -> list[int | None]:
    """The narrowest area in force that contains each point (degrees, WGS84); None where there is none.

    Of two areas of the same kind that overlap the smaller is taken. All points are looked up in one step.
    """
    import numpy as np
    import shapely

    found: list[int | None] = [None] * len(lons)
    if not found:
        return found
    index = _boundaries()
    if not len(index.areas):
        return found
    x, y = np.asarray(lons, dtype=float), np.asarray(lats, dtype=float)
    point, shape = index.tree.query(shapely.points(x, y))  # boxes first, then the shapes themselves
    inside = shapely.intersects_xy(index.shapes[shape], x[point], y[point])
    point, shape = point[inside], shape[inside]
    ranks = _ranks(index.areas[np.unique(shape)].tolist())
    rank = np.array([ranks.get(area, -1) for area in index.areas[shape].tolist()], dtype=int)
    known = rank >= 0
    point, shape, rank = point[known], shape[known], rank[known]
    # The best of each point comes last: narrowest kind, then smallest, then the lower id.
    order = np.lexsort((-index.areas[shape], -index.surfaces[shape], rank, point))
    for number, area in zip(point[order].tolist(), index.areas[shape][order].tolist(), strict=True):
        found[number] = area
    return found


def area_at(lon: float, lat: float) -> int | None:
    """The narrowest area in force that contains a point (degrees, WGS84)."""
    return areas_at([lon], [lat])[0]


def _ranks(areas: list[int]) -> dict[int, int]:
    """The rank of each of these areas that is in force today."""
    rows = Area.objects.in_force().order_by()
    if len(areas) <= 500:
        rows = rows.filter(pk__in=areas)
    return {pk: RANK[kind] for pk, kind in rows.values_list("pk", "kind")}


# --- the tree -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Node:
    """An area as the tree knows it."""

    id: int
    code: str
    name: str
    kind: str
    parent: int | None
    depth: int
    position: int  # in the order of the tree: parents first, brothers by name
    in_force: bool


@dataclass
class _Tree:
    at: float
    checked: float
    stamp: tuple[Any, ...]
    nodes: dict[int, Node]
    by_code: dict[str, int]


def nodes() -> dict[int, Node]:
    """Every area by its id, in the order of the tree."""
    return _known_tree().nodes


def id_of(code: str) -> int | None:
    """The id of the area that bears this code."""
    return _known_tree().by_code.get(code)


def name_of(area: int | None) -> str:
    """The name of an area; empty when there is none."""
    node = nodes().get(area) if area is not None else None
    return node.name if node else ""


def named(area: int | None) -> str:
    """The name of an area with its code, “Est (BORGO-E)”: two areas may bear one name. Empty when there is none."""
    node = nodes().get(area) if area is not None else None
    return f"{node.name} ({node.code})" if node else ""


def code_of(area: int | None) -> str:
    """The code of an area; empty when there is none."""
    node = nodes().get(area) if area is not None else None
    return node.code if node else ""


def path_of(area: int | None) -> list[Node]:
    """An area and all above it, the widest first."""
    known = nodes()
    path: list[Node] = []
    node = known.get(area) if area is not None else None
    while node is not None:
        path.append(node)
        node = known.get(node.parent) if node.parent is not None else None
    return path[::-1]


def ancestors(area: int, *, itself: bool = False) -> list[int]:
    """The ids of the areas above, the nearest first."""
    rows = AreaClosure.objects.filter(area=area) if itself else AreaClosure.objects.filter(area=area, distance__gt=0)
    return list(rows.order_by("distance").values_list("ancestor_id", flat=True))


def below(area: int) -> frozenset[int]:
    """The ids of an area and of all below it."""
    return frozenset(AreaClosure.objects.filter(ancestor=area).order_by().values_list("area_id", flat=True))


def _known_tree() -> _Tree:
    global _tree
    tree, now = _tree, time.monotonic()
    # Asked hundreds of times for one page: the database is asked again only now and then.
    if tree is not None and now - tree.checked < CHECK_SECONDS:
        return tree
    stamp = tuple(Area.objects.order_by().aggregate(count=Count("id"), last=Max("id")).values())
    if tree is not None and tree.stamp == stamp and now - tree.at < TREE_SECONDS:
        tree.checked = now
        return tree
    fields = ("id", "code", "name", "kind", "parent_id", "valid_from", "valid_to")
    rows = list(Area.objects.order_by().values_list(*fields))
    tree = _Tree(now, now, stamp, _in_order(rows, timezone.localdate()), {row[1]: row[0] for row in rows})
    with _lock:
        _tree = tree
    return tree


def _in_order(rows: list[tuple[Any, ...]], today: date) -> dict[int, Node]:
    from trama.core.search import fold

    children: dict[int | None, list[tuple[Any, ...]]] = {}
    for row in sorted(rows, key=lambda row: (RANK.get(row[3], 99), fold(row[2]), row[0])):
        children.setdefault(row[4], []).append(row)
    found: dict[int, Node] = {}
    waiting = [(row, 0) for row in reversed(children.get(None, []))]
    while waiting:
        (pk, code, name, kind, parent, start, end), depth = waiting.pop()
        in_force = (start is None or start <= today) and (end is None or end >= today)
        found[pk] = Node(pk, code, name, kind, parent, depth, len(found), in_force)
        waiting += [(row, depth + 1) for row in reversed(children.get(pk, []))]
    return found


def typed(text: str) -> str:
    """The name of an area as people type it, to be compared: no accents, and "Pedagna (Imola)" as "pedagna, imola"."""
    return " ".join(ABOVE.sub(r", \1", fold(text)).split())
