"""The values of a context indicator in the areas of one level and one year, and what can be asked for at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from trama.core.keys import among
from trama.core.models import Source
from trama.territory import finding
from trama.territory.choices import RANK, AreaKind, ValueState
from trama.territory.comparing import may_compare, same_definition
from trama.territory.models import AreaClosure, ContextIndicator, ContextValue
from trama.ui.numbers import number

EXCLUDED_ELSEWHERE = "excluded_elsewhere"
FEWEST = 10  # areas with a value: of fewer nothing can be said


class NothingToSay(ValueError):
    """The figures cannot answer what was asked; the message says why and what can be done."""


@dataclass(frozen=True)
class AreaValue:
    """An area with its value, or with the word for why it has none (`state`: a value of ValueState, "absent" where
    the file has none, or "excluded_elsewhere")."""

    area: int
    code: str
    name: str
    value: float | None
    state: str
    reason: str = ""


@dataclass(frozen=True)
class AreaValues:
    """All areas of a level in force, within an area if one is named, with the values of an indicator in a year."""

    indicator: ContextIndicator
    level: str
    year: int
    within: finding.Node | None
    areas: tuple[AreaValue, ...]
    unit: str
    sources: tuple[Source, ...]

    @property
    def known(self) -> tuple[AreaValue, ...]:
        """The areas that have a value."""
        return tuple(area for area in self.areas if area.value is not None)

    @property
    def unknown(self) -> tuple[AreaValue, ...]:
        """The areas that have none."""
        return tuple(area for area in self.areas if area.value is None)

    @property
    def level_label(self) -> str:
        return str(AreaKind(self.level).label)

    @property
    def title(self) -> str:
        """What, where, when: "Famiglie di una persona sul totale, 2023"."""
        where = f", {self.within.name}" if self.within else ""
        return f"{self.indicator.name}{where}, {self.year}"

    @property
    def source(self) -> str:
        """From where, with the licence: "Comune di Bologna, Indici di fragilità (CC BY 4.0)"."""
        return "; ".join(
            ", ".join(part for part in (source.publisher, source.title) if part)
            + (f" ({source.licence})" if source.licence else "")
            for source in self.sources
        )

    def base(self) -> str:
        """How many of how many, when, from where."""
        counted = _("%(known)s of %(all)s areas (%(level)s)") % {
            "known": number(len(self.known)),
            "all": number(len(self.areas)),
            "level": self.level_label,
        }
        return " · ".join(part for part in (counted, str(self.year), self.source) if part)

    def reasons(self) -> list[tuple[str, list[str]]]:
        """Why areas have no value, each reason with the names of the areas."""
        found: dict[str, list[str]] = {}
        for area in self.unknown:
            found.setdefault(area.reason, []).append(area.name)
        return sorted(found.items())


@dataclass(frozen=True)
class Offer:
    """What there is of an indicator: levels, the widest choice first, each with its years and how many areas have one.

    Years are in descending order.
    """

    indicator: ContextIndicator
    levels: Mapping[str, Mapping[int, int]]

    def level(self, wanted: str = "") -> str:
        """The level asked for, or that with most areas."""
        if wanted in self.levels:
            return wanted
        return max(self.levels, key=lambda kind: (max(self.levels[kind].values()), RANK[kind]))

    def year(self, level: str, wanted: int | None = None) -> int:
        """The year asked for, or the newest in which most areas have a value."""
        years = self.levels[level]
        if wanted in years:
            return wanted  # type: ignore[return-value]
        full = max(years.values())
        # Not a later year that a handful of areas has.
        return max(year for year, count in years.items() if count >= min(full, FEWEST))


def offers(fewest: int = FEWEST) -> list[Offer]:
    """The indicators of which some level has at least so many areas with a value, in their order."""
    rows = (
        ContextValue.objects.filter(value__isnull=False)
        .order_by()
        .values_list("indicator_id", "area__kind", "year")
        .annotate(many=Count("pk"))
    )
    found: dict[int, dict[str, dict[int, int]]] = {}
    for indicator, kind, year, many in sorted(rows, key=lambda row: (row[0], RANK.get(row[1], 99), -row[2])):
        if many >= fewest:
            found.setdefault(indicator, {}).setdefault(kind, {})[year] = many
    indicators = ContextIndicator.objects.filter(pk__in=among(list(found)))
    return [Offer(one, found[one.pk]) for one in indicators.order_by("position", "code")]


def values_of(
    indicator: ContextIndicator, level: str, year: int, within: str = "", *, also_excluded: bool = False
) -> AreaValues:
    """The values of an indicator in the areas of a level. Raises NothingToSay for values that cannot be compared.

    Areas stand in the order of the tree. An area that a source excludes (a hospital, a park: few live there, and their
    shares jump) is left out of all indicators, unless `also_excluded`: see `excluded`.
    """
    nodes = [node for node in finding.nodes().values() if node.kind == level]
    above = None
    if within:
        pk = finding.id_of(within)
        above = finding.nodes().get(pk) if pk is not None else None
        if above is None:
            raise NothingToSay(_("There is no area with the code “%(code)s”.") % {"code": within})
        inside = finding.below(above.id)
        nodes = [node for node in nodes if node.id in inside]
    rows = {
        row.area_id: row
        for row in ContextValue.objects.filter(indicator=indicator, year=year, area__kind=level).select_related(
            "indicator", "source"
        )
    }
    # A former area counts where the year has a value of it; else only those in force.
    nodes = [node for node in nodes if node.in_force or (node.id in rows and rows[node.id].value is not None)]
    _only_comparable(indicator, [rows[node.id] for node in nodes if node.id in rows])
    away = {} if also_excluded else excluded(level, year)
    areas = tuple(_area(node, rows.get(node.id), away.get(node.id, "")) for node in nodes)
    shown = [row for node in nodes if (row := rows.get(node.id)) is not None]
    sources = {row.source_id: row.source for row in shown if row.source is not None}
    unit = next((row.unit for row in shown), indicator.unit)
    return AreaValues(indicator, level, year, above, areas, unit, tuple(sources.values()))


def _only_comparable(indicator: ContextIndicator, rows: Sequence[ContextValue]) -> None:
    known = [row for row in rows if row.value is not None]
    for answer in (may_compare(indicator, [row.area_id for row in known]), same_definition(known)):
        if not answer:
            raise NothingToSay(answer.sentence)


def _area(node: finding.Node, row: ContextValue | None, excluded_by: str) -> AreaValue:
    if row is None:
        return AreaValue(node.id, node.code, node.name, None, "absent", _("no value in the file"))
    if row.value is None:
        return AreaValue(node.id, node.code, node.name, None, str(row.state), str(ValueState(row.state).label))
    if excluded_by:
        return AreaValue(node.id, node.code, node.name, None, EXCLUDED_ELSEWHERE, excluded_by)
    return AreaValue(node.id, node.code, node.name, row.value, str(row.state))


def excluded(level: str, year: int) -> dict[int, str]:
    """The areas of a level that a source excludes from an indicator, each with the words that say so.

    Of several years that state exclusions the nearest counts, of two equally near the earlier one.
    """
    rows = ContextValue.objects.filter(state=ValueState.EXCLUDED, area__kind=level).select_related(
        "indicator", "source"
    )
    years = set(rows.select_related(None).order_by().values_list("year", flat=True).distinct())
    if not years:
        return {}
    nearest = min(years, key=lambda one: (abs(one - year), one))
    found: dict[int, str] = {}
    for row in rows.filter(year=nearest).order_by("indicator__position", "indicator_id"):
        words = {"source": row.source.title if row.source else row.indicator.name, "year": nearest}
        found.setdefault(row.area_id, _("excluded by “%(source)s”, %(year)s") % words)
    return found


def containers(level: str, areas: Sequence[int], fewest: int = FEWEST) -> list[finding.Node]:
    """The areas above in which at least so many of these lie, but not all: what one may narrow to."""
    rows = (
        AreaClosure.objects.filter(area__in=among(list(areas)), distance__gt=0)
        .order_by()
        .values_list("ancestor_id")
        .annotate(many=Count("pk"))
    )
    known = finding.nodes()
    found = [known[pk] for pk, many in rows if fewest <= many < len(areas) and pk in known]
    return sorted(found, key=lambda node: node.position)


def printed(value: float | None, values: AreaValues, more: int = 0) -> str:
    """A value with its unit, as the language writes it; `more` decimals than the indicator has."""
    text = number(value, values.indicator.decimals + more)
    if value is None or not values.unit:
        return text
    return f"{text} {values.unit}"


def value_states() -> dict[str, str]:
    """What may stand in the column of the state of a value, in words."""
    own = {"absent": _("no value in the file"), EXCLUDED_ELSEWHERE: _("excluded by another source of the same level")}
    return {str(state): str(ValueState(state).label) for state in ValueState.values} | own
