"""The chapter on the experiences: the whole, who takes part, where, and what they are like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core.declarations import Monitored
from trama.monitoring.models import Wave
from trama.reports.document import (
    Block,
    Cell,
    Chart,
    Figures,
    Heading,
    KeyFigure,
    Line,
    Map,
    Paragraph,
    Table,
    share_cell,
)
from trama.reports.drawing import PHONE, bars_drawn
from trama.reports.waves import exhibits, phrases
from trama.reports.waves.counted import Counted, Number
from trama.territory import finding
from trama.ui import charts
from trama.ui.charts import Bar
from trama.ui.numbers import number, percent

# The order of the practice: what they are, who has which part, why, for whom, with what, when.
ORDER = (
    "kind",
    "service_role",
    "aim",
    "target",
    "need",
    "resources",
    "public_service",
    "instrument",
    "funding",
    "phase",
)


def key_figures(whole: dict[str, Number]) -> Figures:
    """The four figures of the practice."""
    items = [
        KeyFigure(one.text, one.label, phrases.known_for(one))
        for key in exhibits.FIGURES
        if (one := whole.get(key)) is not None
    ]
    return Figures(tuple(items))


def not_persons(chapter: str) -> Paragraph:
    """The warning that stands wherever people are summed."""
    return Paragraph(
        _(
            "People reached are not distinct persons, and volunteers neither: who takes part in two experiences is "
            "counted in both."
        ),
        "note",
        key=f"{chapter}.not_persons",
    )


def experience_blocks(wave: Wave, monitored: Monitored, found: Counted) -> Iterator[Block]:
    """The whole chapter."""
    whole = found.whole
    yield Paragraph(_whole(monitored, whole), "lead", key="experiences.whole")
    yield key_figures(whole)
    yield not_persons("experiences")
    yield figures_table(wave, whole)
    yield Paragraph("", key="experiences.added")
    yield Heading(_("Who takes part"), 2)
    yield from _organisations(wave, found)
    yield Heading(_("Where"), 2)
    yield from _where(wave, found)
    others = [key for key, cut in found.cuts.items() if key not in (*ORDER, "organisation_kind")]
    others.sort(key=lambda key: found.cuts[key].is_question)
    for key in (*ORDER, *others):
        cut = found.cuts.get(key)
        if cut is not None:
            yield Heading(cut.label, 2)
            yield from exhibits.cut_blocks(wave, cut, "experiences")


def _whole(monitored: Monitored, whole: dict[str, Number]) -> str:
    if not whole["records"].value:
        return _("The wave counts no experience: nobody answered for any.")
    return _("The wave counts %(totals)s.") % {"totals": phrases.totals(monitored, whole)}


def figures_table(wave: Wave, whole: dict[str, Number]) -> Table:
    """Every figure of the whole, with of how many sheets it is known."""
    lines = [
        Line(one.label, (one.cell, Cell(number(one.known), one.known), Cell(number(one.base), one.base)), key=key)
        for key, one in whole.items()
    ]
    return Table(
        caption=_("The figures of the wave"),
        heads=(_("Figure"), _("Value"), _("Known for"), _("Of")),
        lines=tuple(lines),
        subtitle=_("Known for: the sheets that state it."),
        notes=tuple(note for note in (whole["beneficiaries"].note if "beneficiaries" in whole else "",
                                      phrases.source_of(wave)) if note),
        sheet=_("The figures of the wave"),
        key="figures",
        columns=("value", "", ""),
    )  # fmt: skip


# --- who ----------------------------------------------------------------------------------------------------------
def _organisations(wave: Wave, found: Counted) -> Iterator[Block]:
    whole = found.whole
    total = whole["organisations"]
    yield Paragraph(_who(whole), key="experiences.organisations")
    split = [whole[key] for key in ("organisations_ets", "organisations_other", "organisations_public") if key in whole]
    if total.value and split:
        yield _kinds_chart(wave, split, total)
        yield _kinds_table(wave, split, total)
    cut = found.cuts.get("organisation_kind")
    if cut is not None:
        yield exhibits.cut_table(wave, cut, "experiences")


SIDES = {"organisations_ets": 0, "organisations_other": 1, "organisations_public": 2}


def _side(key: str) -> str:
    return (_("third-sector bodies"), _("other organisations"), _("public bodies"))[SIDES[key]]


def _who(whole: dict[str, Number]) -> str:
    total = whole["organisations"]
    if not total.value:
        return _("No organisation is named on any sheet.")
    text = ngettext(
        "One organisation takes part.", "%(n)s organisations take part, each counted once.", total.value
    ) % {"n": total.text}
    if "organisations_ets" not in whole:
        return text
    names = {
        "ets": _third(whole["organisations_ets"]),
        "other": _others(whole["organisations_other"]),
        "public": _public(whole["organisations_public"]),
    }
    text += " " + _("Among them: %(ets)s, %(other)s, %(public)s.") % names
    if not total.is_complete:
        missing = total.base - total.known
        none = ngettext("One sheet names none.", "%(n)s sheets name none.", missing)
        text += " " + none % {"n": number(missing)}
    return text


def _third(count: Number) -> str:
    if not count.value:
        return _("no third-sector body")
    return ngettext("%(n)s third-sector body", "%(n)s third-sector bodies", count.value) % {"n": count.text}


def _others(count: Number) -> str:
    if not count.value:
        return _("no organisation of another kind")
    text = ngettext("%(n)s organisation of another kind", "%(n)s organisations of other kinds", count.value)
    return text % {"n": count.text}


def _public(count: Number) -> str:
    if not count.value:
        return _("no public body")
    return ngettext("%(n)s public body", "%(n)s public bodies", count.value) % {"n": count.text}


def _kinds_chart(wave: Wave, split: Sequence[Number], total: Number) -> Chart:
    first = max(split, key=lambda one: one.value or 0)
    share = (first.value or 0) / (total.value or 1)
    title = _("%(name)s: %(count)s of %(total)s (%(share)s)") % {
        "name": _side(first.key).capitalize(),
        "count": first.text,
        "total": total.text,
        "share": percent(share, 0),
    }
    figures = "; ".join(f"{_side(one.key)} {one.text}" for one in split)
    items = [Bar(_side(one.key).capitalize(), one.value, one.text) for one in split]
    return Chart(
        title=title,
        subtitle=_("Organisations by sector"),
        alt=_("Bar chart, organisations by sector: %(figures)s.") % {"figures": figures},
        specification=charts.bars(items),
        svg=bars_drawn(items),
        narrow=bars_drawn(items, PHONE),
        key="chart.sector",
        table="sector",
        base=_("Base: %(n)s organisations, each counted once.") % {"n": total.text},
        source=phrases.source_of(wave),
    )


def _kinds_table(wave: Wave, split: Sequence[Number], total: Number) -> Table:
    lines = []
    for one in split:
        share = (one.value or 0) / (total.value or 1)
        lines.append(Line(_side(one.key).capitalize(), (one.cell, share_cell(share, total.value)), key=one.key))
    lines.append(Line(_("Organisations in all"), (total.cell,), "total", "total"))
    return Table(
        caption=_("Organisations by sector"),
        heads=(_("Sector"), _("Organisations"), _("Share")),
        lines=tuple(lines),
        subtitle=_("Base: %(n)s organisations, each counted once.") % {"n": total.text},
        notes=(phrases.source_of(wave),),
        sheet=_("Sectors"),
        key="sector",
        columns=("count", ""),
    )


# --- where --------------------------------------------------------------------------------------------------------
def _where(wave: Wave, found: Counted) -> Iterator[Block]:
    if not found.places:
        yield Paragraph(_("No sheet states an area."), key="experiences.where")
        return
    yield Paragraph(spread(wave, found), key="experiences.where")
    drawn = places_map(wave, found)
    if drawn is not None:
        yield drawn
    yield exhibits.places_table(wave, found, "areas", _("The figures by area"))


def places_map(wave: Wave, found: Counted) -> Map | None:
    """The map of the experiences; its title says how many areas have any, and names no first."""
    return exhibits.places_map(wave, found.places, _reach(wave, found), "areas") if found.places else None


def _reach(wave: Wave, found: Counted) -> str:
    reached = sum(bool(place.numbers["records"].value) for place in found.places)
    nodes = finding.nodes()
    kinds = {nodes[place.area].kind for place in found.places if place.area in nodes}
    inside = {pk for top in wave.area_ids() for pk in finding.below(top)}
    total = max(sum(nodes[pk].kind in kinds and nodes[pk].in_force for pk in inside if pk in nodes), reached)
    if reached == total:
        text = ngettext("The experiences reach the one area", "The experiences reach all %(total)s areas", total)
    else:
        text = ngettext(
            "The experiences reach %(n)s area of %(total)s", "The experiences reach %(n)s areas of %(total)s", reached
        )
    return text % {"n": number(reached), "total": number(total)}


def spread(wave: Wave, found: Counted) -> str:
    """In how many areas something happens, and how much is for the whole territory."""
    parts = [f"{_reach(wave, found)}."]
    everywhere = found.everywhere.numbers["records"].value if found.everywhere else 0
    if everywhere:
        text = ngettext(
            "One is for the whole territory: it stands apart, and counts once in the total.",
            "%(n)s are for the whole territory: they stand apart, and count once in the total.",
            everywhere,
        )
        parts.append(text % {"n": number(everywhere)})
    parts.append(_("What happens in several areas stands in each of them."))
    return " ".join(parts)
