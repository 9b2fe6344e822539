"""Classes of values for a coloured map: quantiles, natural breaks, equal steps, one's own breaks, around a centre.

A class runs from above the bound before it up to and including its own bound. Bounds are upper ones, the last is the
greatest value (or infinity where a class is open). Equal values always share a class. Numbers in, numbers out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

CLASSES = 5
MOST_OWN = 4  # breaks that a person may give: more than five shades of a hue cannot be told apart
NICE = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def quantiles(values: Sequence[float], k: int = CLASSES) -> list[float]:
    """Bounds of classes with about as many values in each (linear interpolation between values, as R's type 7).

    Fewer than `k` where many values are equal. Raises ValueError without values.
    """
    found = _checked(values, k)
    bounds = np.unique(np.quantile(found, np.arange(1, k + 1) / k))
    # A bound between two values that no value reaches would make an empty class.
    return [float(bound) for n, bound in enumerate(bounds) if _holds(found, bounds, n)]


def _holds(values: Any, bounds: Any, n: int) -> bool:
    low = -math.inf if n == 0 else bounds[n - 1]
    return bool(((values > low) & (values <= bounds[n])).any())


def equal(values: Sequence[float], k: int = CLASSES, decimals: int | None = None) -> list[float]:
    """Bounds of classes of the same width from the least to the greatest value; some may be empty.

    With `decimals` the bounds are rounded, so that they can be printed as they are.
    """
    found = _checked(values, k)
    low, high = float(found.min()), float(found.max())
    bounds = [low + (high - low) * step / k for step in range(1, k)]
    if decimals is not None:
        bounds = [round(bound, decimals) for bound in bounds]
    return sorted({bound for bound in bounds if low <= bound < high} | {high})


def natural(values: Sequence[float], k: int = CLASSES) -> list[float]:
    """Bounds of the classes whose values lie closest to their means: the exact optimum of Fisher (1958) and Jenks.

    Of all ways to cut the ordered values into `k` classes, the one with the least sum of squared deviations from the
    class means, found by dynamic programming over distinct values: O(k n²), about 0.2 s for 3,700 of them. Of equally
    good ways, that whose last classes begin earliest. Fewer classes where there are fewer distinct values.
    """
    found = _checked(values, k)
    distinct, weights = np.unique(found, return_counts=True)
    k = min(k, len(distinct))
    # Taken from the mean: sums of squares of great numbers would swallow small differences.
    x = distinct - np.average(distinct, weights=weights)
    w = np.concatenate([[0.0], np.cumsum(weights)])
    s = np.concatenate([[0.0], np.cumsum(weights * x)])
    q = np.concatenate([[0.0], np.cumsum(weights * x * x)])

    def spread(start: Any, end: int) -> Any:
        """The squared deviations of the values `start` … `end` - 1 from their mean, for many starts at once."""
        return np.maximum(q[end] - q[start] - (s[end] - s[start]) ** 2 / (w[end] - w[start]), 0.0)

    n = len(x)
    cost = np.full(n + 1, math.inf)
    cost[0] = 0.0
    cuts = np.zeros((k, n + 1), dtype=np.int64)
    for part in range(k):
        following = np.full(n + 1, math.inf)
        for end in range(part + 1, n + 1):
            starts = np.arange(part, end)
            costs = cost[starts] + spread(starts, end)
            best = int(np.argmin(costs))
            following[end], cuts[part, end] = costs[best], starts[best]
        cost = following
    bounds, end = [], n
    for part in reversed(range(k)):
        bounds.append(float(distinct[end - 1]))
        end = int(cuts[part, end])
    return bounds[::-1]


def own(breaks: Sequence[float]) -> list[float]:
    """Bounds from the breaks that somebody gives: the first and the last class are open.

    Raises ValueError when there is none, too many, or one that is no number.
    """
    found = sorted({float(number) for number in breaks})
    if not found or len(found) > MOST_OWN or not all(map(math.isfinite, found)):
        raise ValueError(f"between one and {MOST_OWN} breaks are needed")
    return [*found, math.inf]


def around(values: Sequence[float], centre: float, decimals: int = 0) -> list[float]:
    """Bounds of five classes around a centre, the middle one holding it: centre ± w and ± 3 w, the ends open.

    `w` is a fifth of the greatest distance from the centre, rounded up to a number that is easily said and, at
    `decimals`, to one that can be printed; values are taken to be rounded to `decimals` too. All five
    classes are as wide, and either side mirrors the other.
    """
    found = _checked(values, CLASSES)
    far = float(np.abs(found - centre).max()) or 10.0**-decimals
    width = max(_nice(far / CLASSES), 10.0**-decimals)
    if round(width, decimals) < width - 1e-12:
        width = round(width + 10.0**-decimals, decimals)
    width = round(width, max(decimals, 0))
    # Both ends of the middle class belong to it: what lies exactly `width` below the centre is near it.
    step = 10.0**-decimals
    bounds = [centre - 3 * width - step, centre - width - step, centre + width, centre + 3 * width]
    return [*(round(bound, decimals) for bound in bounds), math.inf]


def _nice(number: float) -> float:
    """The next number, upward, that is easily said: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(number))
    return next(nice * power for nice in NICE if nice * power >= number * (1 - 1e-9))


def placed(values: Sequence[float], bounds: Sequence[float]) -> list[int]:
    """The class (0 for the first) of each value. Raises ValueError for a value above the last bound."""
    classes = np.searchsorted(np.asarray(bounds, dtype=float), np.asarray(values, dtype=float), side="left")
    if len(classes) and int(classes.max()) >= len(bounds):
        raise ValueError("a value lies above the last bound")
    return [int(number) for number in classes]


def ranges(
    values: Sequence[float], bounds: Sequence[float], decimals: int, *, members: bool
) -> list[tuple[float | None, float | None]]:
    """From where to where each class runs, both ends included, for values rounded to `decimals`; None: open.

    With `members` the ends are the least and the greatest value that are in the class. Otherwise they are those that
    the bounds allow, so that no printed value fits into two classes.
    """
    if members:
        classes = placed(values, bounds)
        inside = [[v for v, number in zip(values, classes, strict=True) if number == n] for n in range(len(bounds))]
        return [(min(found), max(found)) if found else (None, None) for found in inside]
    step = 10.0**-decimals
    ends: list[tuple[float | None, float | None]] = []
    for n, bound in enumerate(bounds):
        low = round(bounds[n - 1] + step, decimals) if n else None
        ends.append((low, None if math.isinf(bound) else bound))
    if not math.isinf(bounds[-1]):
        ends[0] = (min(values), ends[0][1])
    return ends


def _checked(values: Sequence[float], k: int) -> Any:
    found = np.asarray(values, dtype=float)
    if not len(found) or not np.isfinite(found).all():
        raise ValueError("classes need at least one value, and numbers only")
    if k < 1:
        raise ValueError("there must be at least one class")
    return found
