"""Need beside supply: an indicator of need of the parts of an area against what is listed in each of them.

A list is not the reality: whatever is printed says so. Areas are named in alphabetical order, never ranked.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.core.registers import Selection
from trama.insight.crosstab import compute, plural, small
from trama.insight.shapes import Status
from trama.reports.document import Block, Cell, Heading, Line, Map, Paragraph, Table
from trama.reports.drawing import Scale, Spot, scattered
from trama.reports.indices import OfParts, indices_of_parts
from trama.reports.mapping import shaded_map
from trama.reports.phrases import listed
from trama.reports.series import values_below
from trama.territory import finding, profile
from trama.territory.choices import AreaKind, Polarity
from trama.territory.declarations import AreaDimension
from trama.territory.models import Area, ContextIndicator
from trama.ui.numbers import number

SUPPLY = "resources"  # the register whose records are the supply
HOUSEHOLDS = "households"
PER = 1000
FEWEST = 6  # fewer parts than these are not divided into high and low
MOST_NAMES = 12


@dataclass(frozen=True)
class Part:
    """A part of an area: its need, what is listed in it, and per how many households or residents."""

    pk: int
    name: str
    code: str
    need: float
    supply: int
    base: int | None

    @property
    def rate(self) -> float | None:
        """What is listed per thousand."""
        return self.supply / self.base * PER if self.base else None


@dataclass(frozen=True)
class Beside:
    """Need and supply of the parts of an area, with where high and low are divided."""

    found: OfParts
    supply: str  # what is counted: "Resources"
    per: str  # "households" or "residents"
    per_year: int
    parts: list[Part]
    high: float
    low: float

    def is_short(self, part: Part) -> bool:
        """Whether need is in the upper third and supply listed in the lower third."""
        return part.need >= self.high and part.rate is not None and part.rate <= self.low

    @property
    def short(self) -> list[Part]:
        """The parts where need is high and supply listed is low, by name."""
        return [part for part in self.parts if self.is_short(part)]

    @property
    def empty(self) -> list[Part]:
        """The parts with a value of need in which nothing is listed."""
        return [part for part in self.parts if part.supply == 0]


def beside_supply(actor: Actor, area: Area) -> Beside | None:
    """Need beside supply for the parts of an area; None where one of the two, or a base, is not known."""
    found = _need(area)
    register = gathered.registers.get(SUPPLY)
    if found is None or register is None:
        return None
    key = next((d.key for d in register.dimensions if isinstance(d, AreaDimension) and d.level == found.kind), None)
    whole = next((d.key for d in register.dimensions if isinstance(d, AreaDimension) and not d.level), None)
    if key is None or whole is None:
        return None
    crosstab = compute(actor, register, Selection(((whole, (area.code,)),)), key)
    counted = {
        value.key: int(cell.value or 0)
        for value, cell in zip(crosstab.rows.values, crosstab.row_totals, strict=True)
        if cell.status is Status.VALUE
    }
    per, year, bases = _bases(list(found.known))
    nodes = finding.nodes()
    parts = [
        Part(pk, nodes[pk].name, nodes[pk].code, need, counted.get(nodes[pk].code, 0), bases.get(pk))
        for pk, need in found.known.items()
    ]
    parts.sort(key=lambda part: (part.name, part.pk))
    rates = [part.rate for part in parts if part.rate is not None]
    if len(rates) < FEWEST:
        return None
    high = statistics.quantiles([part.need for part in parts], n=3, method="inclusive")[1]
    low = statistics.quantiles(rates, n=3, method="inclusive")[0]
    return Beside(found, plural(register), per, year, parts, high, low)


def _need(area: Area) -> OfParts | None:
    """The first index of the parts where higher is worse; else the first such share."""
    indices = [one for one in indices_of_parts(area) if one.indicator.polarity == Polarity.NEGATIVE]
    if indices:
        return indices[0]
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


def _bases(areas: list[int]) -> tuple[str, int, dict[int, int]]:
    """How many households (else residents) there are in each area: what is counted, its year, the counts."""
    households = ContextIndicator.objects.filter(code=HOUSEHOLDS).first()
    if households is not None:
        year, rows = values_below(households, areas)
        counts = {pk: round(row.value) for pk, row in rows.items() if row.value}
        if len(counts) >= FEWEST:
            return HOUSEHOLDS, year, counts
    return "residents", 0, {pk: count for pk, count in profile.newest_residents(areas).items() if count}


# --- what is printed ----------------------------------------------------------------------------------------------
def need_blocks(actor: Actor, area: Area) -> Iterator[Block]:
    """The section on need beside supply; nothing where one of the two is not known."""
    found = beside_supply(actor, area)
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


def _rate_name(found: Beside) -> str:
    if found.per == HOUSEHOLDS:
        return _("%(supply)s listed per 1,000 households") % {"supply": found.supply}
    return _("%(supply)s listed per 1,000 residents") % {"supply": found.supply}


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
    spots = [
        Spot(part.name, part.need, part.rate, found.is_short(part)) for part in found.parts if part.rate is not None
    ]
    svg = scattered(
        spots,
        Scale(indicator.name, found.high, lambda value: number(value, indicator.decimals)),
        Scale(_rate_name(found), found.low, lambda value: number(value, 1)),
    )
    title = _("Each point is an area: need to the right, supply listed upward")
    subtitle = _("Below on the right: need high, supply listed low; the dashed lines divide the thirds")
    alt = " ".join([f"{title}.", _sentence(found), _("The table has all values.")])
    return Map(title, subtitle, alt, svg)


def _table(found: Beside) -> Table:
    indicator = found.found.indicator
    lines = []
    for part in found.parts:
        rate = part.rate
        cells = (
            Cell(number(part.need, indicator.decimals), part.need, "1" if indicator.decimals else ""),
            Cell(number(part.supply), part.supply),
            Cell(_("not stated"), status="missing") if part.base is None else Cell(number(part.base), part.base),
            Cell(_("not known"), status="missing") if rate is None else Cell(number(rate, 1), round(rate, 4), "1"),
            Cell(_("need high, supply low") if found.is_short(part) else ""),
        )
        lines.append(Line(part.name, cells, key=part.code))
    base = _("Households") if found.per == HOUSEHOLDS else _("Residents")
    kind = str(dict(AreaKind.choices)[found.found.kind])
    year = f", {found.per_year}" if found.per_year else ""
    return Table(
        caption=_("Need beside supply by %(kind)s") % {"kind": kind},
        heads=(
            _("Area"),
            _("%(name)s, %(year)s") % {"name": indicator.name, "year": found.found.year},
            found.supply,
            f"{base}{year}",
            _("per 1,000"),
            _("Reading"),
        ),
        lines=tuple(lines),
        subtitle=_("In alphabetical order: this is no ranking. What lies outside these areas is not counted."),
        sheet=_("Need and supply"),
        texts=frozenset({5}),
        widths=(3, 1.8, 1.2, 1.5, 1.2, 2.6),
        key=f"need.{found.found.kind}",
        columns=("need", "supply", "", "", ""),
    )
