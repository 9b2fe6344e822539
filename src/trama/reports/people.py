"""The demographic profile: who lives in an area, how it changed, how it compares; sentences, pyramid, tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.reports.document import Block, Cell, Chart, Heading, Line, Paragraph, Table, share_cell
from trama.reports.phrases import beside, grown, signed, where
from trama.territory import demography, profile
from trama.territory.demography import Ratios
from trama.territory.models import Area, AreaClosure, Population
from trama.ui import charts
from trama.ui.numbers import number, percent

BROAD = ((0, 14), (15, 34), (35, 64), (65, 74), (75, 84), (85, 100))
HEAVY = 50  # dependency above which municipalities speak of an imbalance
# Below so many residents a share leaps with every birth: it is not told in sentences.
FEW = 100


@dataclass(frozen=True)
class People:
    """The residents of an area by age, the total of each known year, and the ratios of the area above."""

    residents: profile.Residents
    ratios: Ratios
    totals: tuple[tuple[int, int], ...]  # (year, residents), the oldest first
    above: Ratios | None = None
    above_where: str = ""
    above_name: str = ""


def people_of(area: Area) -> People | None:
    """What is known of the residents by age; None when nothing is."""
    residents = profile.residents_of(area)
    if residents is None or not residents.total:
        return None
    totals = list(Population.objects.filter(area=area).order_by("year").values_list("year", "total"))
    if residents.parts:
        totals = _totals_of_parts(area, residents.parts)
    above = _above(area, residents.year)
    found = demography.ratios(residents.females, residents.males)
    if above is None:
        return People(residents, found, tuple(totals))
    kind = above.area.get_kind_display()
    return People(
        residents,
        found,
        tuple(totals),
        demography.ratios(above.females, above.males),
        where(above.area.name, above.area.kind),
        f"{above.area.name} ({kind})",
    )


def _totals_of_parts(area: Area, count: int) -> list[tuple[int, int]]:
    years: dict[int, list[int]] = {}
    rows = Population.objects.filter(area__in=profile.parts_of(area)).order_by("year")
    for year, total in rows.values_list("year", "total"):
        years.setdefault(year, []).append(total)
    return [(year, sum(totals)) for year, totals in years.items() if len(totals) == count]


def _above(area: Area, year: int) -> Population | None:
    above = AreaClosure.objects.filter(area=area, distance__gt=0).order_by("distance")
    rank = {pk: place for place, pk in enumerate(above.values_list("ancestor", flat=True))}
    rows = Population.objects.filter(area__in=list(rank), year=year).select_related("area").order_by()
    return min(rows, key=lambda row: rank[row.area_id], default=None)


# --- sentences ----------------------------------------------------------------------------------------------------
def sentences(people: People) -> Iterator[Paragraph]:
    """The demographic profile in words, one paragraph per thought."""
    yield Paragraph(_size(people), key="people.size")
    if people.ratios.residents < FEW:
        few = _("So few people live here that shares and ratios leap with every birth and every move.")
        yield Paragraph(few, key="people.few")
        return
    yield Paragraph(_ages(people), key="people.ages")
    yield Paragraph(_oldest(people), key="people.oldest")
    text = _balance(people)
    if text:
        yield Paragraph(text, key="people.balance")


def _size(people: People) -> str:
    found = people.ratios
    names = {"count": number(found.residents), "year": people.residents.year}
    text = (
        ngettext("In %(year)s one person lives here.", "In %(year)s %(count)s people live here.", found.residents)
        % names
    )
    women = _("Women are %(share)s.") % {"share": percent(found.females / found.residents)}
    changed = ""
    if len(people.totals) > 1:
        since, first = people.totals[0]
        changed = _("They are %(change)s.") % {"change": grown(first, found.residents, since)}
    return " ".join(part for part in (text, changed, women if found.residents >= FEW else "") if part)


def in_hundred(part: int, whole: int) -> int:
    """A part of a whole as so many in a hundred."""
    return round(part / whole * 100)


def _ages(people: People) -> str:
    found, above = people.ratios, people.above
    young, old = in_hundred(found.aged_0_14, found.residents), in_hundred(found.aged_65_over, found.residents)
    text = _("Of 100 residents %(young)s and %(old)s") % {"young": _young(young), "old": _old(old)}
    if above is None:
        return f"{text}. {_index(found)}".strip()
    names = {
        "where": people.above_where,
        "young": number(in_hundred(above.aged_0_14, above.residents)),
        "old": number(in_hundred(above.aged_65_over, above.residents)),
    }
    text += _(" (%(where)s %(young)s and %(old)s).") % names
    return f"{text} {_index(found, above, people.above_where)}".strip()


def _young(count: int) -> str:
    if not count:
        return _("none is under 15")
    return ngettext("%(n)s is under 15", "%(n)s are under 15", count) % {"n": number(count)}


def _old(count: int) -> str:
    if not count:
        return _("none is 65 or over")
    return ngettext("%(n)s is 65 or over", "%(n)s are 65 or over", count) % {"n": number(count)}


def _index(found: Ratios, above: Ratios | None = None, place: str = "") -> str:
    """The old-age index in words, and how it compares."""
    index = found.old_age_index
    if index is None:
        return _("Nobody under 15 lives here, so the old-age index is not defined.")
    text = _("For every 100 children and teenagers under 15 there are %(n)s people of 65 and over") % {
        "n": number(index)
    }
    if above is None or above.old_age_index is None:
        return f"{text}."
    other = beside(index, above.old_age_index, number(above.old_age_index), place)
    return _("%(text)s: the old-age index is %(compared)s.") % {"text": text, "compared": other}


def _oldest(people: People) -> str:
    found, above = people.ratios, people.above
    count = found.aged_75_over
    if not count:
        return _("Nobody is 75 or over.")
    share = count / found.residents
    names = {"count": number(count), "share": percent(share)}
    text = ngettext("One person is 75 or over.", "%(count)s people are 75 or over, %(share)s of all", count) % names
    if above is not None and count > 1:
        other = above.aged_75_over / above.residents
        text += _(": %(compared)s.") % {"compared": beside(share, other, percent(other), people.above_where)}
    elif count > 1:
        text += "."
    children = found.under_6
    young = _("No child is under 6.")
    if children:
        young = ngettext("One child is under 6.", "%(count)s children are under 6.", children)
        young = young % {"count": number(children)}
    return f"{text} {young}"


def _balance(people: People) -> str:
    found = people.ratios
    parts = []
    if found.dependency is not None:
        text = _(
            "For every 100 people between 15 and 64 there are %(all)s younger or older ones: %(old)s of 65 and over, "
            "%(young)s under 15."
        )
        names = {
            "all": number(found.dependency),
            "old": number(found.dependency_old),
            "young": number(found.dependency_young),
        }
        parts.append(text % names)
        if found.dependency > HEAVY:
            parts.append(_("Above 50 one speaks of an imbalance between the generations."))
    if found.turnover is not None:
        parts.append(
            _("For every 100 who are of the age to begin to work (15–19), %(n)s are about to leave it (60–64).")
            % {"n": number(found.turnover)}
        )
    return " ".join(parts)


# --- pictures and tables ------------------------------------------------------------------------------------------
def people_blocks(people: People) -> Iterator[Block]:
    """Sentences, the pyramid, residents by class of age, ratios beside those of the area above, the years."""
    residents, found = people.residents, people.ratios
    source = residents.source.title if residents.source else ""
    of_when = ", ".join(part for part in (str(residents.year), source) if part)
    yield from sentences(people)
    yield Paragraph("", key="people.added")
    yield _pyramid(residents, found, of_when)
    yield Heading(_("The figures"), 2)
    yield _ages_table(residents, of_when)
    if len(people.totals) > 1:
        yield _years_table(people, source)
    yield _ratios_table(people, of_when)
    if residents.parts:
        added = _("The residents are the sum of the %(count)s areas of which it is made.")
        yield Paragraph(added % {"count": residents.parts}, "note")


def _pyramid(residents: profile.Residents, found: Ratios, of_when: str) -> Chart:
    steps = demography.pyramid(residents.females, residents.males)
    specification = charts.pyramid(
        [step.label for step in steps],
        [step.males for step in steps],
        [step.females for step in steps],
        (_("Men"), _("Women")),
    )
    if found.old_age_index is None:
        title = _("Nobody under 15 lives here")
    else:
        title = _("For every 100 children under 15 there are %(count)s people of 65 and over") % {
            "count": number(found.old_age_index)
        }
    alt = _("Age pyramid: %(young)s residents under 15, %(active)s from 15 to 64, %(old)s of 65 and over.")
    names = {
        "young": number(found.aged_0_14),
        "active": number(found.aged_15_64),
        "old": number(found.aged_65_over),
    }
    subtitle = _("Residents by age and sex, %(when)s") % {"when": of_when}
    return Chart(title, subtitle, alt % names, specification)


def _ages_table(residents: profile.Residents, of_when: str) -> Table:
    """Residents by broad classes of age."""
    total = residents.total
    lines = []
    for first, last in BROAD:
        women, men = sum(residents.females[first : last + 1]), sum(residents.males[first : last + 1])
        name = _("%(age)s and over") % {"age": first} if last == 100 else f"{first}–{last}"
        lines.append(Line(name, _people_cells(women, men, total), key=str(first)))
    whole = _people_cells(sum(residents.females), sum(residents.males), total)
    lines.append(Line(_("Total"), whole, "total", "total"))
    return Table(
        caption=_("Residents by class of age"),
        heads=(_("Age"), _("Women"), _("Men"), _("Total"), _("% of all")),
        lines=tuple(lines),
        subtitle=of_when,
        sheet=_("Residents"),
        key="ages",
        year=str(residents.year),
        columns=("", "", "residents", ""),
    )


def _people_cells(women: int, men: int, total: int) -> tuple[Cell, ...]:
    share = (women + men) / total
    return (
        Cell(number(women), women),
        Cell(number(men), men),
        Cell(number(women + men), women + men),
        share_cell(share, total),
    )


def _years_table(people: People, source: str) -> Table:
    lines, before = [], None
    for year, total in people.totals:
        change = Cell("") if before is None else Cell(signed(total - before), total - before)
        lines.append(Line(str(year), (Cell(number(total), total), change), key=str(year)))
        before = total
    return Table(
        caption=_("Residents year by year"),
        heads=(_("Year"), _("Residents"), _("Difference")),
        lines=tuple(lines),
        subtitle=source,
        sheet=_("Years"),
        key="residents",
        columns=("residents", ""),
    )


def _ratios_table(people: People, of_when: str) -> Table:
    rows = profile.ratio_rows(people.ratios, people.above)
    heads = [_("Ratio"), _("Value"), *([people.above_name] if people.above else []), _("What it says")]
    keys = (
        "old_age_index",
        "dependency",
        "dependency_old",
        "dependency_young",
        "turnover",
        "sex_ratio",
        "mean_age",
    )
    lines = []
    for key, row in zip(keys, rows, strict=True):
        own = getattr(people.ratios, key)
        cells = [Cell(row.text, None if own is None else round(own, 4), "1")]
        if people.above is not None:
            other = getattr(people.above, key)
            cells.append(Cell(row.above, None if other is None else round(other, 4), "1"))
        lines.append(Line(row.label, (*cells, Cell(row.meaning)), key=key))
    last = len(heads) - 1
    return Table(
        caption=_("Demographic ratios"),
        heads=tuple(heads),
        lines=tuple(lines),
        subtitle=of_when,
        sheet=_("Ratios"),
        texts=frozenset({last}),
        widths=(3, 1.1, 1.6, 5) if people.above else (3, 1, 6),
        key="ratios",
        year=str(people.residents.year),
        columns=("value", *[""] * (last - 1)),
    )
