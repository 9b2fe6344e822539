"""The report on a territory: cover, the area in a page, map, people, numbers of context, registers, sources, method."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import facts
from trama.core.actor import Actor
from trama.insight.shapes import Status
from trama.insight.tables import PROTECTED
from trama.reports import counted
from trama.reports.context import theme_blocks
from trama.reports.document import Block, Cell, Document, Figures, Heading, KeyFigure, Line, Map, Paragraph, Table
from trama.reports.indices import index_blocks, indices_of_parts
from trama.reports.mapping import drawn_map, parts_with_outline, words_of_map
from trama.reports.method import glossary, method, sources
from trama.reports.need import need_blocks
from trama.reports.people import People, people_blocks, people_of
from trama.reports.phrases import listed, what, where
from trama.reports.series import Series, series_of
from trama.territory import finding, profile, two_counts
from trama.territory.models import Area
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
            summary=_("Who, what and where is registered %(where)s, beside the people who live there.")
            % {"where": where(area.name, area.kind)},
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
    people = people_of(area)
    numbers = series_of(area)
    yield Heading(_("%(area)s in a page") % {"area": area.name}, 1)
    counts = counted.figures_of(actor, area)
    yield from _in_a_page(actor, area, people, numbers, counts)
    if people is not None:
        yield Heading(_("People"), 1)
        yield from people_blocks(people)
    if any(not one.is_index for one in numbers.values()):
        yield Heading(_("Numbers of context"), 1)
        yield from theme_blocks(numbers)
    parts = indices_of_parts(area)
    indices = list(index_blocks(area, [one for one in numbers.values() if one.is_index], parts))
    yield from indices
    yield from need_blocks(actor, area, parts)
    yield Heading(_("Who and what is registered"), 1)
    table = counted.indicator_table(counts)
    if table is not None:
        yield table
    yield from counted.register_blocks(actor, area)
    yield Heading(_("Sources and method"), 1)
    yield from sources(actor, area, people.residents if people else None)
    yield from method(registered=table is not None)
    yield from glossary(
        ages=people is not None, indices=bool(indices), incomes=any(_is_income(one) for one in numbers.values())
    )


# --- the area in a page -------------------------------------------------------------------------------------------
def _in_a_page(
    actor: Actor, area: Area, people: People | None, numbers: dict[str, Series], counts: counted.Counts
) -> Iterator[Block]:
    residents = people.residents if people else None
    values = profile.values_of(area)
    yield Paragraph(_introduction(area, residents, numbers), "lead", key="page.where")
    sentence = profile.sentence(area, residents, values)
    if sentence:
        yield Paragraph(sentence, key="page.neighbours")
    unknown = _unknown(people, numbers)
    if unknown:
        yield Paragraph(unknown, key="page.unknown")
    yield Paragraph("", key="page.added")
    figures = []
    if people is not None and residents is not None:
        found, year = people.ratios, str(residents.year)
        figures.append(KeyFigure(number(residents.total), _("Residents"), year))
        share = percent(found.aged_65_over / found.residents)
        old = _("%(share)s of the residents, %(year)s") % {"share": share, "year": year}
        figures.append(KeyFigure(number(found.aged_65_over), _("Aged 65 and over"), old))
    figures += _first_of_themes(values, known_residents=residents is not None)
    figures += counted.key_figures(actor, area, counts)
    if figures:
        yield Figures(tuple(figures[:9]))
    points = counted.points_of(actor, area)
    svg = drawn_map(area, points)
    if svg is not None:
        caution = _("A map of resources counts what was listed, not what exists.") if points else ""
        has_parts = parts_with_outline(area)
        yield Map(_map_title(area, has_parts), caution, words_of_map(area, points, has_parts), svg)
    table = _parts(actor, area)
    if table is not None:
        yield table
        apart = profile.counts_apart(area, residents)
        if apart:
            yield Paragraph(apart, "note", key="page.apart")


def _is_income(one: Series) -> bool:
    return one.indicator.theme == "income"


def _map_title(area: Area, has_parts: bool) -> str:
    return (_("%(area)s and its parts") if has_parts else _("Where it lies: %(area)s")) % {"area": area.name}


def _unknown(people: People | None, numbers: dict[str, Series]) -> str:
    """What nobody published for this area, in a sentence: no table of dashes."""
    missing = []
    if people is None:
        missing.append(_("the ages of those who live here"))
    if people is None and not any(one.indicator.theme == "population" for one in numbers.values()):
        missing.insert(0, _("how many people live here"))
    if not any(one.indicator.theme == "households" for one in numbers.values()):
        missing.append(_("households"))
    if not any(_is_income(one) for one in numbers.values()):
        missing.append(_("incomes"))
    if not missing:
        return ""
    return _("Not known, because no source that is loaded states it for this area: %(what)s.") % {
        "what": listed(missing)
    }


def _first_of_themes(values: list[profile.Value], *, known_residents: bool) -> list[KeyFigure]:
    """The first number of context of the people (where ages are not known) and of the households."""
    wanted = ["households"] if known_residents else ["population", "households"]
    found = []
    for theme in wanted:
        first = next((value for value in values if value.theme == theme and value.value is not None), None)
        if first is not None:
            found.append(KeyFigure(number(first.value), first.name, f"{first.year}, {first.source}"))
    return found


def _introduction(area: Area, residents: profile.Residents | None, numbers: dict[str, Series]) -> str:
    """What the area is, where it lies, how large it is and how many live there."""
    above = finding.path_of(area.pk)[:-1][::-1]
    text = what(area.name, area.kind)
    if above:
        text = f"{text} {where(above[0].name, above[0].kind)}"
        further = ", ".join(node.name for node in above[1:3] if node.name != above[0].name)
        text = f"{text} ({further})" if further else text
    parts = [f"{text}."]
    if area.surface_km2:
        # The number stays with its unit at the end of a line.
        surface = (_("%(surface)s km²") % {"surface": number(area.surface_km2, 1)}).replace(" ", "\u00a0")
        parts.append(_("It covers %(surface)s.") % {"surface": surface})
    stated = numbers.get(profile.RESIDENTS)
    if residents is not None and residents.total:
        parts.append(_lives(area, residents.total, residents.year))
    elif stated is not None and stated.known:
        parts.append(_lives(area, round(stated.known[-1].value or 0), stated.known[-1].year))
    return " ".join(parts)


def _lives(area: Area, count: int, year: int) -> str:
    if not count:
        return _("In %(year)s nobody lives here.") % {"year": year}
    names = {"count": number(count), "year": year}
    text = ngettext("In %(year)s one person lives here", "In %(year)s %(count)s people live here", count) % names
    if not area.surface_km2 or count < area.surface_km2:
        return f"{text}."
    density = _("%(count)s per square kilometre") % {"count": number(count / area.surface_km2)}
    return f"{text}, {density}."


def _parts(actor: Actor, area: Area) -> Table | None:
    """The areas of which it is made, with residents, surface and what is registered in each."""
    children = list(Area.objects.in_force().filter(parent=area).order_by("name", "id"))
    kinds = {child.kind for child in children}
    if not children or len(children) > 120:
        return None
    stated = two_counts.stated_of([child.pk for child in children])
    residents = {pk: total for pk, (total, _year, _source) in stated.items()}
    counts = counted.counts_by_child(actor, children) if len(kinds) == 1 else []
    # A register that holds nothing anywhere would be a column of noughts.
    counts = [(key, name, found) for key, name, found in counts if any(found.values())]
    measured = any(child.surface_km2 for child in children)
    heads = [
        _("Area"),
        *([_("Residents")] if residents else []),
        *([_("km²")] if measured else []),
        *(name for _key, name, _found in counts),
    ]
    if len(heads) == 1:
        return None  # the map and the sentence name them; a table of nothing does not
    lines = []
    for child in children:
        people, surface = residents.get(child.pk), child.surface_km2
        cells = [
            *([_known(people, 0)] if residents else []),
            *([_known(surface, 1)] if measured else []),
            *(_registered(found.get(child.pk, 0)) for _key, _name, found in counts),
        ]
        lines.append(Line(child.name, tuple(cells), key=child.code))
    return Table(
        caption=_("The areas of which it is made"),
        heads=tuple(heads),
        lines=tuple(lines),
        subtitle=_("In alphabetical order: this is no ranking. What lies in several areas counts in each."),
        notes=(_("Residents: %(source)s.") % {"source": two_counts.together(stated).text},) if stated else (),
        sheet=_("Areas"),
        key="parts",
        columns=(
            *(["residents"] if residents else []),
            *([""] if measured else []),
            *(f"register.{key}" for key, _name, _found in counts),
        ),
    )


def _registered(count: int | None) -> Cell:
    return Cell(PROTECTED, status=str(Status.SUPPRESSED)) if count is None else Cell(number(count), count)


def _known(value: float | None, decimals: int) -> Cell:
    if value is None:
        return Cell(_("not known"), status="missing")
    return Cell(number(value, decimals), round(value, 2), "1" if decimals else "")
