"""Which cells of a table of counts must be hidden, so that no small count can be read or worked out from the margins.

Primary: counts above zero and below the threshold. Secondary: in every line (a row or a column with its total) that
hides one figure, the least other one; then, as long as the margins leave it no room above the threshold, more. The
bounds are found by walking along the lines, which is what a patient reader could do; the exact audit by linear
programming is another step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Place = tuple[int, int]
UNKNOWN = 1e15


@dataclass(frozen=True)
class Table:
    """Counts with their margins: the last number of a row is its total, the last row holds the totals of columns.

    A table of one dimension has rows of one number. `adds_up` is false where a record may stand in several lines, so
    that totals are no sums: then nothing is worked out by subtraction, and the rule of two hidden figures remains.
    """

    counts: list[list[float]]
    adds_up: bool = True

    def at(self, place: Place) -> float:
        return self.counts[place[0]][place[1]]

    def lines(self) -> Iterator[list[Place]]:
        """The places of every line, its total last."""
        height, width = len(self.counts), len(self.counts[0])
        if width > 1:
            yield from ([(i, j) for j in range(width)] for i in range(height))
        if height > 1:
            yield from ([(i, j) for i in range(height)] for j in range(width))


def hidden(table: Table, threshold: int) -> set[Place]:
    """The places of all figures that must not be shown; zeros are never among them."""
    height, width = len(table.counts), len(table.counts[0])
    every = [(i, j) for i in range(height) for j in range(width)]
    small = {place for place in every if 0 < table.at(place) < threshold}
    away = set(small)
    lines = list(table.lines())
    while True:
        alone = next((line for line in lines if sum(place in away for place in line) == 1), None)
        if alone is not None:
            if not _hide_least(table, alone, away):
                lines.remove(alone)  # nothing else in it but zeros and what is hidden: there is no total to subtract
            continue
        told = _told(table, lines, small, away, threshold) if table.adds_up else []
        if not told:
            return away
        beside = {place for line in lines if told[0] in line for place in line}
        around = {place for line in lines if any(place in line for place in told) for place in line}
        if not (
            _hide_least(table, beside, away) or _hide_least(table, around, away) or _hide_least(table, every, away)
        ):
            return away


def _hide_least(table: Table, places: Iterable[Place], away: set[Place]) -> bool:
    """Hide the least figure that is still shown, a total only when there is no other; zeros stay."""
    height, width = len(table.counts), len(table.counts[0])

    def cost(place: Place) -> tuple[bool, float, Place]:
        is_total = (height > 1 and place[0] == height - 1) or (width > 1 and place[1] == width - 1)
        return is_total, table.at(place), place

    shown = [place for place in places if place not in away and table.at(place) > 0]
    if not shown:
        return False
    away.add(min(shown, key=cost))
    return True


def _told(table: Table, lines: list[list[Place]], small: set[Place], away: set[Place], threshold: int) -> list[Place]:
    """The small counts of which a reader can tell that they are below the threshold."""
    high = bounds(table, lines, away)[1]
    return [place for place in sorted(small) if high[place] < threshold]


def bounds(table: Table, lines: list[list[Place]], away: set[Place]) -> tuple[dict[Place, float], dict[Place, float]]:
    """Between what numbers each hidden figure lies, for who sees the others and knows that none hidden is zero."""
    low = dict.fromkeys(away, 1.0)
    high = dict.fromkeys(away, UNKNOWN)
    touched = [line for line in lines if any(place in away for place in line)]
    for _round in range(100):
        before = sum(low.values()), sum(high.values())
        for line in touched:
            _tighten(table, line, low, high)
        if before == (sum(low.values()), sum(high.values())):
            break
    return low, high


def _tighten(table: Table, line: list[Place], low: dict[Place, float], high: dict[Place, float]) -> None:
    least = [low.get(place, table.at(place)) for place in line]
    most = [high.get(place, table.at(place)) for place in line]
    lowest, highest = sum(least[:-1]), sum(most[:-1])
    total = line[-1]
    if total in low:
        low[total], high[total] = max(low[total], lowest), min(high[total], highest)
    for number, place in enumerate(line[:-1]):
        if place in low:
            low[place] = max(low[place], least[-1] - (highest - most[number]))
            high[place] = min(high[place], most[-1] - (lowest - least[number]))
