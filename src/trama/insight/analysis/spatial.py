"""Do neighbouring areas resemble each other? Moran's I, Geary's C, and the local indicators (LISA) with permutations.

Formulas: Cliff and Ord (1981); Anselin (1995) for the local ones; Assunção and Reis (1999) for rates; Benjamini and
Hochberg (1995) for many tests at once. Probabilities by permutation are one-sided, (hits + 1) / (permutations + 1),
in the direction in which the figure lies; `two_sided` doubles them. Shuffling starts from a fixed seed, so that the
same figures give the same probability.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trama.insight.analysis.neighbours import Floats, Ints, Weights

PERMUTATIONS = 999
SEED = 20_260_901

HIGH_HIGH, LOW_HIGH, LOW_LOW, HIGH_LOW = 1, 2, 3, 4  # quadrants: the area itself, then its neighbours


class SpatialError(ValueError):
    """The figures allow no answer (too few, all equal, no neighbours)."""


@dataclass(frozen=True)
class Tested:
    """A statistic with what is expected without any pattern, and how often chance gives as much.

    `p_normal` is analytic under normality: two-sided for Moran's I, one-sided for Geary's C, as they are published.
    `p` is by permutation, one-sided in the direction of `z`; `above` is how many permutations reached the statistic.
    """

    value: float
    expected: float
    variance_normal: float
    variance_random: float
    p_normal: float
    p_random: float
    p: float
    above: int
    below: int
    permutations: int
    seed: int

    @property
    def z_normal(self) -> float:
        """Distance from what is expected, in standard deviations under normality."""
        return float((self.value - self.expected) / self.variance_normal**0.5)

    @property
    def z_random(self) -> float:
        """Distance from what is expected, in standard deviations under random placement of these values."""
        return float((self.value - self.expected) / self.variance_random**0.5)

    @property
    def two_sided(self) -> float:
        """The probability of so much in either direction."""
        return min(1.0, 2 * self.p)


@dataclass(frozen=True)
class Local:
    """The local indicators: of each area the statistic, quadrant (1 high-high, 2 low-high, 3 low-low, 4 high-low),
    one-sided probability by permutation, and whether it stands after the correction for many tests.

    Islands have a statistic of 0, a probability of 1 and never stand.
    """

    values: Floats
    quadrants: Ints
    p: Floats
    stands: NDArray[np.bool_]
    level: float
    limit: float  # the largest two-sided probability that stands; 0 when none does
    permutations: int
    seed: int


# --- what all begin with ------------------------------------------------------------------------------------------
def _centred(values: Any, weights: Weights) -> Floats:
    y = np.asarray(values, dtype=np.float64)
    if y.shape != (weights.n,):
        raise SpatialError(f"{weights.n} areas need as many values, not {y.shape}")
    if not np.isfinite(y).all():
        raise SpatialError("a value is not a number")
    if len(y) < 4:
        raise SpatialError("fewer than four areas")
    z: Floats = y - y.mean()
    # Equal values leave no more than the error of rounding.
    if np.abs(z).max() <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise SpatialError("all values are equal")
    if not len(weights.cols):
        raise SpatialError("no area has a neighbour")
    return z


def _normal_p(z: float, *, sides: int) -> float:
    return sides * NormalDist().cdf(-abs(z))


def _simulated(statistic: Callable[[Floats], float], z: Floats, permutations: int, seed: int) -> Floats:
    """The statistic of so many permutations of z."""
    dice = np.random.default_rng(seed)
    return np.array([statistic(dice.permutation(z)) for _ in range(permutations)], dtype=np.float64)


def folded(above: Any, below: Any, permutations: int) -> Any:
    """The one-sided probability from how many permutations lie at or above a statistic, and at or below it."""
    return (np.minimum(above, below) + 1.0) / (permutations + 1.0)


# --- Moran's I ----------------------------------------------------------------------------------------------------
def moran(values: Any, weights: Weights, permutations: int = PERMUTATIONS, seed: int = SEED) -> Tested:
    """Moran's I = n / S0 · z'Wz / z'z, with both variances of Cliff and Ord. Raises SpatialError."""
    z = _centred(values, weights)
    n, (s0, s1, s2) = len(z), weights.sums
    scale = n / s0 / float(z @ z)
    value = _product(z, weights) * scale
    expected = -1.0 / (n - 1)
    normal = (n * n * s1 - n * s2 + 3 * s0 * s0) / ((n * n - 1) * s0 * s0) - expected**2
    kurtosis = float((z**4).mean() / (z**2).mean() ** 2)
    a = n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0 * s0)
    b = kurtosis * ((n * n - n) * s1 - 2 * n * s2 + 6 * s0 * s0)
    random = (a - b) / ((n - 1) * (n - 2) * (n - 3) * s0 * s0) - expected**2
    simulated = _simulated(lambda y: _product(y, weights) * scale, z, permutations, seed)
    above, below = _tally(simulated, value)
    return _tested(value, expected, normal, random, 2, above, below, permutations, seed)


