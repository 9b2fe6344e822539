"""Indices around 100: what they say of an area and of its parts, on a map, with how they are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from trama.core.actor import NOBODY
from trama.insight import clustering
from trama.insight.area_values import NothingToSay
from trama.insight.indices.hundred import about_hundred, clearly, width_of
from trama.reports.document import Block, Bullets, Cell, Heading, Line, Map, Paragraph, Table
from trama.reports.mapping import shaded_map
from trama.reports.phrases import capital, listed
from trama.reports.series import Series, values_below
from trama.territory import finding
from trama.territory.choices import RANK, AreaKind, Polarity, ValueState
from trama.territory.models import Area, ContextIndicator, ContextValue
from trama.ui.numbers import number

MOST_MAPS = 2
MOST_PARTS = 130


@dataclass(frozen=True)
class OfParts:
    """An index in the parts of an area (all of one kind): the year, and values by area."""

    indicator: ContextIndicator
    year: int
    kind: str
    values: dict[int, ContextValue]
    width: float = 0.0  # half of the middle class of the map; what lies outside it is "clearly" above or below

    @property
    def known(self) -> dict[int, float]:
        """The values that are numbers."""
        return {area: row.value for area, row in self.values.items() if row.value is not None}


def indices_of_parts(area: Area) -> list[OfParts]:
    """The indices that are known for parts of an area, each at the widest kind of parts that has it."""
    nodes = finding.nodes()
    below = [pk for pk in finding.below(area.pk) if pk != area.pk and pk in nodes and nodes[pk].in_force]
    if not below:
        return []
    indicators = ContextIndicator.objects.filter(centre__isnull=False, values__area__in=below).distinct()
    found = []
    for indicator in indicators.order_by("position", "code"):
        year, values = values_below(indicator, below)
        kinds = sorted({nodes[pk].kind for pk, row in values.items() if row.value is not None}, key=RANK.__getitem__)
        if kinds:
            of_kind = {pk: row for pk, row in values.items() if nodes[pk].kind == kinds[0]}
            found.append(OfParts(indicator, year, kinds[0], of_kind, width_of(indicator, kinds[0], year)))
    return found


def index_blocks(area: Area, own: list[Series], parts: list[OfParts]) -> Iterator[Block]:
    """The section on indices of the area (`own`) and of its parts; nothing at all where no index is known."""
    own = [one for one in own if one.known]
    if not own and not parts:
        return
    yield Heading(_("Indices"), 1)
    yield Paragraph(
        _(
            "An index puts several numbers into one. It says where to look, not why. What 100 means differs from index "
            "to index, and is said with each."
        ),
        key="indices.what",
    )
    for one in own:
        yield Paragraph(_of_area(one, area), key=f"indices.{one.indicator.code}")
    if own:
        yield _own_table(own)
    for place, of_parts in enumerate(parts):
        yield Paragraph(_of_parts(of_parts), key=f"indices.{of_parts.indicator.code}.parts")
        if place < MOST_MAPS:
            # Of the first alone: it stands for the others, and to try a pattern takes thousands of shuffles.
            together = _together(area, of_parts) if place == 0 else ""
            if together:
                yield Paragraph(together, key=f"indices.{of_parts.indicator.code}.clusters")
            drawn = _map(area, of_parts)
            if drawn is not None:
                yield drawn
    yield Paragraph("", key="indices.added")
    if parts:
        yield from _parts_table(parts)
    yield Heading(_("How the indices are made"), 2)
    indicators = {one.indicator.pk: one.indicator for one in own} | {one.indicator.pk: one.indicator for one in parts}
    yield Bullets(tuple(methods(indicators)))


def _together(area: Area, found: OfParts) -> str:
    """Whether neighbouring areas resemble each other, in the sentences of `insight.clustering`."""
    asked = clustering.Asked(found.indicator.code, found.kind, found.year, within=area.code)
    try:
        answer = clustering.examine(NOBODY, asked)
    except NothingToSay:
        return ""
    said = [clustering.sentence(answer), clustering.meaning(answer), clustering.marked_sentence(answer)]
    return " ".join(part for part in said if part)


def more_is(indicator: ContextIndicator) -> str:
    """What a high value means."""
    if indicator.polarity == Polarity.NEGATIVE:
        return _("higher is worse")
    return _("higher is better") if indicator.polarity == Polarity.POSITIVE else _("neither end is better")


def _of_area(one: Series, area: Area) -> str:
    last = one.known[-1]
    centre = one.indicator.centre or 0.0
    value = last.value or 0.0
    names = {
        "name": one.indicator.name,
        "value": number(value, one.indicator.decimals),
        "year": last.year,
        "centre": number(centre),
        "meaning": more_is(one.indicator),
    }
    width = width_of(one.indicator, area.kind, last.year)
    away = round(round(value, one.indicator.decimals) - centre, one.indicator.decimals)
    if not away:
        text = _("%(name)s: %(value)s in %(year)s, that is %(centre)s (%(meaning)s).")
    elif abs(away) <= width:
        text = _("%(name)s: %(value)s in %(year)s, around %(centre)s (%(meaning)s).")
    elif width:
        text = (
            _("%(name)s: %(value)s in %(year)s, clearly above %(centre)s (%(meaning)s).")
            if away > 0
            else _("%(name)s: %(value)s in %(year)s, clearly below %(centre)s (%(meaning)s).")
        )
    else:
        text = (
            _("%(name)s: %(value)s in %(year)s, above %(centre)s (%(meaning)s).")
            if away > 0
            else _("%(name)s: %(value)s in %(year)s, below %(centre)s (%(meaning)s).")
        )
    text = " ".join(
        part.replace("%", "%%") if place else part
        for place, part in enumerate(
            (text, about_hundred(one.indicator), clearly(centre, width, one.indicator.decimals) if width else "")
        )
        if part
    )
    if len(one.known) < 2:
        return text % names
    first = one.known[0]
    before = {"value": number(first.value, one.indicator.decimals), "year": first.year}
    earlier = _("In %(year)s it was %(value)s.")
    return f"{text % names} {earlier % before}"


def _of_parts(found: OfParts) -> str:
    """How the parts lie around the mean: how many above, how far the ends are; no first and no last is named."""
    values = list(found.known.values())
    centre = found.indicator.centre or 0.0
    decimals = found.indicator.decimals
    away = [round(round(value, decimals) - centre, decimals) for value in values]
    above = sum(one > found.width for one in away)
    below = sum(-one > found.width for one in away)
    names = {"name": found.indicator.name, "count": number(len(values)), "year": found.year}
    head = ngettext(
        "%(name)s is known for one area in %(year)s", "%(name)s is known for %(count)s areas in %(year)s", len(values)
    )
    spread = _("the values go from %(low)s to %(high)s") % {
        "low": number(min(values), found.indicator.decimals),
        "high": number(max(values), found.indicator.decimals),
    }
    if found.width:
        parts = [
            _none_one_many(above, _("none is clearly above %(centre)s"), _above_words(above), centre),
            _none_one_many(below, _("none is clearly below %(centre)s"), _below_words(below), centre),
        ]
    else:
        parts = [_("%(count)s above %(centre)s"), _("%(count)s below")]
        parts = [
            part % {"count": number(count), "centre": number(centre)}
            for part, count in zip(parts, (above, below), strict=True)
        ]
    text = f"{head % names}: {parts[0]}, {parts[1]}; {spread}." if len(values) > 1 else f"{head % names}."
    if found.width and len(values) > 1:
        text += " " + clearly(centre, found.width, decimals)
    missing = sum(row.state == ValueState.EXCLUDED for row in found.values.values())
    if missing:
        left = ngettext("The source leaves one area out.", "The source leaves %(count)s areas out.", missing)
        text += " " + left % {"count": number(missing)}
    return capital(text)


def _above_words(count: int) -> str:
    return ngettext("one lies clearly above %(centre)s", "%(count)s lie clearly above %(centre)s", count)


def _below_words(count: int) -> str:
    return ngettext("one clearly below", "%(count)s clearly below", count)


def _none_one_many(count: int, none: str, some: str, centre: float) -> str:
    return (some if count else none) % {"count": number(count), "centre": number(centre)}


def _map(area: Area, found: OfParts) -> Map | None:
    indicator = found.indicator
    centre = indicator.centre or 0.0
    svg = shaded_map(
        area,
        list(found.values),
        found.known,
        centre=centre,
        excluded=frozenset(pk for pk, row in found.values.items() if row.state == ValueState.EXCLUDED),
        decimals=indicator.decimals,
        width=found.width,
    )
    if svg is None:
        return None
    title = _("%(name)s, %(year)s") % {"name": indicator.name, "year": found.year}
    kind = str(dict(AreaKind.choices)[found.kind])
    subtitle = _("By %(kind)s; %(meaning)s. %(hundred)s") % {
        "kind": kind,
        "meaning": more_is(indicator),
        "hundred": about_hundred(indicator),
    }
    alt = " ".join([f"{title}.", _of_parts(found), _("The table has all values.")])
    return Map(title, subtitle, alt, svg)


def _own_table(own: list[Series]) -> Table:
    lines = []
    for one in own:
        last = one.known[-1]
        text = number(last.value, one.indicator.decimals)
        cells = (
            Cell(text, last.value, "1" if one.indicator.decimals else ""),
            Cell(str(last.year), last.year, "year"),
            Cell(more_is(one.indicator)),
            Cell(last.source),
        )
        lines.append(Line(one.indicator.name, cells, key=one.key))
    return Table(
        caption=_("The indices of the area"),
        heads=(_("Index"), _("Value"), _("Year"), _("Reading"), _("Source")),
        lines=tuple(lines),
        sheet=_("Indices"),
        texts=frozenset({3, 4}),
        widths=(3.6, 1, 0.9, 2.2, 4),
        key="indices",
        columns=("value", "year", "", ""),
    )


def _parts_table(parts: list[OfParts]) -> Iterator[Table]:
    """One table per kind of part: the areas in alphabetical order, an index per column."""
    nodes = finding.nodes()
    for kind in dict.fromkeys(one.kind for one in parts):
        group = [one for one in parts if one.kind == kind]
        areas = sorted({pk for one in group for pk in one.values}, key=lambda pk: (nodes[pk].name, pk))[:MOST_PARTS]
        lines = []
        for pk in areas:
            cells = [_part_cell(one, one.values.get(pk)) for one in group]
            lines.append(Line(nodes[pk].name, tuple(cells), key=nodes[pk].code))
        heads = [_("%(name)s, %(year)s") % {"name": one.indicator.name, "year": one.year} for one in group]
        sources = sorted({row.source.title for one in group for row in one.values.values() if row.source})
        yield Table(
            caption=_("The indices by %(kind)s") % {"kind": str(dict(AreaKind.choices)[kind])},
            heads=(_("Area"), *heads),
            lines=tuple(lines),
            subtitle="; ".join([_("In alphabetical order: this is no ranking"), *sources]),
            sheet=_("Indices by area"),
            widths=(3, *[1.5] * len(group)),
            key=f"indices.{kind}",
            columns=tuple(one.indicator.code for one in group),
        )


def _part_cell(one: OfParts, row: ContextValue | None) -> Cell:
    if row is None:
        return Cell(_("not stated"), status="missing")
    if row.value is None:
        word = (
            pgettext("an area", "left out")
            if row.state == ValueState.EXCLUDED
            else str(dict(ValueState.choices)[row.state])
        )
        return Cell(word, status=row.state)
    return Cell(number(row.value, one.indicator.decimals), row.value, "1" if one.indicator.decimals else "")


def methods(indicators: dict[int, ContextIndicator]) -> Iterator[tuple[str, str]]:
    """How each index is made, in the words of its definition, with its version."""
    for indicator in indicators.values():
        about = indicator.description or _("The definition says nothing of how it is made.")
        version = _("Definition, version %(version)s.") % {"version": indicator.version}
        within = ""
        if indicator.compare_within:
            kind = str(dict(AreaKind.choices)[indicator.compare_within])
            within = _("To be compared only inside the same %(kind)s.") % {"kind": kind}
        made = _made(indicator)
        # The description of an index made here, and that of a source, may already say it.
        meant = about_hundred(indicator)
        meant = "" if meant.rstrip(".") in about else meant
        yield f"{indicator.name}.", " ".join(part for part in (about, meant, made, within, version) if part)


def _made(indicator: ContextIndicator) -> str:
    """What an index that was made here is made of, as its published definition states it."""
    definition = indicator.index_definitions.filter(state="published").order_by("-version").first()
    if definition is None:
        return ""
    names = []
    for ingredient in definition.ingredients.select_related("indicator").order_by("position", "id"):
        name = ingredient.indicator.name
        words = _("%(name)s (lowers it)") if ingredient.polarity < 0 else "%(name)s"
        names.append(words % {"name": name})
    text = _("It is made of %(names)s; method %(method)s.")
    return text % {"names": listed(names, 20), "method": definition.get_method_display()}
