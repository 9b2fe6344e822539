"""What the page of an area says of its people and of what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trama.core import memo
from trama.core.actor import Actor
from trama.core.models import Source
from trama.territory import demography, finding, two_counts
from trama.territory.choices import RANK, AreaKind, ValueState, reason_of
from trama.territory.comparing import may_compare_with
from trama.territory.drawings import drawing_of
from trama.territory.models import Area, AreaClosure, Boundary, ContextValue, Population
from trama.territory.permissions import may_keep
from trama.ui.numbers import is_english, number

# Kinds that are made of their municipalities and of nothing else.
MADE_OF_MEMBERS = frozenset({AreaKind.UNION, AreaKind.AREA_AUTHORITY})
COVERED = 0.98  # the share of an area that its parts must cover for their residents to be its own
RESIDENTS = "residents"  # the context indicator that stands in where ages are not known
HOUSEHOLDS_OF_ONE = "households_one_share"
THEMES = {
    "population": gettext_lazy("People"),
    "households": gettext_lazy("Households"),
    "income": gettext_lazy("Income"),
    "fragility": gettext_lazy("Fragility"),
    "index": gettext_lazy("Indices"),
    "work": gettext_lazy("Work"),
    "housing": gettext_lazy("Housing"),
    "education": gettext_lazy("Education"),
}


# --- residents ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Residents:
    """Residents by age and sex. `parts` is how many areas were added up (0: the area's own figures)."""

    year: int
    females: list[int]
    males: list[int]
    source: Source | None
    parts: int = 0

    @property
    def total(self) -> int:
        return sum(self.females) + sum(self.males)


def residents_of(area: Area) -> Residents | None:
    """The newest residents of an area: its own, or those of its parts where these are the whole of it."""
    own = Population.objects.filter(area=area).select_related("source").order_by("-year").first()
    if own is not None:
        return Residents(own.year, own.females, own.males, own.source)
    parts = parts_of(area)
    if not parts:
        return None
    found = Population.objects.filter(area__in=parts).select_related("source").order_by("area", "-year")
    years: dict[int, list[Population]] = {}
    for population in found:
        years.setdefault(population.year, []).append(population)
    whole = [year for year, rows in years.items() if len(rows) == len(parts)]
    if not whole:
        return None
    rows = years[max(whole)]
    females, males = demography.added([(row.females, row.males) for row in rows])
    return Residents(max(whole), females, males, rows[0].source, len(rows))


def parts_of(area: Area) -> list[int]:
    """The children of an area if together they are the whole of it, else none: a sum with a hole is no sum."""
    children = list(Area.objects.in_force().filter(parent=area).order_by().values_list("id", "surface_km2", "kind"))
    if not children or len({kind for _pk, _surface, kind in children}) > 1:
        return []
    ids = [pk for pk, _surface, _kind in children]
    if area.kind in MADE_OF_MEMBERS:
        return ids
    surfaces = [surface for _pk, surface, _kind in children]
    if not area.surface_km2 or None in surfaces:
        return []
    share = sum(surface or 0 for surface in surfaces) / area.surface_km2
    return ids if COVERED <= share <= 2 - COVERED else []


@dataclass(frozen=True)
class Ratio:
    """A demographic ratio as it is printed, with the same one of the area above."""

    label: str
    text: str
    meaning: str
    above: str = ""


def ratio_rows(found: demography.Ratios, above: demography.Ratios | None) -> list[Ratio]:
    """The demographic ratios of an area beside those of the area above it."""
    rows: list[tuple[str, str, str, int]] = [
        ("old_age_index", _("Old-age index"), _("people of 65 and over for every 100 under 15"), 1),
        ("dependency", _("Dependency"), _("people under 15 or of 65 and over for every 100 between 15 and 64"), 1),
        ("dependency_old", _("Dependency of the old"), _("people of 65 and over for every 100 between 15 and 64"), 1),
        ("dependency_young", _("Dependency of the young"), _("people under 15 for every 100 between 15 and 64"), 1),
        ("turnover", _("Turnover of the active"), _("people of 60–64 for every 100 of 15–19"), 1),
        ("sex_ratio", _("Men to women"), _("men for every 100 women"), 1),
        ("mean_age", _("Mean age"), _("years"), 1),
    ]
    return [
        Ratio(
            label,
            number(getattr(found, key), decimals),
            meaning,
            number(getattr(above, key), decimals) if above else "",
        )
        for key, label, meaning, decimals in rows
    ]


# --- the age pyramid ----------------------------------------------------------------------------------------------
ROW, BAR, HALF, MIDDLE, TOP = 16, 13, 230, 56, 24  # units of the drawing: height of a row, of a bar, widths


def drawn_pyramid(steps: Sequence[demography.Step]) -> dict[str, Any]:
    """The pyramid as a drawing: bars with their place and size, the oldest on top, men on the left."""
    most = max((max(step.females, step.males) for step in steps), default=0) or 1
    rows = []
    for line, step in enumerate(reversed(steps)):
        y = TOP + line * ROW
        men, women = (round(count / most * HALF, 1) for count in (step.males, step.females))
        rows.append(
            {
                "label": step.label,
                "y": y,
                "text_y": y + 11,
                "men_x": round(HALF - men, 1),
                "men": men,
                "women": women,
                "males": step.males,
                "females": step.females,
            }
        )
    return {
        "rows": rows,
        "width": 2 * HALF + MIDDLE,
        "height": TOP + len(rows) * ROW + 4,
        "bar": BAR,
        "women_x": HALF + MIDDLE,
        "middle": HALF + MIDDLE // 2,
        "half": HALF,
        "most": most,
    }


# --- numbers of context -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Value:
    """The newest value of an indicator as it is printed, with its year, its source and the area above."""

    code: str
    name: str
    text: str
    year: int
    source: str
    note: str = ""
    above: str = ""
    description: str = ""
    theme: str = ""
    value: float | None = None


def values_of(area: Area) -> list[Value]:
    """The newest value of each indicator, in the indicators' order."""
    newest = _newest(ContextValue.objects.filter(area=area))
    above: dict[int, tuple[str, dict[int, ContextValue]]] = {}
    if area.parent_id is not None and newest:
        above = _above(area, newest)
    found = []
    for indicator, value in newest.items():
        if value.state == ValueState.MISSING:  # the source says nothing: neither does the page
            continue
        found.append(
            Value(
                code=value.indicator.code,
                name=value.indicator.name,
                text=printed(value.value, value) if value.value is not None else "–",
                year=value.year,
                source=value.source.title if value.source else "",
                note=reason_of(value.state, value.note).partition(" (")[0],  # without the marks of files: "(....)"
                above=_compared(value, above.get(indicator)),
                description=value.indicator.description,
                theme=value.indicator.theme,
                value=value.value,
            )
        )
    return found


def _newest(rows: QuerySet[ContextValue]) -> dict[int, ContextValue]:
    rows = rows.select_related("indicator", "source")
    found: dict[int, ContextValue] = {}
    for value in rows.order_by("indicator__position", "indicator__code", "-year"):
        found.setdefault(value.indicator_id, value)
    return found


def _above(area: Area, newest: dict[int, ContextValue]) -> dict[int, tuple[str, dict[int, ContextValue]]]:
    """For each indicator the values, by year, of the nearest area above that has it; with the name of that area."""
    ancestors = finding.path_of(area.pk)[:-1][::-1]
    rank = {node.id: number for number, node in enumerate(ancestors)}
    rows = ContextValue.objects.filter(area__in=list(rank), indicator__in=list(newest), value__isnull=False)
    found: dict[int, tuple[str, dict[int, ContextValue]]] = {}
    for value in sorted(rows, key=lambda value: (rank[value.area_id], -value.year)):
        if not may_compare_with(newest[value.indicator_id].indicator, ancestors[rank[value.area_id]].kind):
            continue
        name = ancestors[rank[value.area_id]].name
        known = found.setdefault(value.indicator_id, (name, {}))
        if known[0] == name:
            known[1][value.year] = value
    return found


def _compared(value: ContextValue, above: tuple[str, dict[int, ContextValue]] | None) -> str:
    """The same number of the area above in the same year; for counts, the share of it."""
    if above is None or value.value is None:
        return ""
    name, years = above
    other = years.get(value.year)
    if other is None or other.value is None or other.version != value.version:
        return ""
    if value.indicator.adds_up:
        # The sum of a file of counts, or a number smaller than this one, is no whole of which this is a part.
        if value.indicator.counts_people or not other.value or not 0 <= value.value <= other.value:
            return ""
        share = number(value.value / other.value * 100, 1)
        return _("%(share)s %% of %(area)s") % {"share": share, "area": name}
    return _("%(area)s: %(value)s") % {"area": name, "value": printed(other.value, value)}


def printed(found: float, of: ContextValue) -> str:
    """A value with its unit, as the language writes it."""
    unit = of.indicator.unit
    text = number(found, of.indicator.decimals)
    if unit == "€":
        return f"€{text}" if is_english() else f"{text} €"
    return f"{text}{'' if unit == '%' and is_english() else ' '}{unit}".strip() if unit else text


def by_theme(values: Sequence[Value]) -> list[dict[str, Any]]:
    """The values under the heading of their theme, in the order in which the themes come."""
    groups: dict[str, list[Value]] = {}
    for value in values:
        groups.setdefault(value.theme, []).append(value)
    return [
        {"title": str(THEMES.get(theme) or theme.replace("_", " ").capitalize() or _("Other numbers")), "values": group}
        for theme, group in groups.items()
    ]


# --- the sentence -------------------------------------------------------------------------------------------------
TENTHS = {
    1: gettext_lazy("one"),
    2: gettext_lazy("two"),
    3: gettext_lazy("three"),
    4: gettext_lazy("four"),
    5: gettext_lazy("five"),
    6: gettext_lazy("six"),
    7: gettext_lazy("seven"),
    8: gettext_lazy("eight"),
    9: gettext_lazy("nine"),
}


def in_ten(percent: float) -> tuple[str, int] | None:
    """A percentage as so many in ten: how near ("exactly", "almost", "more than") and how many; None at the ends."""
    tenths = round(percent / 10)
    if not 1 <= tenths <= 9:
        return None
    gap = percent - tenths * 10
    if abs(gap) < 0.25:
        return "exactly", tenths
    if gap < 0:
        return "almost", tenths
    return ("more than", tenths) if gap >= 1 else ("about", tenths)


def sentence(area: Area, residents: Residents | None, values: Sequence[Value]) -> str:
    """One sentence about an area that a neighbour would recognise; empty when nothing is known."""
    parts = [_alone(values), _old(residents)]
    return " ".join(part for part in parts if part)


def _alone(values: Sequence[Value]) -> str:
    share = next((value.value for value in values if value.code == HOUSEHOLDS_OF_ONE), None)
    known = in_ten(share) if share is not None else None
    if known is None:
        return ""
    near, tenths = known
    texts = {
        "exactly": ngettext(
            "%(n)s household in ten is of one person alone.", "%(n)s households in ten are of one person alone.", tenths
        ),
        "almost": ngettext(
            "Almost %(n)s household in ten is of one person alone.",
            "Almost %(n)s households in ten are of one person alone.",
            tenths,
        ),
        "about": ngettext(
            "About %(n)s household in ten is of one person alone.",
            "About %(n)s households in ten are of one person alone.",
            tenths,
        ),
        "more than": ngettext(
            "More than %(n)s household in ten is of one person alone.",
            "More than %(n)s households in ten are of one person alone.",
            tenths,
        ),
    }
    text = texts[near] % {"n": TENTHS[tenths]}
    return text[:1].upper() + text[1:]


def _old(residents: Residents | None) -> str:
    if residents is None or not residents.total:
        return ""
    found = demography.ratios(residents.females, residents.males)
    one_in = found.residents / found.aged_65_over if found.aged_65_over else 0
    if 1.9 <= one_in <= 10:
        return _("One resident in %(n)s is 65 or over.") % {"n": _near(one_in)}
    return ""


def _near(one_in: float) -> str:
    whole = round(one_in)
    return str(TENTHS[whole]) if whole in TENTHS else str(_("ten"))


# --- the sections of the page -------------------------------------------------------------------------------------
def people(actor: Actor, area: Area) -> dict[str, Any]:
    """The section on the people of an area; `html` is what is shown, written anew after a change."""
    return memo.until_changed(("territory.people", area.pk), actor, partial(_people, area))


def _people(area: Area) -> dict[str, Any]:
    context = {**_known_people(area), "area": area}
    return {**context, "html": render_to_string("territory/area/_people.html", context)}


def _known_people(area: Area) -> dict[str, Any]:
    residents = residents_of(area)
    values = values_of(area)
    context: dict[str, Any] = {
        "sentence": sentence(area, residents, values),
        "residents": residents,
        "groups": by_theme(values),
        "sources": sorted({value.source for value in values if value.source}),
        "compared": any(value.above for value in values),
    }
    if residents is not None and residents.total:
        found = demography.ratios(residents.females, residents.males)
        above, above_name = _ratios_above(area, residents.year)
        steps = demography.pyramid(residents.females, residents.males)
        context |= {
            "ratios": ratio_rows(found, above),
            "above_name": above_name,
            "pyramid": drawn_pyramid(steps),
            "found": found,
            "old_share": found.aged_65_over / found.residents,
            "young_share": found.aged_0_14 / found.residents,
            "finding": _finding(found),
        }
    return context


def counts_apart(area: Area, residents: Residents | None) -> str:
    """A sentence where the residents of an area and the sum of its parts come from two registers that differ."""
    parts = parts_of(area) if residents is not None and not residents.parts else []
    if residents is None or not parts:
        return ""
    found = two_counts.stated_of(parts)
    own = two_counts.Stated(residents.total, (residents.year,), (residents.source,) if residents.source else ())
    return two_counts.difference(own, two_counts.together(found), len(parts)) if len(found) == len(parts) else ""


def _finding(found: demography.Ratios) -> str:
    """What the pyramid shows, as its title."""
    index = found.old_age_index
    if index is None:
        return _("Nobody under 15 lives here")
    if index >= 100:
        return _("For every 100 children and teenagers under 15 there are %(n)s people of 65 and over") % {
            "n": number(index)
        }
    return _("There are more children and teenagers under 15 than people of 65 and over")


def _ratios_above(area: Area, year: int) -> tuple[demography.Ratios | None, str]:
    """The ratios, in the same year, of the nearest area above that has residents by age."""
    above = (
        AreaClosure.objects.filter(area=area, distance__gt=0).order_by("distance").values_list("ancestor", flat=True)
    )
    rank = {pk: number for number, pk in enumerate(above)}
    rows = Population.objects.filter(area__in=list(rank), year=year).select_related("area")
    nearest = min(rows, key=lambda row: rank[row.area_id], default=None)
    if nearest is None:
        return None, ""
    # With its kind: towns often bear the name of their province.
    name = f"{nearest.area.name} ({nearest.area.get_kind_display()})"
    return demography.ratios(nearest.females, nearest.males), name


def made_of(actor: Actor, area: Area) -> dict[str, Any] | None:
    """The section on the areas of which an area is made; None when there are none and nobody here may add any."""
    return memo.until_changed(("territory.areas", area.pk), actor, partial(_made_of, actor, area))


def _made_of(actor: Actor, area: Area) -> dict[str, Any] | None:
    keeps = may_keep(actor, area.pk)
    children = list(
        Area.objects.in_force()
        .filter(parent=area)
        .order_by("name", "id")
        .values("id", "code", "name", "kind", "surface_km2", "origin", "lon")
    )
    if not children and not keeps:
        return None
    ids = [child["id"] for child in children]
    stated = two_counts.stated_of(ids)
    residents = {pk: total for pk, (total, _year, _source) in stated.items()}
    below = dict.fromkeys(ids, 0)
    for node in finding.nodes().values():
        if node.in_force and node.parent in below:
            below[node.parent] += 1
    kinds = dict(AreaKind.choices)
    rows = [
        {**child, "kind": kinds[child["kind"]], "residents": residents.get(child["id"]), "below": below[child["id"]]}
        for child in sorted(children, key=lambda child: RANK[child["kind"]])
    ]
    drawn = Boundary.objects.filter(area__in=ids, valid_to__isnull=True).order_by().exists()
    return {
        "children": rows,
        "drawing": drawing_of(area.name, children, residents),
        "has_residents": bool(residents),
        "residents_source": two_counts.together(stated).text,
        "apart": counts_apart(area, residents_of(area)),
        "has_below": any(below.values()),
        "map": reverse("territory:children_geojson", args=[area.code]) + "?value=residents" if drawn else "",
        "area_code": area.code,
        "keeps": keeps,
        "counted": ngettext("%(n)s area", "%(n)s areas", len(rows)) % {"n": number(len(rows))},
        "legend": density_legend(children, residents),
        "undrawn": sum(1 for child in children if child["lon"] is None),
    }


def newest_residents(areas: Sequence[int]) -> dict[int, int]:
    """How many people live in each of these areas, by the newest figure: by age if known, else as the city states."""
    return {pk: total for pk, (total, _year, _source) in two_counts.stated_of(areas).items()}


def density_legend(children: Sequence[Mapping[str, Any]], residents: dict[int, int]) -> list[dict[str, str]]:
    """The classes of colour of the map of residents per square kilometre, with what each stands for."""
    density = {
        child["id"]: residents[child["id"]] / child["surface_km2"]
        for child in children
        if child["id"] in residents and child["surface_km2"]
    }
    groups: dict[str, list[float]] = {}
    for pk, name in demography.quintiles(density).items():
        if name:
            groups.setdefault(name, []).append(density[pk])
    return [
        {"class": name, "label": "–".join(dict.fromkeys([number(min(found)), number(max(found))]))}
        for name, found in sorted(groups.items())
    ]
