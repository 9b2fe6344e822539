"""The years of an area: a small chart for each indicator that is known in several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from trama.insight.context.asked import above_of
from trama.insight.context.pictures import small_chart
from trama.insight.context.reading import reason_of
from trama.insight.context.series import Line, Point, change_text, title_of
from trama.insight.context.words import short_text
from trama.territory import finding
from trama.territory.comparing import may_compare_with
from trama.territory.models import Area, ContextIndicator, ContextValue
from trama.ui import charts

MOST = 8  # small charts of a page; the others are a click away


@dataclass(frozen=True)
class Told:
    """An indicator of an area over the years: first and last value, the change, a drawing."""

    code: str
    name: str
    svg: SafeString
    first: str
    last: str
    years: tuple[int, int]
    change: str


@dataclass(frozen=True)
class OverTheYears:
    """The charts of an area, the area that their dashed line stands for, the sources, how many are not shown."""

    told: tuple[Told, ...]
    above: str
    sources: tuple[str, ...]
    more: int


def over_the_years(area: Area) -> OverTheYears | None:
    """The indicators of an area with two years or more: rates before counts, long series before short ones."""
    node = finding.nodes().get(area.pk)
    if node is None:
        return None
    above = above_of(area.pk, finding.nodes())
    lines, sources = _lines(area.pk, [n.id for n in above])
    indicators = list(ContextIndicator.objects.filter(pk__in=[pk for pk, _area in lines]))
    known = [one for one in indicators if (line := lines.get((one.pk, area.pk))) and line.is_one]
    if not known:
        return None
    best = sorted(known, key=lambda one: (len(lines[(one.pk, area.pk)].points) < 3, one.adds_up, one.position))[:MOST]
    best.sort(key=lambda one: (one.position, one.code))
    names: set[str] = set()
    told = []
    for indicator in best:
        dashed: tuple[Point, ...] = ()
        near = [
            lines[(indicator.pk, n.id)] for n in above if _drawn(indicator, n.kind, lines.get((indicator.pk, n.id)))
        ]
        if near and not indicator.adds_up:
            dashed = near[0].points
            names.add(near[0].name)
        told.append(_told(indicator, lines[(indicator.pk, area.pk)], dashed))
    used = {title for one in best for title in sources.get(one.pk, ())}
    return OverTheYears(
        tuple(told), names.pop() if len(names) == 1 else "", tuple(sorted(used)), len(known) - len(best)
    )


def _drawn(indicator: ContextIndicator, kind: str, line: Line | None) -> bool:
    return line is not None and len(line.points) > 1 and may_compare_with(indicator, kind)


def _lines(area: int, above: list[int]) -> tuple[dict[tuple[int, int], Line], dict[int, set[str]]]:
    """The values of all years of an area and of those above it, by indicator and area; and the titles of sources."""
    known = finding.nodes()
    rows = ContextValue.objects.filter(area__in=[area, *above]).order_by("year")
    fields = ("indicator_id", "area_id", "year", "value", "state", "version", "indicator__decimals", "source__title")
    points: dict[tuple[int, int], list[Point]] = {}
    reasons: dict[tuple[int, int], list[tuple[int, str]]] = {}
    sources: dict[int, set[str]] = {}
    for indicator, pk, year, value, state, version, decimals, source in rows.values_list(*fields):
        if value is None:
            reasons.setdefault((indicator, pk), []).append((year, reason_of(state)))
            continue
        points.setdefault((indicator, pk), []).append(Point(year, round(value, decimals), version))
        if pk == area and source:
            sources.setdefault(indicator, set()).add(source)
    lines = {
        key: Line(key[1], known[key[1]].code, known[key[1]].name, tuple(found), tuple(reasons.get(key, ())))
        for key, found in points.items()
    }
    return lines, sources


def _told(indicator: ContextIndicator, line: Line, dashed: tuple[Point, ...]) -> Told:
    first, last = line.points[0], line.points[-1]
    dashed = tuple(point for point in dashed if first.year <= point.year <= last.year)
    values: list[Any] = [point.value for point in (*line.points, *dashed)]
    said = f"{indicator.name}. {title_of(line, indicator)}"
    svg = small_chart(line, dashed, (first.year, last.year), charts.span_of(values), said)
    return Told(
        indicator.code,
        indicator.name,
        svg,
        short_text(first.value, indicator),
        short_text(last.value, indicator),
        (first.year, last.year),
        change_text(first.value, last.value, indicator),
    )
