"""Who is whose neighbour: spatial weights from polygons, points or a published list.

Coordinates are planar (metres): `metres` makes them from degrees. Row i of the weights holds the neighbours of area i
and how much each counts; no area is its own neighbour. An area without neighbours is an island and is reported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EARTH = 6_371_008.8  # mean radius in metres
GAP = 1.0  # metres: borders nearer than this are taken for the same border
STRETCH = 10.0  # times the gap: the length of border that two areas must share to be more than a corner
POLYGON, MULTIPOLYGON = 3, 6  # types of shapes, as GEOS numbers them
CHUNK = 256  # rows of distances held at once
MOST_LINKS = 300_000  # of a distance: beyond, nearly everybody is everybody's neighbour, and nothing is local


class WeightsError(ValueError):
    """Neighbours that cannot be made from what was given."""


class TooManyNeighbours(WeightsError):
    """A distance within which too many areas lie."""


@dataclass(frozen=True)
class Weights:
    """Sparse weights of n areas: the neighbours of area i are `cols[starts[i]:starts[i + 1]]`, with their `values`.

    `rule` says how they were found ("queen", "rook", "distance", "nearest", "list"), `reach` its number: metres of a
    distance, how many nearest.
    """

    n: int
    starts: Ints
    cols: Ints
    values: Floats
    rule: str = "list"
    reach: float = 0.0

    @cached_property
    def counts(self) -> Ints:
        """How many neighbours each area has."""
        return np.diff(self.starts)

    @cached_property
    def rows(self) -> Ints:
        """The area to which each of `cols` is a neighbour."""
        return np.repeat(np.arange(self.n), self.counts)

    @property
    def islands(self) -> list[int]:
        """The areas that have no neighbour."""
        return np.flatnonzero(self.counts == 0).tolist()

    @property
    def mean_neighbours(self) -> float:
        """Neighbours of an area, on average."""
        return float(len(self.cols) / self.n) if self.n else 0.0

    def neighbours_of(self, area: int) -> list[int]:
        """The neighbours of one area."""
        found: list[int] = self.cols[self.starts[area] : self.starts[area + 1]].tolist()
        return found

    def standardised(self) -> Weights:
        """The same neighbours, with the weights of each area adding up to one; islands keep none."""
        totals = np.bincount(self.rows, weights=self.values, minlength=self.n)
        return replace(self, values=self.values / totals[self.rows]) if len(self.cols) else self

    def lag(self, z: Floats) -> Floats:
        """The weighted sum of the neighbours' values; 0 on an island."""
        found: Floats = np.bincount(self.rows, weights=self.values * z[self.cols], minlength=self.n).astype(np.float64)
        return found

    @cached_property
    def sums(self) -> tuple[float, float, float]:
        """S0, S1, S2 of Cliff and Ord: all weights; half the squares of w_ij + w_ji; squares of row and column sums."""
        s0 = float(self.values.sum())
        _keys, pair = np.unique(
            np.minimum(self.rows, self.cols) * self.n + np.maximum(self.rows, self.cols), return_inverse=True
        )
        # Each pair stands twice in the sum over i and j, and the sum is halved.
        s1 = float((np.bincount(pair, weights=self.values) ** 2).sum()) if len(pair) else 0.0
        out = np.bincount(self.rows, weights=self.values, minlength=self.n)
        into = np.bincount(self.cols, weights=self.values, minlength=self.n)
        return s0, s1, float(((out + into) ** 2).sum())

    def among(self, kept: Sequence[int]) -> Weights:
        """The neighbours among some areas alone, numbered in the order given, with weights as they stand."""
        place = np.full(self.n, -1, dtype=np.int64)
        place[list(kept)] = np.arange(len(kept))
        inside = (place[self.rows] >= 0) & (place[self.cols] >= 0)
        return _packed(
            len(kept), place[self.rows[inside]], place[self.cols[inside]], self.values[inside], self.rule, self.reach
        )


def _packed(n: int, rows: Ints, cols: Ints, values: Floats, rule: str, reach: float = 0.0) -> Weights:
    order = np.lexsort((cols, rows))
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))]).astype(np.int64)
    return Weights(n, starts, cols[order].astype(np.int64), values[order].astype(np.float64), rule, reach)


def _from_pairs(n: int, pairs: NDArray[Any], rule: str, reach: float = 0.0) -> Weights:
    """Binary weights from pairs (i, j), each stated in both directions."""
    rows, cols = pairs.astype(np.int64)
    return _packed(n, rows, cols, np.ones(len(rows)), rule, reach)


def from_lists(neighbours: Mapping[Any, Iterable[Any]]) -> Weights:
    """Binary weights from published lists of neighbours (as in a GAL file); areas stand in the order of the keys."""
    place = {key: number for number, key in enumerate(neighbours)}
    pairs = [(place[key], place[other]) for key, others in neighbours.items() for other in others]
    return _from_pairs(len(place), np.array(pairs, dtype=np.int64).reshape(-1, 2).T, "list")