def _product(z: Floats, weights: Weights) -> float:
    return float(z @ weights.lag(z))


def _tally(simulated: Floats, value: float) -> tuple[int, int]:
    # What differs by rounding alone is the same arrangement of the same values.
    near = 1e-12 * max(1.0, abs(value))
    return int((simulated >= value - near).sum()), int((simulated <= value + near).sum())


def _tested(
    value: float,
    expected: float,
    normal: float,
    random: float,
    sides: int,
    above: int,
    below: int,
    permutations: int,
    seed: int,
) -> Tested:
    p_normal, p_random = (
        _normal_p((value - expected) / variance**0.5, sides=sides) if variance > 0 else 1.0
        for variance in (normal, random)
    )
    p = float(folded(above, below, permutations)) if permutations else float("nan")
    return Tested(value, expected, normal, random, p_normal, p_random, p, above, below, permutations, seed)


def rates(events: Any, base: Any) -> Floats:
    """Rates of events per base made comparable (Assunção and Reis): those of small bases vary more by chance alone."""
    e, b = np.asarray(events, dtype=np.float64), np.asarray(base, dtype=np.float64)
    if (b <= 0).any():
        raise SpatialError("a rate needs a base above nought")
    rate, mean = e / b, e.sum() / b.sum()
    spread = float((b * (rate - mean) ** 2).sum() / b.sum())
    between = spread - mean / (b.sum() / len(e))
    variance = between + mean / b
    found: Floats = (rate - mean) / np.sqrt(np.where(variance < 0, mean / b, variance))
    return found


def moran_of_rates(
    events: Any, base: Any, weights: Weights, permutations: int = PERMUTATIONS, seed: int = SEED
) -> Tested:
    """Moran's I of rates made comparable."""
    return moran(rates(events, base), weights, permutations, seed)


def moran_of_two(
    x: Any, y: Any, weights: Weights, permutations: int = PERMUTATIONS, seed: int = SEED
) -> tuple[float, float]:
    """Bivariate Moran: x in an area beside y in its neighbours; the statistic and its one-sided probability.

    y is shuffled over the areas while x stays: whether what is around resembles what is inside.
    """
    zx, zy = _centred(x, weights), _centred(y, weights)
    zx, zy = zx / zx.std(ddof=1), zy / zy.std(ddof=1)
    value = float(zx @ weights.lag(zy)) / (len(zx) - 1)
    simulated = _simulated(lambda y: float(zx @ weights.lag(y)) / (len(zx) - 1), zy, permutations, seed)
    above, below = _tally(simulated, value)
    return value, float(folded(above, below, permutations)) if permutations else float("nan")


# --- Geary's C ----------------------------------------------------------------------------------------------------
def geary(values: Any, weights: Weights, permutations: int = PERMUTATIONS, seed: int = SEED) -> Tested:
    """Geary's C = (n − 1) / 2 S0 · Σ w (y_i − y_j)² / z'z: 1 without a pattern, less where neighbours are alike."""
    z = _centred(values, weights)
    n, (s0, s1, s2) = len(z), weights.sums
    scale = (n - 1) / (2 * s0) / float(z @ z)

    def statistic(y: Floats) -> float:
        gaps = y[weights.rows] - y[weights.cols]
        return scale * float((weights.values * gaps * gaps).sum())

    value = statistic(z)
    normal = ((2 * s1 + s2) * (n - 1) - 4 * s0 * s0) / (2 * (n + 1) * s0 * s0)
    kurtosis = float((z**4).mean() / (z**2).mean() ** 2)
    a = (n - 1) * s1 * (n * n - 3 * n + 3 - (n - 1) * kurtosis)
    b = 0.25 * (n - 1) * s2 * (n * n + 3 * n - 6 - (n * n - n + 2) * kurtosis)
    c = s0 * s0 * (n * n - 3 - (n - 1) ** 2 * kurtosis)
    random = (a - b + c) / (n * (n - 2) * (n - 3) * s0 * s0)
    above, below = _tally(_simulated(statistic, z, permutations, seed), value)
    return _tested(value, 1.0, normal, random, 1, above, below, permutations, seed)


# --- local indicators ---------------------------------------------------------------------------------------------
def lisa(
    values: Any, weights: Weights, permutations: int = PERMUTATIONS, seed: int = SEED, level: float = 0.05
) -> Local:
    """Local Moran of each area: its distance from the mean times that of its neighbours, both in standard deviations.

    Probability: the values of all other areas are dealt out to the neighbours of each area, `permutations` times,
    without putting back (conditional permutation). Stands: after Benjamini and Hochberg at `level` on the two-sided
    probabilities, so that of the areas named at most that share is named by chance, on average.
    """
    z = _centred(values, weights)
    z = z / z.std()
    lag = weights.lag(z)
    local = (len(z) - 1) / float(z @ z) * z * lag
    near = 1e-12 * np.maximum(1.0, np.abs(lag))
    above, below = _dealt(z, weights, lag, near, permutations, seed)
    p = np.asarray(folded(above, below, permutations))
    has = weights.counts > 0
    p[~has] = 1.0
    doubled = np.minimum(1.0, 2 * p)
    limit = false_discovery_limit(doubled[has], level)
    stands = has & (doubled <= limit)
    quadrants = np.select(
        [(z > 0) & (lag > 0), (z <= 0) & (lag > 0), (z <= 0) & (lag <= 0)], [HIGH_HIGH, LOW_HIGH, LOW_LOW], HIGH_LOW
    )
    return Local(local, quadrants.astype(np.int64), p, stands, level, limit, permutations, seed)


