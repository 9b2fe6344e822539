"""What a reader can work out of a table in which some figures are hidden, and the audit that it is not too much.

A table is a list of numbers tied by sums ("these make that total") and, where a record may stand in several lines, by
unions ("that total is at least each of these, and at most all of them together"). Who reads it sees every number but
the hidden ones, knows the sums, and knows that no hidden number is zero, since zeros are shown.

A hidden number is safe when a table exists that agrees with all that is shown and in which it is larger by `width`.
Two ways answer that, both exactly:

* Where every number stands in at most two sums and signs can be given to the sums so that it enters one and leaves the
  other (any table of rows and columns with totals), the hidden numbers are a flow in a network. The largest value of
  one of them is a maximum flow, found by augmenting paths; with whole numbers the flow is whole, so that linear
  programming over the reals and counting whole tables give the same answer.
* Otherwise (three dimensions, linked tables, several answers) a linear programme with whole variables (HiGHS) looks for
  such a table. Without "whole" the programme could find room that no table of counts has.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

FREE = -1  # the end, in the network, of a number that stands in one sum only
TOTAL_COST = 1e6  # totals are hidden when nothing else helps


@dataclass(frozen=True)
class Sum:
    """`parts` make `total`; all are positions in the table."""

    total: int
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Union:
    """Parts that may hold the same records, with `apart` that share none: max(part) <= total - apart <= sum(parts)."""

    total: int
    parts: tuple[int, ...]
    apart: int | None = None


@dataclass(frozen=True)
class Table:
    """Numbers (none negative) with what ties them."""

    values: tuple[float, ...]
    sums: tuple[Sum, ...] = ()
    unions: tuple[Union, ...] = ()
    totals: frozenset[int] = field(default_factory=frozenset)

    @cached_property
    def in_sums(self) -> list[list[tuple[int, int]]]:
        """For each number the sums in which it stands, with its sign there."""
        found: list[list[tuple[int, int]]] = [[] for _value in self.values]
        for number, one in enumerate(self.sums):
            for part in one.parts:
                found[part].append((number, 1))
            found[one.total].append((number, -1))
        return found

    @cached_property
    def arcs(self) -> list[tuple[int, int]] | None:
        """Each number as an arc between two sums (its increase takes from the first, gives to the second).

        None when the table is no network.
        """
        if self.unions or any(len(places) > 2 for places in self.in_sums):
            return None
        signs = self._signs()
        if signs is None:
            return None
        found = []
        for places in self.in_sums:
            ends = {sign * signs[number]: number for number, sign in places}
            if len(ends) < len(places):
                return None
            found.append((ends.get(-1, FREE), ends.get(1, FREE)))
        return found

    def _signs(self) -> list[int] | None:
        """A sign for each sum, so that every number enters one of its sums and leaves the other."""
        beside: list[list[tuple[int, int]]] = [[] for _one in self.sums]
        for places in self.in_sums:
            if len(places) == 2:
                (a, sign_a), (b, sign_b) = places
                beside[a].append((b, -sign_a * sign_b))
                beside[b].append((a, -sign_a * sign_b))
        signs = [0] * len(self.sums)
        for start in range(len(signs)):
            waiting = [] if signs[start] else [start]
            signs[start] = signs[start] or 1
            while waiting:
                here = waiting.pop()
                for other, product in beside[here]:
                    if not signs[other]:
                        signs[other] = signs[here] * product
                        waiting.append(other)
                    elif signs[other] != signs[here] * product:
                        return None
        return signs


def grid(
    counts: Sequence[Sequence[float]],
    *,
    rows_add: bool = True,
    cols_add: bool = True,
    missing_row: bool = False,
    missing_col: bool = False,
    adding_rows: Collection[int] = (),
    adding_cols: Collection[int] = (),
) -> Table:
    """Rows and columns with totals last, as one table; the number in row i, column j is at i * width + j.

    `rows_add`: the rows share no record, so that columns add up to their total; `cols_add` likewise for rows. The last
    row or column before the total may hold the records without an answer, which share none with the others.
    `adding_rows` and `adding_cols` add up all the same: of their records none stands in two of the numbers.
    A list of one column has rows of one number, the last of them the total.
    """
    height, width = len(counts), len(counts[0])
    sums: list[Sum] = []
    unions: list[Union] = []

    def tie(line: list[int], *, adds: bool, missing: bool) -> None:
        *parts, total = line
        if adds or len(parts) == 1:
            sums.append(Sum(total, tuple(parts)))
        elif missing:
            unions.append(Union(total, tuple(parts[:-1]), parts[-1]))
        else:
            unions.append(Union(total, tuple(parts)))

    if width > 1:
        for i in range(height):
            tie([i * width + j for j in range(width)], adds=cols_add or i in adding_rows, missing=missing_col)
    if height > 1:
        for j in range(width):
            tie([i * width + j for i in range(height)], adds=rows_add or j in adding_cols, missing=missing_row)
    totals = {i * width + width - 1 for i in range(height)} if width > 1 else set()
    totals |= {(height - 1) * width + j for j in range(width)} if height > 1 else set()
    return Table(tuple(value for row in counts for value in row), tuple(sums), tuple(unions), frozenset(totals))


def cube(counts: Any) -> Table:
    """An array of any number of dimensions as a table with all its margins; positions are those of the array with a
    total added at the end of each dimension (`numpy.ravel` order)."""
    import numpy as np

    whole = np.asarray(counts)
    for axis in range(whole.ndim):
        whole = np.concatenate([whole, whole.sum(axis=axis, keepdims=True)], axis=axis)
    places = np.arange(whole.size).reshape(whole.shape)
    sums = [
        Sum(int(line[-1]), tuple(int(place) for place in line[:-1]))
        for axis in range(whole.ndim)
        for line in np.moveaxis(places, axis, -1).reshape(-1, whole.shape[axis])
    ]
    totals = frozenset(one.total for one in sums)
    return Table(tuple(float(value) for value in whole.ravel()), tuple(sums), (), totals)


# --- the network --------------------------------------------------------------------------------------------------
def route(
    table: Table, place: int, width: float, cost: Callable[[int], float | None], least: float
) -> tuple[bool, set[int]]:
    """Whether the number at `place` can be larger by `width` when the numbers of `cost` may change, and which do.

    `cost` gives what hiding a number costs, 0 if it is hidden, None if it may not change. Cheapest paths come first.
    """
    arcs = table.arcs
    assert arcs is not None  # noqa: S101
    source, sink = arcs[place][1], arcs[place][0]
    change = dict.fromkeys(range(len(table.values)), 0.0)
    ways: dict[int, list[tuple[int, int, int]]] = {}
    for number, (start, end) in enumerate(arcs):
        if number != place and table.values[number] > 0 and cost(number) is not None:
            ways.setdefault(start, []).append((number, 1, end))
            ways.setdefault(end, []).append((number, -1, start))
    used: set[int] = set()
    done = 0.0 if source != sink else width  # a number tied by nothing may be anything
    while done < width:
        path = _cheapest(table, ways, source, sink, lambda n: 0.0 if n in used else cost(n) or 0.0, change, least)
        if path is None:
            return False, used
        step = width - done
        for number, sign in path:
            if sign < 0:
                step = min(step, table.values[number] + change[number] - least)
        for number, sign in path:
            change[number] += sign * step
            used.add(number)
        done += step
    return True, used


def _cheapest(
    table: Table,
    ways: dict[int, list[tuple[int, int, int]]],
    source: int,
    sink: int,
    cost: Callable[[int], float],
    change: dict[int, float],
    least: float,
) -> list[tuple[int, int]] | None:
    """The cheapest way from one sum to another: numbers that grow (+1) or shrink (-1)."""
    best: dict[int, float] = {source: 0.0}
    came: dict[int, tuple[int, int, int]] = {}
    waiting = [(0.0, source)]
    while waiting:
        far, here = heapq.heappop(waiting)
        if here == sink:
            path = []
            while here != source:
                number, sign, here = came[here]
                path.append((number, sign))
            return path
        if far > best[here]:
            continue
        for number, sign, there in ways.get(here, ()):
            if sign < 0 and table.values[number] + change[number] <= least:
                continue
            reached = far + cost(number)
            if reached < best.get(there, float("inf")):
                best[there] = reached
                came[there] = (number, sign, here)
                heapq.heappush(waiting, (reached, there))
    return None


# --- the audit ----------------------------------------------------------------------------------------------------
def is_safe(table: Table, hidden: set[int], place: int, width: float, least: float = 1) -> bool:
    """Whether a table exists that agrees with all that is shown, and has the number at `place` larger by `width`."""
    if table.arcs is not None:
        return route(table, place, width, lambda n: 0.0 if n in hidden else None, least)[0]
    return _largest(table, hidden, place, least, whole=True, enough=table.values[place] + width) is not None


def unsafe(table: Table, hidden: set[int], small: Iterable[int], width: float, least: float = 1) -> list[int]:
    """The protected numbers that can be told too closely: what the audit finds before a table leaves."""
    return [place for place in small if not is_safe(table, hidden, place, width, least)]


def interval(
    table: Table, hidden: set[int], place: int, least: float = 0, *, whole: bool = False
) -> tuple[float, float]:
    """Between what a reader can tell the number at `place` to lie; infinite where nothing bounds it."""
    if place not in hidden:
        return table.values[place], table.values[place]
    low = _largest(table, hidden, place, least, whole=whole, sign=1)
    high = _largest(table, hidden, place, least, whole=whole, sign=-1)
    return (least if low is None else low), (float("inf") if high is None else high)


def _largest(
    table: Table,
    hidden: set[int],
    place: int,
    least: float,
    *,
    whole: bool,
    sign: int = -1,
    enough: float | None = None,
) -> float | None:
    """The extreme of a hidden number over all tables that agree with what is shown; None when nothing bounds it.

    With `enough`: that number if the hidden one can be as large, else None.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    places = sorted(hidden)
    at = {one: number for number, one in enumerate(places)}
    matrix, low, high = constraints(table, at, len(places))
    aim = np.zeros(len(places))
    aim[at[place]] = sign
    lower = np.full(len(places), float(least))
    if enough is not None:
        aim[:] = 0
        lower[at[place]] = enough
    tied = [LinearConstraint(matrix, low, high)] if len(low) else []
    found = milp(aim, constraints=tied, bounds=Bounds(lower, np.inf), integrality=np.full(len(places), int(whole)))
    if enough is not None:
        return enough if found.status == 0 else None
    return float(round(found.x[at[place]], 6)) if found.status == 0 else None


def constraints(table: Table, at: dict[int, int], count: int) -> tuple[Any, Any, Any]:
    """What ties the numbers of `at` (position -> variable), all others being known: matrix, lower and upper sides."""
    import numpy as np
    from scipy.sparse import csr_array

    entries: list[tuple[int, int, float]] = []
    low: list[float] = []
    high: list[float] = []

    def tie(terms: Iterable[tuple[int, int]], at_least: float, at_most: float) -> None:
        known, line = 0.0, []
        for number, sign in terms:
            if number in at:
                line.append((len(low), at[number], float(sign)))
            else:
                known += sign * table.values[number]
        if line:
            entries.extend(line)
            low.append(at_least - known)
            high.append(at_most - known)

    for one in table.sums:
        tie([*((part, 1) for part in one.parts), (one.total, -1)], 0.0, 0.0)
    for union in table.unions:
        apart = [(union.apart, -1)] if union.apart is not None else []
        tie([(union.total, 1), *apart, *((part, -1) for part in union.parts)], -np.inf, 0.0)
        for part in union.parts:
            tie([(union.total, 1), *apart, (part, -1)], 0.0, np.inf)
    rows, columns, data = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array((data, (rows, columns)), shape=(len(low), count)), np.array(low), np.array(high)