def read_gal(text: str) -> dict[str, list[str]]:
    """The lists of neighbours of a GAL file: a header with the number of areas, then two lines for each area."""
    lines = [line.split() for line in text.splitlines()]
    found: dict[str, list[str]] = {}
    number = 1
    while number < len(lines):
        if not lines[number]:
            number += 1
            continue
        key, count = lines[number][0], int(lines[number][1])
        found[key] = lines[number + 1][:count] if count else []
        number += 2
    stated = int(lines[0][1] if len(lines[0]) > 1 else lines[0][0])
    if stated != len(found):
        raise WeightsError(f"the file states {stated} areas and has {len(found)}")
    return found


def metres(shapes: Sequence[Any]) -> NDArray[Any]:
    """Shapes in degrees (WGS84) on a plane in metres: longitudes shortened by the cosine of the middle latitude.

    True to a few thousandths over a region of Italy, and the same for both sides of a border, which is what
    neighbourhood asks.
    """
    import shapely

    found = np.asarray(shapes, dtype=object)
    if not len(found):
        return found
    _west, south, _east, north = shapely.total_bounds(found)
    scale = math.radians(1) * EARTH
    across = scale * math.cos(math.radians((south + north) / 2))
    flat: NDArray[Any] = shapely.transform(found, lambda points: points * (across, scale))
    return flat


def contiguity(shapes: Sequence[Any], *, corners: bool = True, gap: float = GAP) -> Weights:
    """Areas that touch: queen (`corners`: one common point is enough) or rook (a stretch of common border).

    Files draw a common border twice, and seldom quite alike: two areas touch when they come within `gap` metres of
    each other, and share a stretch when at least STRETCH × `gap` metres of the border of one run within `gap` of the
    other. With `gap` 0 the coordinates must agree to the digit.
    """
    import shapely

    found = np.asarray(shapes, dtype=object)
    n = len(found)
    if n and not np.isin(shapely.get_type_id(found), (POLYGON, MULTIPOLYGON)).all():
        raise WeightsError("contiguity needs polygons")
    tree = shapely.STRtree(found)
    pairs = tree.query(found, predicate="dwithin", distance=gap)
    pairs = pairs[:, pairs[0] < pairs[1]]
    if not corners and pairs.shape[1]:
        borders = shapely.boundary(found)
        near = shapely.buffer(found, gap) if gap else found
        shared = shapely.length(shapely.intersection(borders[pairs[0]], near[pairs[1]]))
        back = shapely.length(shapely.intersection(borders[pairs[1]], near[pairs[0]]))
        pairs = pairs[:, np.maximum(shared, back) > STRETCH * gap]
    return _from_pairs(n, np.hstack([pairs, pairs[::-1]]), "queen" if corners else "rook", gap)


def _distances(points: Floats, first: int) -> Floats:
    """Distances from some points (CHUNK of them, from `first`) to all; to itself a point is infinitely far."""
    some = points[first : first + CHUNK]
    found: Floats = np.hypot(some[:, None, 0] - points[None, :, 0], some[:, None, 1] - points[None, :, 1])
    found[np.arange(len(some)), np.arange(first, first + len(some))] = np.inf
    return found


def _checked(points: Any) -> Floats:
    found = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(found).all():
        raise WeightsError("a coordinate is not a number")
    return found


def within_distance(points: Any, reach: float | None = None) -> Weights:
    """Areas whose points (n × 2, metres) lie within `reach` metres; by default the least that leaves no island.

    Raises TooManyNeighbours.
    """
    found = _checked(points)
    if reach is None:
        reach = max(
            (float(_distances(found, first).min(axis=1).max()) for first in range(0, len(found), CHUNK)), default=0.0
        )
        reach = reach * (1 + 1e-12) if math.isfinite(reach) else 0.0
    pairs, links = [], 0
    for first in range(0, len(found), CHUNK):
        rows, cols = np.nonzero(_distances(found, first) <= reach)
        pairs.append(np.array([rows + first, cols]))
        links += len(rows)
        if links > MOST_LINKS:
            raise TooManyNeighbours(f"more than {MOST_LINKS} areas lie within the distance of another")
    whole = np.hstack(pairs) if pairs else np.zeros((2, 0), dtype=np.int64)
    return _from_pairs(len(found), whole, "distance", reach)


def nearest(points: Any, k: int) -> Weights:
    """The k nearest areas by their points (n × 2, metres); of equally near ones that which comes first in the order.

    Not mutual: the nearest area of an outlying one has nearer ones itself.
    """
    found = _checked(points)
    if not 0 < k < len(found):
        raise WeightsError(f"{len(found)} areas have no {k} nearest each")
    rows, cols = [], []
    for first in range(0, len(found), CHUNK):
        far = _distances(found, first)
        limit = np.partition(far, k - 1, axis=1)[:, k - 1]
        row, col = np.nonzero(far <= limit[:, None])
        order = np.lexsort((col, far[row, col], row))
        row, col = row[order], col[order]
        # Of equals at the limit more than k may be left: the first k of each row are kept.
        starts = np.searchsorted(row, np.arange(len(far)))
        kept = np.arange(len(row)) - starts[row] < k
        rows.append(row[kept] + first)
        cols.append(col[kept])
    return _from_pairs(len(found), np.array([np.concatenate(rows), np.concatenate(cols)]), "nearest", float(k))
