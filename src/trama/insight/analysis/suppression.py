"""Which figures of a table of persons are hidden, so that no small count can be read or worked out from the others.

Primary: the small counts. Secondary: what else must be hidden so that each of them might as well be larger by `width`,
chosen as cheaply as can be told (small figures before large ones, totals last). The audit of `disclosure` then looks at
the whole once more; a table that it does not pass is not given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from trama.insight.analysis.disclosure import TOTAL_COST, Table, constraints, is_safe, route, unsafe

MOST_PROGRAMMES = 250  # small counts that a table may have where each needs a linear programme


class CannotBeProtected(Exception):
    """No set of hidden figures protects the small counts of this table, or it would take too long to find one."""


def hidden(table: Table, small: Iterable[int], width: float, least: float = 1) -> set[int]:
    """The positions of all figures that must not be shown. Zeros are never among them.

    `least` is the smallest value that a hidden figure may have as far as readers know: 1, because zeros are shown.
    Raises CannotBeProtected.
    """
    wanted = sorted(set(small), key=lambda place: (-table.values[place], place))
    if table.arcs is None and len(wanted) > MOST_PROGRAMMES:
        raise CannotBeProtected
    away = set(wanted)

    def cost(place: int) -> float:
        return 0.0 if place in away else table.values[place] + (TOTAL_COST if place in table.totals else 0.0)

    for place in wanted:
        if table.arcs is not None:
            found, used = route(table, place, width, cost, least)
        elif is_safe(table, away, place, width, least):
            continue
        else:
            found, used = _programme(table, cost, place, width, least)
        if not found:
            raise CannotBeProtected
        away |= used
    # Hiding more never tells more, so that one pass is enough; the audit does not rely on it.
    if unsafe(table, away, wanted, width, least):
        raise CannotBeProtected
    return away


def _programme(
    table: Table, price: Callable[[int], float], place: int, width: float, least: float
) -> tuple[bool, set[int]]:
    """The cheapest change of the other figures that lets one be larger by `width`: what changes is hidden.

    Growth and decrease of each figure are two variables; the sum of what they cost is the least possible.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import hstack

    places = [number for number, value in enumerate(table.values) if value > 0]
    count = len(places)
    at = {number: variable for variable, number in enumerate(places)}
    matrix, low, high = constraints(table, at, count)
    values = np.array([table.values[number] for number in places], dtype=float)
    moved = matrix @ values
    cost = np.array([price(number) or 1e-3 for number in places])
    up, down = np.full(count, np.inf), np.maximum(values - least, 0)
    floor = np.zeros(2 * count)
    floor[at[place]] = width
    down[at[place]] = 0
    found = milp(
        np.concatenate([cost, cost]),
        constraints=[LinearConstraint(hstack([matrix, -matrix]), low - moved, high - moved)],
        bounds=Bounds(floor, np.concatenate([up, down])),
        integrality=np.ones(2 * count),
        options={"time_limit": 5.0},
    )
    if found.x is None:
        return False, set()
    changed: Any = np.abs(found.x[:count]) + np.abs(found.x[count:]) > 0.5
    return True, {number for number, is_changed in zip(places, changed, strict=True) if is_changed}
