"""The numbers of context of an area year by year, beside those of the nearest area above that has them."""

from __future__ import annotations

from dataclasses import dataclass, field

from trama.territory import finding
from trama.territory.choices import RANK, ValueState
from trama.territory.models import Area, ContextIndicator, ContextValue


@dataclass(frozen=True)
class Point:
    """A value in a year; None with a state that says why there is none."""

    year: int
    value: float | None
    state: str = str(ValueState.VALUE)
    source: str = ""
    version: str = "1"
    note: str = ""  # what a person decided about it when it was brought in


@dataclass
class Series:
    """An indicator in an area: its points, the oldest first; and, by year, the values of an area above."""

    indicator: ContextIndicator
    points: list[Point] = field(default_factory=list)
    above_name: str = ""
    above_kind: str = ""
    above: dict[int, float] = field(default_factory=dict)

    @property
    def known(self) -> list[Point]:
        """The points that have a value."""
        return [point for point in self.points if point.value is not None]

    @property
    def newest(self) -> Point:
        """The newest point, with or without a value."""
        return self.points[-1]

    @property
    def key(self) -> str:
        """By which the same number is found again: a later version of the definition is another number."""
        return f"{self.indicator.code}@{self.newest.version}"

    @property
    def is_index(self) -> bool:
        """Whether it is an index around a value (100)."""
        return self.indicator.centre is not None

    def of_year(self, year: int) -> float | None:
        """The value of a year."""
        return next((point.value for point in self.points if point.year == year), None)


def series_of(area: Area) -> dict[str, Series]:
    """Every indicator of an area by its code, in the order of the indicators. Two queries."""
    found: dict[str, Series] = {}
    rows = ContextValue.objects.filter(area=area).select_related("indicator", "source")
    for value in rows.order_by("indicator__position", "indicator__code", "year"):
        one = found.setdefault(value.indicator.code, Series(value.indicator))
        source = value.source.title if value.source else ""
        one.points.append(Point(value.year, value.value, value.state, source, value.version, value.note))
    for one in found.values():
        # Numbers of two versions of a definition are not one series.
        one.points = [point for point in one.points if point.version == one.newest.version]
    if found:
        _add_above(area, found)
    return found


def _add_above(area: Area, found: dict[str, Series]) -> None:
    ancestors = finding.path_of(area.pk)[:-1][::-1]
    rank = {node.id: place for place, node in enumerate(ancestors)}
    by_id = {one.indicator.pk: one for one in found.values() if not one.indicator.adds_up}
    rows = ContextValue.objects.filter(area__in=list(rank), indicator__in=list(by_id), value__isnull=False).order_by()
    taken: dict[int, int] = {}
    for value in sorted(rows, key=lambda row: (rank[row.area_id], row.year)):
        if value.version != by_id[value.indicator_id].newest.version:
            continue
        if taken.setdefault(value.indicator_id, value.area_id) != value.area_id or value.value is None:
            continue
        one, node = by_id[value.indicator_id], ancestors[rank[value.area_id]]
        within = one.indicator.compare_within
        if within and RANK[node.kind] < RANK[within]:
            continue  # stated as comparable only inside a narrower area
        one.above_name, one.above_kind = node.name, node.kind
        one.above[value.year] = value.value


def values_below(indicator: ContextIndicator, areas: list[int]) -> tuple[int, dict[int, ContextValue]]:
    """The values of an indicator in these areas in the newest year that states any: the year, and values by area."""
    rows = list(
        ContextValue.objects.filter(indicator=indicator, area__in=areas).select_related("source").order_by("area_id")
    )
    years = [row.year for row in rows if row.value is not None]
    if not years:
        return 0, {}
    newest = max(years)
    return newest, {row.area_id: row for row in rows if row.year == newest}