def _dealt(z: Floats, weights: Weights, lag: Floats, near: Floats, permutations: int, seed: int) -> tuple[Ints, Ints]:
    """Of each area, how many hands dealt from the other areas' values have a lag at or above its own, and below.

    Areas of as many neighbours are dealt the same hands: k of n areas, and one in reserve that stands in where the
    area itself was drawn. That is exactly a hand of k from the n − 1 others, and a draw serves all areas.
    """
    n = len(z)
    dice = np.random.default_rng(seed)
    most = int(weights.counts.max())
    if most >= n:
        raise SpatialError("an area has more neighbours than there are others")
    hands = np.array([dice.permutation(n)[: most + 1] for _ in range(permutations)], dtype=np.int64)
    above, below = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for k in np.unique(weights.counts[weights.counts > 0]).tolist():
        areas = np.flatnonzero(weights.counts == k)
        drawn, reserve = hands[:, :k], z[hands[:, k]]
        dealt = z[drawn]
        # Where each area was drawn: sorted once, looked up for each.
        flat = drawn.ravel()
        order = np.argsort(flat, kind="stable")
        first, last = np.searchsorted(flat, areas, "left", order), np.searchsorted(flat, areas, "right", order)
        for number, area in enumerate(areas.tolist()):
            own = weights.values[weights.starts[area] : weights.starts[area + 1]]
            simulated = dealt @ own
            hit = order[first[number] : last[number]]
            row, col = hit // k, hit % k
            simulated[row] += (reserve[row] - z[area]) * own[col]
            above[area] = np.count_nonzero(simulated >= lag[area] - near[area])
            below[area] = np.count_nonzero(simulated <= lag[area] + near[area])
    return above, below


def false_discovery_limit(p: Sequence[float] | Floats, level: float = 0.05) -> float:
    """Benjamini and Hochberg: the largest p with p ≤ rank / tests × level, up to which all stand; 0 when none does."""
    ordered = np.sort(np.asarray(p, dtype=np.float64))
    if not len(ordered):
        return 0.0
    passed = np.flatnonzero(ordered <= level * np.arange(1, len(ordered) + 1) / len(ordered) + 1e-15)
    return float(ordered[passed[-1]]) if len(passed) else 0.0


# --- Getis and Ord ------------------------------------------------------------------------------------------------
def getis_ord(values: Any, weights: Weights) -> tuple[float, float, float]:
    """General G of positive values with binary weights: the statistic, its expectation, its one-sided normal p."""
    y = np.asarray(values, dtype=np.float64)
    if (y < 0).any():
        raise SpatialError("G needs values that are not below nought")
    _centred(y, weights)
    n, (s0, s1, s2) = len(y), weights.sums
    m1, m2, m3, m4 = (float((y**power).sum()) for power in (1, 2, 3, 4))
    value = float(y @ weights.lag(y)) / (m1 * m1 - m2)
    expected = s0 / (n * (n - 1))
    b0 = (n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0 * s0
    b1 = -((n * n - n) * s1 - 2 * n * s2 + 6 * s0 * s0)
    b2 = -(2 * n * s1 - (n + 3) * s2 + 6 * s0 * s0)
    b3 = 4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0 * s0
    b4 = s1 - s2 + s0 * s0
    square = b0 * m2**2 + b1 * m4 + b2 * m1**2 * m2 + b3 * m1 * m3 + b4 * m1**4
    square /= (m1**2 - m2) ** 2 * n * (n - 1) * (n - 2) * (n - 3)
    return value, expected, _normal_p((value - expected) / (square - expected**2) ** 0.5, sides=1)


def getis_ord_local(values: Any, weights: Weights) -> Floats:
    """Local G of each area (itself left out) with binary weights, in standard deviations from what is expected."""
    y = np.asarray(values, dtype=np.float64)
    _centred(y, weights)
    n = len(y)
    others = y.sum() - y
    mean = others / (n - 1)
    variance = (float(y @ y) - y * y) / (n - 1) - mean * mean
    total = np.bincount(weights.rows, weights=weights.values, minlength=n)
    expected, spread = total / (n - 1), total * (n - 1 - total) / ((n - 1) ** 2 * (n - 2)) * variance / mean**2
    found: Floats = (weights.lag(y) / others - expected) / np.sqrt(spread)
    return found
