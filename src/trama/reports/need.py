"""Need beside supply: an indicator of need of the parts of an area against what is listed in each of them.

A list is not the reality: whatever is printed says so. Areas are named in alphabetical order, never ranked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.insight import needs
from trama.insight.area_values import NothingToSay
from trama.insight.crosstab import plural, small
from trama.insight.needs import Asked, Needs
from trama.reports.document import Block, Cell, Heading, Line, Map, Paragraph, Table
from trama.reports.drawing import Scale, Spot, scattered
from trama.reports.indices import OfParts
from trama.reports.mapping import shaded_map
from trama.reports.phrases import capital, listed
from trama.reports.series import values_below
from trama.territory import finding
from trama.territory.choices import AreaKind, Polarity
from trama.territory.models import Area, ContextIndicator
from trama.ui.numbers import number

SUPPLY = "resources"  # the register whose records are the supply
MOST_NAMES = 12


@dataclass(frozen=True)
class Part:
    """A part of an area: its need, what is listed in it, and per how many households or residents."""

    pk: int
    name: str
    code: str
    need: float
    supply: float | None
    base: float | None
    rate: float | None
    is_short: bool  # need in the upper third, supply listed in the lower third


@dataclass(frozen=True)
class Beside:
    """Need and supply of the parts of an area, as the page on need beside supply finds them (`insight.needs`)."""

    found: OfParts
    answer: Needs
    supply: str  # what is counted: "Resources"
    parts: list[Part]

    @property
    def short(self) -> list[Part]:
        """The parts where need is high and supply listed is low, by name."""
        return [part for part in self.parts if part.is_short]

    @property
    def empty(self) -> list[Part]:
        """The parts with a value of need in which nothing is listed."""
        return [part for part in self.parts if part.supply == 0]


def beside_supply(actor: Actor, area: Area, indices: list[OfParts]) -> Beside | None:
    """Need beside supply for the parts of an area; None where one of the two cannot be told."""
    found = _need(area, indices)
    register = gathered.registers.get(SUPPLY)
    if found is None or register is None:
        return None
    base = needs.usual_base(needs.bases_at(found.kind, found.year))
    asked = Asked(found.indicator.code, found.kind, found.year, SUPPLY, per=base, within=area.code)
    try:
        answer = needs.compare(actor, register, asked)
    except NothingToSay:
        return None
    parts = [
        Part(
            line.area.area,
            line.area.name,
            line.area.code,
            line.area.value,
            line.count,
            line.base,
            line.supply,
            line.stands_out,
        )
        for line in answer.lines
        if line.area.value is not None
    ]
    return Beside(found, answer, plural(register), sorted(parts, key=lambda part: (part.name, part.pk)))


def _need(area: Area, indices: list[OfParts]) -> OfParts | None:
    """The first index of the parts where higher is worse; else the first such share."""
    worse = [one for one in indices if one.indicator.polarity == Polarity.NEGATIVE]
    if worse:
        return worse[0]
    nodes = finding.nodes()
    below = [pk for pk in finding.below(area.pk) if pk != area.pk and pk in nodes and nodes[pk].in_force]
    shares = ContextIndicator.objects.filter(
        polarity=Polarity.NEGATIVE, adds_up=False, centre__isnull=True, values__area__in=below
    )
    for indicator in shares.distinct().order_by("position", "code")[:1]:
        year, values = values_below(indicator, below)
        kinds = {nodes[pk].kind for pk, row in values.items() if row.value is not None}
        if len(kinds) == 1:
            return OfParts(indicator, year, kinds.pop(), values)
    return None


# --- what is printed ----------------------------------------------------------------------------------------------
def need_blocks(actor: Actor, area: Area, indices: list[OfParts]) -> Iterator[Block]:
    """The section on need beside supply; nothing where one of the two is not known."""
    found = beside_supply(actor, area, indices)
    if found is None:
        return
    yield Heading(_("Need beside supply"), 1)
    yield Paragraph(_sentence(found), "lead", key="need.sentence")
    yield Paragraph(
        _(
            "This compares a number of the territory with a list. A list is not the reality: few records may mean few "
            "resources, or few people who wrote them down, and a resource also serves who lives elsewhere."
        ),
        "note",
    )
    if found.empty:
        yield Paragraph(_nothing(found), key="need.nothing")
    yield Paragraph(needs.meaning(found.answer), key="need.meaning")
    yield Paragraph("", key="need.added")
    drawn = _map(area, found)
    if drawn is not None:
        yield drawn
    yield _scatter(found)
    yield _table(found)


def _sentence(found: Beside) -> str:
    indicator = found.found.indicator
    names = {
        "count": number(len(found.short)),
        "all": number(len(found.parts)),
        "indicator": indicator.name,
        "supply": small(found.supply),
        "names": listed([part.name for part in found.short], MOST_NAMES),
    }
    if not found.short:
        return (
            _(
                "In none of the %(all)s areas is “%(indicator)s” among the highest third while the %(supply)s listed "
                "are among the lowest third."
            )
            % names
        )
    text = ngettext(
        "In one area of %(all)s “%(indicator)s” is among the highest third while the %(supply)s listed are among "
        "the lowest third: %(names)s.",
        "In %(count)s areas of %(all)s “%(indicator)s” is among the highest third while the %(supply)s listed are "
        "among the lowest third: %(names)s.",
        len(found.short),
    )
    return text % names


def _nothing(found: Beside) -> str:
    names = {
        "count": number(len(found.empty)),
        "all": number(len(found.parts)),
        "supply": small(found.supply),
        "names": listed([part.name for part in found.empty], MOST_NAMES),
    }
    text = ngettext(
        "Of the %(all)s areas with a value one has no %(supply)s listed: %(names)s.",
        "Of the %(all)s areas with a value %(count)s have no %(supply)s listed: %(names)s.",
        len(found.empty),
    )
    return text % names


def _map(area: Area, found: Beside) -> Map | None:
    indicator = found.found.indicator
    if indicator.centre is None:
        return None
    short = frozenset(part.pk for part in found.short)
    svg = shaded_map(
        area,
        list(found.found.values),
        found.found.known,
        centre=indicator.centre,
        decimals=indicator.decimals,
        width=found.found.width,
        excluded=frozenset(pk for pk, row in found.found.values.items() if row.value is None),
        marked=short,
        mark=_("need high, %(supply)s listed few") % {"supply": small(found.supply)},
    )
    if svg is None:
        return None
    title = _("Where need is high and few %(supply)s are listed") % {"supply": small(found.supply)}
    subtitle = _("%(name)s, %(year)s; thick outlines: need high, supply listed low") % {
        "name": indicator.name,
        "year": found.found.year,
    }
    return Map(title, subtitle, f"{title}. {_sentence(found)}", svg)


def _scatter(found: Beside) -> Map:
    indicator = found.found.indicator
    spots = [Spot(part.name, part.need, part.rate, part.is_short) for part in found.parts if part.rate is not None]
    svg = scattered(
        spots,
        Scale(indicator.name, found.answer.need_bounds[1], lambda value: number(value, indicator.decimals)),
        Scale(needs.supply_label(found.answer), found.answer.supply_bounds[0], lambda value: number(value, 1)),
    )
    title = _("Each point is an area: need to the right, supply listed upward")
    subtitle = _(
        "Dark points with a name: need high, supply listed low. Light points: the other areas. Dashed lines: the thirds"
    )
    alt = " ".join([f"{title}.", _sentence(found), _("The table has all values.")])
    return Map(title, subtitle, alt, svg)


def _table(found: Beside) -> Table:
    indicator, base = found.found.indicator, found.answer.base
    lines = []
    for part in found.parts:
        cells = [
            Cell(number(part.need, indicator.decimals), part.need, "1" if indicator.decimals else ""),
            _cell(part.supply, 0),
            *([_cell(part.base, 0), _cell(part.rate, 1)] if base else []),
            Cell(_("need high, supply low") if part.is_short else ""),
        ]
        lines.append(Line(part.name, tuple(cells), key=part.code))
    divided = [f"{capital(base.unit)}, {base.year}", _("per 1,000")] if base else []
    heads = (
        _("Area"),
        _("%(name)s, %(year)s") % {"name": indicator.name, "year": found.found.year},
        found.supply,
        *divided,
        _("Reading"),
    )
    kind = str(dict(AreaKind.choices)[found.found.kind])
    return Table(
        caption=_("Need beside supply by %(kind)s") % {"kind": kind},
        heads=heads,
        lines=tuple(lines),
        subtitle=_("In alphabetical order: this is no ranking. What lies outside these areas is not counted."),
        sheet=_("Need and supply"),
        texts=frozenset({len(heads) - 1}),
        widths=(3, 1.8, 1.2, *([1.5, 1.2] if base else []), 2.6),
        key=f"need.{found.found.kind}",
        columns=("need", "supply", *[""] * (len(heads) - 3)),
    )


def _cell(value: float | None, decimals: int) -> Cell:
    if value is None:
        return Cell(_("not known"), status="missing")
    return Cell(number(value, decimals), round(value, 4), "1" if decimals else "")
