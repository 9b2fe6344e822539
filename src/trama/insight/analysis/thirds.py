"""Low, middle, high: figures cut into thirds, so that two of them can be looked at together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LOW, MIDDLE, HIGH = 0, 1, 2


def thirds(values: Sequence[float]) -> tuple[float, float]:
    """The upper bounds of the low and of the middle third (linear interpolation between values, as R's type 7).

    Equal values always share a third, so that thirds may be unequal: of ten areas of which eight have nothing, eight
    are low and two high. Raises ValueError without values.
    """
    if not len(values):
        raise ValueError("there are no values")
    low, high = np.quantile(np.asarray(values, dtype=np.float64), (1 / 3, 2 / 3))
    return float(low), float(high)


def third_of(value: float, bounds: tuple[float, float]) -> int:
    """LOW, MIDDLE or HIGH. A value at a bound belongs to the lower third."""
    return (value > bounds[0]) + (value > bounds[1])
