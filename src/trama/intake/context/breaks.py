"""Breaks of scale in a series of numbers about areas: a thousand times, a hundred times, ten times; and false zeros.

Plain Python: takes numbers, knows no database. Each number is set beside the nearest year that is trusted of the same
area, as the decimal logarithm of their ratio: -3 means "a thousand times smaller". A jump near a whole power of ten is
a break of scale; one that all areas share, and that is no power of ten, is a break of level (a changed definition).
Where an area has no other year, rates and means are set beside the other areas of the same year. How far from a power
of ten a jump may lie, and how far from the others, follows the spread of the others (median absolute deviation), so
that what varies by itself is left alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

# How far from k the logarithm of a ratio may lie, by |k|. Wide for a thousand: files that divide often truncate too.
NEAR_IN_TIME = {1: 0.08, 2: 0.2, 3: 0.35, 6: 0.35}
NEAR_AMONG_AREAS = {1: 0.15, 2: 0.3, 3: 0.4, 6: 0.4}
ENOUGH = 8  # areas, to speak of the spread of the others
TIMES = 6.0  # standard deviations from the others
LEAST_JUMP = 0.6
LEVEL = math.log10(2)  # a jump that all share is a break of level from twice, or half, on
TOO_SPREAD = 0.25  # areas that differ as much as this by themselves say nothing about one of them
LEAST_COUNT = {1: 100.0, 2: 300.0, 3: 1000.0, 6: 1e6}  # of the larger of two counts, by |k|
BIG_COUNT = 100.0  # a count as big as this does not fall to nothing


@dataclass(frozen=True)
class Point:
    """A number about an area in a year. `trusted`: it is stated already; `settled`: a person said to leave it so."""

    area: int
    year: int
    value: float
    trusted: bool = False
    settled: bool = False


@dataclass(frozen=True)
class Member:
    """A number that does not fit, with what it was set beside (year 0: the other areas of its year)."""

    area: int
    value: float
    beside: float
    beside_year: int


@dataclass
class Break:
    """What does not fit in one year, and by which factor it would. `compared`: of how many areas of that year."""

    kind: str  # "scale", "level", "zero"
    year: int
    factor: float
    members: list[Member] = field(default_factory=list)
    compared: int = 0

    @property
    def whole(self) -> bool:
        """Whether every area that could be compared is in it."""
        return len(self.members) == self.compared


def find(points: Iterable[Point], *, counts: bool = False, centre: float | None = None) -> list[Break]:
    """The breaks among the numbers of one indicator; `counts`: they add up (people, households), and vary by size."""
    numbers = list(points)
    found = _zeros(numbers, counts=counts, centre=centre)
    nonzero = [point for point in numbers if point.value != 0]
    negative = sum(point.value < 0 for point in nonzero)
    if nonzero and negative <= len(nonzero) * 0.02:
        search = _Search(counts=counts)
        for year in _order(nonzero):
            search.look_at(year, [point for point in nonzero if point.year == year])
        found += search.found
    return sorted(found, key=lambda item: (item.year, item.kind, item.factor))


def _order(points: Sequence[Point]) -> list[int]:
    """The years, those that are trusted first, then those nearest to them."""
    years = sorted({point.year for point in points})
    trusted = {point.year for point in points if point.trusted}
    if not trusted:
        return years
    return sorted(years, key=lambda year: (min(abs(year - other) for other in trusted), year))


def _nearest(log: float, near: dict[int, float]) -> int:
    """The whole power of ten near which a logarithm lies; 0 when there is none."""
    for size, tolerance in near.items():
        if abs(abs(log) - size) <= tolerance:
            return size if log > 0 else -size
    return 0


def _spread(values: Sequence[float]) -> float:
    middle = median(values)
    return 1.4826 * median([abs(value - middle) for value in values])


@dataclass
class _Search:
    """The years looked at so far: for each area its numbers, set right, as logarithms by year."""

    counts: bool
    right: dict[int, dict[int, float]] = field(default_factory=dict)
    found: list[Break] = field(default_factory=list)

    def look_at(self, year: int, points: Sequence[Point]) -> None:
        for point in points:
            if point.trusted:
                self._keep(point, 0.0)
        fresh = [point for point in points if not point.trusted]
        beside = {point.area: self._beside(point) for point in fresh}
        known = [point for point in fresh if beside[point.area] is not None]
        shifts = self._in_time(known, beside)
        for point in known:
            self._keep(point, shifts.get(point.area, 0))
        self._report(year, known, shifts, beside)
        unknown = [point for point in fresh if beside[point.area] is None]
        self._among_areas(year, unknown)

    def _keep(self, point: Point, shift: float) -> None:
        self.right.setdefault(point.area, {})[point.year] = math.log10(abs(point.value)) - shift

    def _beside(self, point: Point) -> tuple[int, float] | None:
        """The nearest year of the same area (the same one, when it is stated already), with its logarithm."""
        years = self.right.get(point.area)
        if not years:
            return None
        year = min(years, key=lambda other: (abs(other - point.year), other))
        return year, years[year]

    # --- beside other years
    def _in_time(self, points: Sequence[Point], beside: dict[int, tuple[int, float] | None]) -> dict[int, float]:
        """For each area that jumps, by which power of ten."""
        jumps = {point.area: math.log10(abs(point.value)) - (beside[point.area] or (0, 0.0))[1] for point in points}
        if not jumps:
            return {}
        settled = {point.area for point in points if point.settled}
        sizes = {point.area: abs(point.value) for point in points}
        shifts: dict[int, float] = {}
        whole = self._whole_year(list(jumps.values()))
        calm = [jump for jump in jumps.values() if abs(jump) < 0.5]
        spread = _spread(calm) if len(calm) >= ENOUGH else None
        for area, jump in jumps.items():
            size = _nearest(jump, NEAR_IN_TIME)
            if whole and abs(jump - whole) < abs(jump):  # nearer to where all went than to where they were
                shifts[area] = whole
            elif size and not self._by_itself(jump, size, spread, sizes[area]):
                shifts[area] = size
        return {area: shift for area, shift in shifts.items() if area not in settled}

    def _whole_year(self, jumps: Sequence[float]) -> int:
        """The power of ten by which most areas jump together; 0 when they do not."""
        middle = median(jumps)
        size = round(middle)
        if not size or abs(size) not in NEAR_IN_TIME or abs(middle - size) > NEAR_IN_TIME[abs(size)]:
            return 0
        near = sum(abs(jump - size) <= max(NEAR_IN_TIME[abs(size)], 0.25) for jump in jumps)
        enough = len(jumps) >= (4 if abs(size) == 1 else 1)
        return size if enough and near >= 0.5 * len(jumps) else 0

    def _by_itself(self, jump: float, size: int, spread: float | None, value: float) -> bool:
        """Whether a jump may well be true: few people, or a number that jumps often."""
        larger = max(value, value / 10**jump)
        if self.counts and larger < LEAST_COUNT[abs(size)]:
            return True
        if spread is None:
            return abs(size) == 1
        return abs(jump) <= max(LEAST_JUMP, TIMES * spread)

    def _report(
        self,
        year: int,
        points: Sequence[Point],
        shifts: dict[int, float],
        beside: dict[int, tuple[int, float] | None],
    ) -> None:
        groups: dict[float, list[Member]] = {}
        for point in points:
            if point.area in shifts:
                other_year, log = beside[point.area] or (0, 0.0)
                groups.setdefault(shifts[point.area], []).append(
                    Member(point.area, point.value, round(10**log, 6), other_year)
                )
        for shift, members in groups.items():
            self.found.append(Break("scale", year, 10.0**-shift, members, len(points)))
        if not groups and not any(point.settled for point in points):
            self._level(year, points, beside)

    def _level(self, year: int, points: Sequence[Point], beside: dict[int, tuple[int, float] | None]) -> None:
        """A jump of all areas together that is no power of ten."""
        members, jumps = [], []
        for point in points:
            other_year, log = beside[point.area] or (0, 0.0)
            if 0 < abs(other_year - point.year) <= 3:
                jumps.append(math.log10(abs(point.value)) - log)
                members.append(Member(point.area, point.value, round(10**log, 6), other_year))
        if len(jumps) < ENOUGH or abs(median(jumps)) < LEVEL:
            return
        sign = 1 if median(jumps) > 0 else -1
        if sum(jump * sign > 0.1 for jump in jumps) >= 0.9 * len(jumps):
            self.found.append(Break("level", year, round(10 ** -median(jumps), 3), members, len(jumps)))

    # --- beside other areas
    def _among_areas(self, year: int, points: Sequence[Point]) -> None:
        """Areas without another year: rates and means are set beside those of the other areas of the year."""
        logs = {point.area: math.log10(abs(point.value)) for point in points}
        others = [years[year] for years in self.right.values() if year in years]
        everybody = [*logs.values(), *others]
        shifts: dict[int, int] = {}
        if not self.counts and len(everybody) >= ENOUGH and _spread(everybody) <= TOO_SPREAD:
            middle, spread = median(others if len(others) >= len(logs) else everybody), _spread(everybody)
            for point in points:
                away = logs[point.area] - middle
                size = _nearest(away, NEAR_AMONG_AREAS)
                if size and abs(away) > max(LEAST_JUMP, TIMES * spread) and not point.settled:
                    shifts[point.area] = size
            groups: dict[int, list[Member]] = {}
            for point in points:
                if size := shifts.get(point.area, 0):
                    groups.setdefault(size, []).append(Member(point.area, point.value, round(10**middle, 6), 0))
            for size, members in groups.items():
                self._join(Break("scale", year, 10.0**-size, members, len(points)))
        for point in points:
            self._keep(point, shifts.get(point.area, 0))

    def _join(self, one: Break) -> None:
        """Areas with and without another year that break alike are one break."""
        for other in self.found:
            if (other.kind, other.year, other.factor) == (one.kind, one.year, one.factor):
                other.members += one.members
                other.compared += one.compared
                return
        self.found.append(one)


def _zeros(points: Sequence[Point], *, counts: bool, centre: float | None) -> list[Break]:
    """Zeros that stand for "not computed": where no other number comes near zero, or where there were many before."""
    found = []
    for year in sorted({point.year for point in points if point.value == 0 and not point.trusted}):
        here = [point for point in points if point.year == year and not point.trusted]
        zeros = [point for point in here if point.value == 0 and not point.settled]
        positive = [point.value for point in here if point.value > 0]
        members = []
        if counts:
            for point in zeros:
                before = [
                    other for other in points if other.area == point.area and other.year != year and other.value > 0
                ]
                nearest = min(before, key=lambda other: (abs(other.year - year), other.year), default=None)
                if nearest is not None and nearest.value >= BIG_COUNT:
                    members.append(Member(point.area, 0.0, nearest.value, nearest.year))
        elif centre or (len(positive) >= 5 and min(positive) >= median(positive) / 5):
            beside = median(positive) if positive else centre or 0.0
            members = [Member(point.area, 0.0, round(beside, 6), 0) for point in zeros]
        if members:
            found.append(Break("zero", year, 0.0, members, len(here)))
    return found
