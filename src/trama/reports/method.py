"""What stands at the end of every report: sources with their licences, how to read the numbers, the words."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.models import Source
from trama.reports import counted
from trama.reports.document import Block, Bullets, Cell, Heading, Line, Paragraph, Table
from trama.territory import finding, profile
from trama.territory.models import Area, Boundary, ContextValue, Population
from trama.ui.numbers import day


# --- sources and method -------------------------------------------------------------------------------------------
def sources(actor: Actor, area: Area, residents: profile.Residents | None) -> Iterator[Block]:
    """Every source that stands behind a figure or an outline of the report, with its licence."""
    below = finding.below(area.pk)
    keys = counted.sources_of(actor, area)
    values = ContextValue.objects.filter(Q(area=area) | Q(area__in=below, indicator__centre__isnull=False))
    # Residents of the parts stand in the table of parts, and under the rates of the pages on need.
    residents_below = ContextValue.objects.filter(area__in=below, indicator__code=profile.RESIDENTS)
    # Values of the areas above stand beside those of the area, and are drawn dashed.
    mine = ContextValue.objects.filter(area=area).order_by().values("indicator")
    above = ContextValue.objects.filter(
        area__in=[node.id for node in finding.path_of(area.pk)[:-1]], indicator__in=mine
    )
    for rows in (residents_below, above, Population.objects.filter(area__in=below)):
        keys |= set(rows.filter(source__isnull=False).order_by().values_list("source", flat=True).distinct())
    keys |= set(values.filter(source__isnull=False).order_by().values_list("source", flat=True).distinct())
    shown = Boundary.objects.filter(area__in=below, valid_to__isnull=True, source__isnull=False)
    keys |= set(shown.order_by().values_list("source", flat=True).distinct())
    if residents is not None and residents.source is not None:
        keys.add(residents.source.pk)
    lines = []
    found = list(Source.objects.filter(pk__in=keys).order_by("title", "id"))
    dates = any(source.published_on or source.retrieved_on for source in found)
    for source in found:
        dated = source.published_on or source.retrieved_on
        date = [Cell(day(dated) if dated else _("not stated"))] if dates else []
        cells = (Cell(source.publisher), Cell(source.licence), *date, Cell(source.url))
        lines.append(Line(source.title, cells))
    yield Heading(_("Sources"), 2)
    if not lines:
        yield Paragraph(_("The registers of the body alone."))
        return
    yield Table(
        caption=_("Where the figures and the outlines come from"),
        heads=(_("Source"), _("Publisher"), _("Licence"), *([_("Date")] if dates else []), _("Address")),
        lines=tuple(lines),
        sheet=_("Sources"),
        key="sources",
        texts=frozenset({1, 2, 3, 4}),
        widths=(4, 3, 2, 2, 4) if dates else (4, 3, 2, 5),
    )


def method(*, registered: bool) -> Iterator[Block]:
    """How the numbers are to be read; and what each indicator counts, where something is registered."""
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
                _(
                    "Counts of people below 3 (below 5 where they could tell of health, origin or belief) are not "
                    "published: • or “protected” stands in their place. No other figure here depends on them."
                ),
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
    described = counted.definitions() if registered else ()
    if described:
        yield Heading(_("What each indicator counts"), 2)
        yield Bullets(described)


def glossary(*, ages: bool, indices: bool, incomes: bool) -> Iterator[Block]:
    """The words of the report that a reader may not know, in alphabetical order."""
    words = [
        (_("Area."), _("A piece of territory with a name: municipality, district, zone, hamlet, statistical area.")),
        (_("Experience."), _("A project, activity, group or event, with a period, places, people and organisations.")),
        (_("Household."), _("People who live together and are registered as one family; somebody alone is one too.")),
        (_("Organisation."), _("Whoever acts: a public body, an association, an informal group, a parish, a firm.")),
        (_("Resource."), _("Something that is offered to people, with who offers it, for whom and how one gets in.")),
    ]
    if indices:
        words += [
            (
                _("Index."),
                _("Several numbers put into one. What 100 means differs from index to index, and is said with each."),
            ),
            (
                _("Third."),
                _("A list of areas put in order and divided into three equal parts: lowest, middle, highest."),
            ),
        ]
    if incomes:
        median = _("The value in the middle: half of the people or households lie below it, half above.")
        words.append((_("Median."), median))
    if ages:
        words += [
            (_("Old-age index."), _("People of 65 and over for every 100 under 15.")),
            (_("Dependency."), _("People under 15 or of 65 and over for every 100 between 15 and 64.")),
            (_("Turnover of the active."), _("People of 60–64 for every 100 of 15–19.")),
        ]
    yield Heading(_("Glossary"), 2)
    yield Bullets(tuple(sorted(words, key=lambda pair: pair[0].casefold())))
