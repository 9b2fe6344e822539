"""The report on a territory: cover, the area in a page, map, people, numbers of context, registers, sources, method."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from trama.core import facts
from trama.core.actor import Actor
from trama.core.models import Source
from trama.reports import counted
from trama.reports.document import (
    Block,
    Bullets,
    Cell,
    Chart,
    Document,
    Figures,
    Heading,
    KeyFigure,
    Line,
    Map,
    Paragraph,
    Table,
)
from trama.reports.mapping import drawn_map, words_of_map
from trama.territory import demography, finding, profile
from trama.territory.choices import AreaKind
from trama.territory.models import Area, Boundary, ContextValue
from trama.ui import charts
from trama.ui.numbers import day, number, percent


def territory_report(actor: Actor, area: Area, language: str) -> Document:
    """The report on an area, as far as the actor may see it, in a language ("it" or "en")."""
    with translation.override(language):
        known = facts.facts()
        return Document(
            title=area.name,
            subtitle=_("Territory report"),
            body=str(known.get(facts.BODY_NAME) or "Trama"),
            date=day(timezone.localdate()),
            language=language,
            summary=_("Who, what and where is registered in %(area)s, beside its people.") % {"area": area.name},
            demonstration=_("Demonstration: part of these data is invented.") if known.get(facts.DEMONSTRATION) else "",
            blocks=tuple(_blocks(actor, area)),
            words={
                "page": _("page"),
                "of": _("of"),
                "contents": _("Contents"),
                "made_with": _("Made with Trama from the registers of the territory."),
            },
        )


def _blocks(actor: Actor, area: Area) -> Iterator[Block]:
    residents = profile.residents_of(area)
    values = profile.values_of(area)
    yield Heading(_("%(area)s in a page") % {"area": area.name}, 1)
    yield from _in_a_page(actor, area, residents, values)
    if residents is not None and residents.total:
        yield Heading(_("People"), 1)
        yield from _people(area, residents)
    if values:
        yield Heading(_("Numbers of context"), 1)
        yield from _context(values)
    yield Heading(_("Who and what is registered"), 1)
    table = counted.indicator_table(actor, area)
    if table is not None:
        yield table
    yield from counted.register_blocks(actor, area)
    yield Heading(_("Sources and method"), 1)
    yield from _sources(actor, area, residents)
    yield from _method()


# --- the area in a page -------------------------------------------------------------------------------------------
def _in_a_page(
    actor: Actor, area: Area, residents: profile.Residents | None, values: list[profile.Value]
) -> Iterator[Block]:
    yield Paragraph(_introduction(area, residents), "lead")
    sentence = profile.sentence(area, residents, values)
    if sentence:
        yield Paragraph(sentence)
    figures = []
    if residents is not None and residents.total:
        found = demography.ratios(residents.females, residents.males)
        year = str(residents.year)
        figures.append(KeyFigure(number(residents.total), _("Residents"), year))
        share = percent(found.aged_65_over / found.residents)
        old = _("%(share)s of the residents, %(year)s") % {"share": share, "year": year}
        figures.append(KeyFigure(number(found.aged_65_over), _("Aged 65 and over"), old))
    figures += _first_of_themes(values, known_residents=residents is not None)
    figures += counted.key_figures(actor, area)
    if figures:
        yield Figures(tuple(figures[:9]))
    points = counted.points_of(actor, area)
    svg = drawn_map(area, points)
    if svg is not None:
        caution = _("A map of resources counts what was listed, not what exists.") if points else ""
        yield Map(_("%(area)s and its parts") % {"area": area.name}, caution, words_of_map(area, points), svg)
    table = _parts(actor, area)
    if table is not None:
        yield table


def _first_of_themes(values: list[profile.Value], *, known_residents: bool) -> list[KeyFigure]:
    """The first number of context of the people (where ages are not known) and of the households."""
    wanted = ["households"] if known_residents else ["population", "households"]
    found = []
    for theme in wanted:
        first = next((value for value in values if value.theme == theme and value.value is not None), None)
        if first is not None:
            found.append(KeyFigure(number(first.value), first.name, f"{first.year}, {first.source}"))
    return found


def _introduction(area: Area, residents: profile.Residents | None) -> str:
    """What the area is, where it lies, how large it is and how many live there, in one sentence."""
    kinds = dict(AreaKind.choices)
    above = [node.name for node in finding.path_of(area.pk)[:-1]][::-1]
    parts = [_("%(area)s: %(kind)s") % {"area": area.name, "kind": kinds[area.kind]}]
    if above:
        parts.append(_("in %(areas)s") % {"areas": ", ".join(above[:3])})
    if area.surface_km2:
        # The number stays with its unit at the end of a line.
        parts.append((_("%(surface)s km²") % {"surface": number(area.surface_km2, 1)}).replace(" ", "\u00a0"))
    if residents is not None and residents.total:
        names = {"count": number(residents.total), "year": residents.year}
        parts.append(_("%(count)s residents in %(year)s") % names)
    return ", ".join(parts) + "."


def _parts(actor: Actor, area: Area) -> Table | None:
    """The areas of which it is made, with residents, surface and what is registered in each."""
    children = list(Area.objects.in_force().filter(parent=area).order_by("name", "id"))
    kinds = {child.kind for child in children}
    if not children or len(children) > 120:
        return None
    residents = profile.newest_residents([child.pk for child in children])
    counts = counted.counts_by_child(actor, children) if len(kinds) == 1 else []
    heads = [_("Area"), _("Residents"), _("km²"), *(name for name, _counts in counts)]
    lines = []
    for child in children:
        people = residents.get(child.pk)
        surface = child.surface_km2
        cells = [
            Cell(number(people), people),
            Cell(number(surface, 1), None if surface is None else round(surface, 2), "1"),
            *(Cell(number(found.get(child.pk, 0)), found.get(child.pk, 0)) for _name, found in counts),
        ]
        lines.append(Line(child.name, tuple(cells)))
    return Table(
        caption=_("The areas of which it is made"),
        heads=tuple(heads),
        lines=tuple(lines),
        subtitle=_("In alphabetical order: this is no ranking. What lies in several areas counts in each."),
        sheet=_("Areas"),
    )


# --- people -------------------------------------------------------------------------------------------------------
BROAD = ((0, 14), (15, 34), (35, 64), (65, 74), (75, 84), (85, 100))


def _people(area: Area, residents: profile.Residents) -> Iterator[Block]:
    found = demography.ratios(residents.females, residents.males)
    steps = demography.pyramid(residents.females, residents.males)
    source = residents.source.title if residents.source else ""
    of_when = ", ".join(part for part in (str(residents.year), source) if part)
    specification = charts.pyramid(
        [step.label for step in steps],
        [step.males for step in steps],
        [step.females for step in steps],
        (_("Men"), _("Women")),
    )
    yield Chart(
        title=_finding(found),
        subtitle=_("Residents by age and sex, %(when)s") % {"when": of_when},
        alt=_("Age pyramid: %(young)s residents under 15, %(active)s from 15 to 64, %(old)s of 65 and over.")
        % {
            "young": number(found.aged_0_14),
            "active": number(found.aged_15_64),
            "old": number(found.aged_65_over),
        },
        specification=specification,
    )
    yield _ages(residents, of_when)
    rows = profile.ratio_rows(found, None)
    yield Table(
        caption=_("Demographic ratios"),
        heads=(_("Ratio"), _("Value"), _("What it says")),
        lines=tuple(Line(row.label, (Cell(row.text), Cell(row.meaning))) for row in rows),
        subtitle=of_when,
        sheet=_("Ratios"),
        texts=frozenset({2}),
        widths=(3, 1, 6),
    )
    if residents.parts:
        added = _("The residents are the sum of the %(count)s areas of which it is made.")
        yield Paragraph(added % {"count": residents.parts}, "note")


def _finding(found: demography.Ratios) -> str:
    if found.old_age_index is None:
        return _("Nobody under 15 lives here")
    return _("For every 100 children under 15 there are %(count)s people of 65 and over") % {
        "count": number(found.old_age_index)
    }


def _ages(residents: profile.Residents, of_when: str) -> Table:
    """Residents by broad classes of age."""
    total = residents.total
    lines = []
    for first, last in BROAD:
        women, men = sum(residents.females[first : last + 1]), sum(residents.males[first : last + 1])
        name = _("%(age)s and over") % {"age": first} if last == 100 else f"{first}–{last}"
        lines.append(Line(name, _people_cells(women, men, total)))
    lines.append(Line(_("Total"), _people_cells(sum(residents.females), sum(residents.males), total), "total"))
    return Table(
        caption=_("Residents by class of age"),
        heads=(_("Age"), _("Women"), _("Men"), _("Total"), _("% of all")),
        lines=tuple(lines),
        subtitle=of_when,
        sheet=_("Residents"),
    )


def _people_cells(women: int, men: int, total: int) -> tuple[Cell, ...]:
    share = (women + men) / total
    return (
        Cell(number(women), women),
        Cell(number(men), men),
        Cell(number(women + men), women + men),
        Cell(percent(share), share, "%"),
    )


# --- numbers of context -------------------------------------------------------------------------------------------
def _context(values: list[profile.Value]) -> Iterator[Block]:
    """The newest value of each indicator of the territory, under its theme, with year and source."""
    compared = any(value.above for value in values)
    heads = [_("Indicator"), _("Value"), _("Year"), *([_("In the area above")] if compared else []), _("Source")]
    lines = []
    for group in profile.by_theme(values):
        lines.append(Line(group["title"], role="group"))
        for value in group["values"]:
            text = f"{value.text} ({value.note})" if value.note else value.text
            cells = [Cell(text, value.value, "1"), Cell(str(value.year), value.year, "year")]
            if compared:
                cells.append(Cell(value.above))
            lines.append(Line(value.name, (*cells, Cell(value.source))))
    yield Table(
        caption=_("The newest value of each number"),
        heads=tuple(heads),
        lines=tuple(lines),
        subtitle=_("A missing or excluded value is no zero: it says why it is missing."),
        sheet=_("Numbers of context"),
        texts=frozenset({3, 4} if compared else {3}),
        widths=(4, 2.6, 0.9, 2.8, 3.2) if compared else (5, 2.6, 1, 4),
    )


# --- sources and method -------------------------------------------------------------------------------------------
def _sources(actor: Actor, area: Area, residents: profile.Residents | None) -> Iterator[Block]:
    """Every source that stands behind a figure or an outline of the report, with its licence."""
    below = finding.below(area.pk)
    keys = counted.sources_of(actor, area)
    keys |= set(
        ContextValue.objects.filter(area=area, source__isnull=False).order_by().values_list("source", flat=True)
    )
    shown = Boundary.objects.filter(area__in=below, valid_to__isnull=True, source__isnull=False)
    keys |= set(shown.order_by().values_list("source", flat=True).distinct())
    if residents is not None and residents.source is not None:
        keys.add(residents.source.pk)
    lines = []
    for source in Source.objects.filter(pk__in=keys).order_by("title", "id"):
        dated = source.published_on or source.retrieved_on
        cells = (Cell(source.publisher), Cell(source.licence), Cell(day(dated) if dated else ""), Cell(source.url))
        lines.append(Line(source.title, cells))
    yield Heading(_("Sources"), 2)
    if not lines:
        yield Paragraph(_("The registers of the body alone."))
        return
    yield Table(
        caption=_("Where the figures and the outlines come from"),
        heads=(_("Source"), _("Publisher"), _("Licence"), _("Date"), _("Address")),
        lines=tuple(lines),
        sheet=_("Sources"),
        texts=frozenset({1, 2, 3, 4}),
        widths=(4, 3, 2, 2, 4),
    )


def _method() -> Iterator[Block]:
    yield Heading(_("How to read these numbers"), 2)
    yield Bullets(
        (
            (
                _("What is counted."),
                _("The records of the registers that everybody may see, each once, on the day printed on every page."),
            ),
            (
                _("What is not."),
                _(
                    "What nobody registered. A register says what was listed, not what exists: few records may mean "
                    "few resources, or few people who wrote them down."
                ),
            ),
            (
                _("Exact and estimated."),
                _("A figure marked ~, or with “about” or “more than”, contains estimates or is a lower bound."),
            ),
            (
                _("Completeness."),
                _(
                    "Beside a figure stands of how many records it is known; what is not stated is shown apart, and "
                    "percentages are of the records with an answer. Where a record may have several answers they add "
                    "up to more than 100."
                ),
            ),
            (
                _("People."),
                _("Volunteers and people reached are head-counts of activities: who takes part in two counts twice."),
            ),
            (
                _("Small counts."),
                _("Counts of people below 3 are not published (•), nor are the figures from which they could be told."),
            ),
            (
                _("No ranking."),
                _(
                    "Areas differ in people, history and in how carefully they were described: they are not compared "
                    "as better or worse."
                ),
            ),
        )
    )
    described = counted.definitions()
    if described:
        yield Heading(_("What each indicator counts"), 2)
        yield Bullets(described)
