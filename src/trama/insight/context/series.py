"""An indicator over the years: an area, the one above it, its siblings; and every year of a map."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import memo
from trama.core.actor import Actor
from trama.core.keys import among
from trama.insight.context.asked import Asked, Chosen, above_of
from trama.insight.context.reading import Reading, reason_of
from trama.insight.context.words import short_text, signed
from trama.territory import finding
from trama.territory.comparing import may_compare_with
from trama.territory.models import ContextIndicator, ContextValue
from trama.ui.numbers import number

MOST_LINES = 120  # thin lines of a chart: more are a smear
MOST_PANELS = 30  # small charts of a page


@dataclass(frozen=True)
class Point:
    """A value of a year. `version`: of the definition; points of two versions are not one series."""

    year: int
    value: float
    version: str


@dataclass(frozen=True)
class Line:
    """The values of an area over the years, with the reasons of the years without one."""

    area: int | None
    code: str
    name: str
    points: tuple[Point, ...]
    reasons: tuple[tuple[int, str], ...] = ()

    def text(self, year: int, indicator: ContextIndicator) -> str:
        """The value of a year as printed, or why there is none."""
        found = next((point for point in self.points if point.year == year), None)
        if found is not None:
            return short_text(found.value, indicator)
        return dict(self.reasons).get(year, "–")

    @property
    def is_one(self) -> bool:
        """Whether first and last point may be compared."""
        return len(self.points) > 1 and self.points[0].version == self.points[-1].version


@dataclass(frozen=True)
class Series:
    """What is drawn over time. `main`: the area chosen, or what stands for all; `above`: what it is compared with."""

    main: Line
    above: Line | None
    others: tuple[Line, ...]
    years: tuple[int, ...]
    others_said: str
    caution: str
    title: str
    stands_for_all: bool  # `main` is not one of the areas: it holds them, or is their middle

    @property
    def rows(self) -> list[Line]:
        """The lines in the order of the table: the area, the one above, the others."""
        return [self.main, *([self.above] if self.above else []), *self.others]


def series_of(actor: Actor, reading: Reading, asked: Asked) -> Series | None:
    """The years of the areas of a reading; None where there are not two."""
    key = ("insight.context.series", reading.indicator.pk, asked)
    return memo.until_changed(key, actor, lambda: _series(reading), heavy=True)


def _series(reading: Reading) -> Series | None:
    indicator, chosen = reading.indicator, reading.chosen
    if reading.refused:
        return None
    known = finding.nodes()
    pks = _siblings(chosen) if chosen.area else list(chosen.members)
    start = chosen.area or chosen.under
    above = [n for n in above_of(start.id, known) if may_compare_with(indicator, n.kind)] if start else []
    lines = lines_of(indicator, {*pks, *(node.id for node in above), *([start.id] if start else [])})
    main = lines.get(start.id) if start else None
    if main is None or (len(main.points) < 2 and chosen.area is None):
        main = _standing_for_all([lines[pk] for pk in pks if pk in lines], adds_up=indicator.adds_up)
    if main is None or len(main.points) < 2:
        return None
    nearest = next((lines[n.id] for n in above if n.id in lines and len(lines[n.id].points) > 1), None)
    if indicator.adds_up:
        nearest = None  # the count of a whole would flatten the lines of its parts
    others = [lines[pk] for pk in pks if pk in lines and pk != main.area]
    shown = tuple(others[:MOST_LINES]) if not indicator.adds_up or chosen.area else ()
    years = tuple(sorted({point.year for line in (main, *others) for point in line.points}))
    return Series(
        main,
        nearest,
        shown,
        years,
        _others(shown, chosen),
        _caution(main),
        title_of(main, indicator),
        chosen.area is None,
    )


def lines_of(indicator: ContextIndicator, areas: Iterable[int]) -> dict[int, Line]:
    """The values of areas over all years, by area; areas of which nothing is known are not in it."""
    known = finding.nodes()
    rows = ContextValue.objects.filter(indicator=indicator, area__in=among(areas)).order_by("year")
    points: dict[int, list[Point]] = {}
    reasons: dict[int, list[tuple[int, str]]] = {}
    for pk, year, value, state, version in rows.values_list("area_id", "year", "value", "state", "version"):
        if value is not None:
            points.setdefault(pk, []).append(Point(year, round(value, indicator.decimals), version))
        else:
            reasons.setdefault(pk, []).append((year, reason_of(state)))
    return {
        pk: Line(pk, known[pk].code, known[pk].name, tuple(points.get(pk, ())), tuple(reasons.get(pk, ())))
        for pk in {*points, *reasons}
        if pk in known
    }


def _siblings(chosen: Chosen) -> list[int]:
    known = finding.nodes()
    parent = chosen.area.parent if chosen.area else None
    return [pk for pk in chosen.members if known[pk].parent == parent]


def _standing_for_all(lines: Sequence[Line], *, adds_up: bool) -> Line | None:
    """What stands for all where no area does, of the areas known in every year: the sum of counts, else the middle."""
    years = {point.year for line in lines for point in line.points}
    whole = [line for line in lines if len(line.points) == len(years)]
    if len(years) < 2 or len(whole) < (1 if adds_up else 3):
        return None
    versions = {point.version for line in whole for point in line.points}
    if len(versions) > 1:
        return None
    by_year = {year: [p.value for line in whole for p in line.points if p.year == year] for year in sorted(years)}
    points = (Point(year, sum(v) if adds_up else median(v), min(versions)) for year, v in by_year.items())
    if adds_up:
        name = ngettext("sum of %(n)s area", "sum of %(n)s areas", len(whole))
    else:
        name = ngettext("middle value of %(n)s area", "middle value of %(n)s areas", len(whole))
    return Line(None, "", name % {"n": number(len(whole))}, tuple(points))


def _others(shown: Sequence[Line], chosen: Chosen) -> str:
    if not shown:
        return ""
    if chosen.area is None:
        return ngettext("%(n)s area", "%(n)s areas", len(shown)) % {"n": number(len(shown))}
    parent = finding.name_of(chosen.area.parent)
    text = ngettext("the other area of %(parent)s", "the other %(n)s areas of %(parent)s", len(shown))
    return text % {"n": number(len(shown)), "parent": parent}


def _caution(main: Line) -> str:
    versions = {point.version for point in main.points}
    if len(versions) < 2:
        return ""
    spans = []
    for version in sorted(versions, key=lambda v: min(p.year for p in main.points if p.version == v)):
        years = [point.year for point in main.points if point.version == version]
        span = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
        spans.append(_("version %(version)s: %(years)s") % {"version": version, "years": span})
    return _("The definition changed (%(versions)s): the line is broken there.") % {"versions": "; ".join(spans)}


def title_of(line: Line, indicator: ContextIndicator) -> str:
    """What happened over time: from how much to how much, and the difference."""
    first, last = line.points[0], line.points[-1]
    words = {
        "name": line.name,
        "first": short_text(first.value, indicator),
        "last": short_text(last.value, indicator),
        "from": first.year,
        "to": last.year,
    }
    if not line.is_one:
        return _("%(name)s: %(first)s in %(from)s; %(last)s in %(to)s, by another definition") % words
    words["difference"] = change_text(first.value, last.value, indicator)
    return _("%(name)s: from %(first)s in %(from)s to %(last)s in %(to)s (%(difference)s)") % words


def change_text(first: float, last: float, indicator: ContextIndicator) -> str:
    """A change with its sign: in points for percentages and indices, in per cent for counts and money."""
    if round(last - first, indicator.decimals) == 0:
        return _("no change")
    if indicator.unit != "%" and indicator.centre is None and first:
        share = (last / first - 1) * 100
        sign = "+" if share > 0 else "\N{MINUS SIGN}"
        return f"{sign}{number(abs(share), 1)} %"
    return signed(last - first, indicator)


def panels_of(series: Series) -> list[Line]:
    """The small charts: the area and its siblings by name; none where there are too many to be looked at."""
    every = series.others if series.stands_for_all else (series.main, *series.others)
    lines = sorted((line for line in every if len(line.points) > 1), key=_by_name)
    return lines if 2 <= len(lines) <= MOST_PANELS else []


def _by_name(line: Line) -> tuple[str, int]:
    return line.name.casefold(), line.area or 0
