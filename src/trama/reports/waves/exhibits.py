"""Tables, charts and maps of a wave: the title says the finding, and base, source and data stand beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from trama.monitoring.models import Wave
from trama.reports.document import Block, Cell, Chart, Line, Map, Paragraph, Table, share_cell
from trama.reports.drawing import PHONE, bars_drawn
from trama.reports.mapping import Circle, circles_drawn
from trama.reports.waves import phrases
from trama.reports.waves.counted import Counted, Cut, Place
from trama.ui import charts
from trama.ui.charts import Bar
from trama.ui.numbers import number

MOST_BARS = 14
FEWEST_BARS = 3
FIGURES = ("records", "organisations", "volunteers", "beneficiaries")
BESIDE = ("organisations", "volunteers", "beneficiaries")  # what stands beside the count in the table of a cut


def cut_blocks(wave: Wave, cut: Cut, chapter: str) -> Iterator[Block]:
    """A cut as a sentence, a chart where it carries one, and its table."""
    yield Paragraph(phrases.sentence(cut), key=f"{chapter}.{cut.key}")
    if not cut.known:
        return
    if cut.known >= phrases.ENOUGH and len(cut.rows) >= FEWEST_BARS:
        yield cut_chart(wave, cut, chapter)
    yield cut_table(wave, cut, chapter)


def cut_chart(wave: Wave, cut: Cut, chapter: str) -> Chart:
    """Bars of the most frequent values."""
    shown = cut.rows[:MOST_BARS]
    items = [Bar(row.name, row.number.value, row.number.text) for row in shown]
    subtitle = cut.label
    if len(cut.rows) > len(shown):
        subtitle = _("%(label)s: the %(n)s most frequent") % {"label": cut.label, "n": number(len(shown))}
    figures = "; ".join(f"{row.name} {row.number.text}" for row in shown)
    return Chart(
        title=phrases.finding(cut),
        subtitle=subtitle if phrases.finding(cut) != subtitle else "",
        alt=_("Bar chart, %(label)s: %(figures)s.") % {"label": cut.label.lower(), "figures": figures},
        specification=charts.bars(items),
        svg=bars_drawn(items),
        narrow=bars_drawn(items, PHONE),
        key=f"chart.{chapter}.{cut.key}",
        table=f"{chapter}.{cut.key}",
        base=phrases.base_of(cut),
        source=phrases.source_of(wave),
    )


def cut_table(wave: Wave, cut: Cut, chapter: str) -> Table:
    """Every value with its share of the records that state any; what is not stated apart; never forced to 100."""
    beside = [key for key in (*BESIDE, *(["money"] if cut.key == "funding" else [])) if key in cut.total]
    lines = []
    for row in cut.rows:
        cells = [row.number.cell, share_cell(row.share, cut.known)]
        cells += [row.others[key].cell if key in row.others else Cell("") for key in beside]
        lines.append(Line(row.name, tuple(cells), key=row.key))
    if cut.missing:
        lines.append(Line(_("not stated"), (Cell(number(cut.missing), cut.missing),), "apart", "missing"))
    total = [Cell(number(cut.base), cut.base), Cell(""), *(cut.total[key].cell for key in beside)]
    lines.append(Line(_("In all, each once"), tuple(total), "total", "total"))
    notes = [_("Volunteers and people reached are not distinct persons.")] if "beneficiaries" in beside else []
    return Table(
        caption=cut.label,
        heads=(cut.label, _("Experiences"), _("Share"), *(cut.total[key].label for key in beside)),
        lines=tuple(lines),
        subtitle=phrases.base_of(cut),
        notes=(*notes, phrases.source_of(wave)),
        sheet=cut.label,
        key=f"{chapter}.{cut.key}",
        columns=("count", "", *beside),
        widths=(4, 1.5, 1.2, *(1.7 for _key in beside)),
    )


# --- places -------------------------------------------------------------------------------------------------------
def places_table(wave: Wave, found: Counted, key: str, caption: str) -> Table:
    """The four figures by area, in the order of the tree: no ranking; the total counts everything once."""
    whole = found.whole
    known = [figure for figure in FIGURES if figure in whole]
    rows = [(place, "value") for place in found.places]
    if found.everywhere is not None:
        rows.append((found.everywhere, "apart"))
    lines = [
        Line(place.name, tuple(place.numbers[figure].cell if figure in place.numbers else Cell("") for figure in known),
             role, str(place.area))
        for place, role in rows
    ]  # fmt: skip
    lines.append(Line(_("In all, each once"), tuple(whole[figure].cell for figure in known), "total", "total"))
    notes = [
        _("What happens in several areas stands in each of them, and once in the total: the column does not add up."),
        _("This is no ranking: areas differ in people, history and in how carefully they were described."),
    ]
    if "beneficiaries" in known and whole["beneficiaries"].note:
        notes.append(whole["beneficiaries"].note)
    return Table(
        caption=caption,
        heads=(_("Area"), *(whole[figure].label for figure in known)),
        lines=tuple(lines),
        subtitle=_("Base: %(base)s sheets.") % {"base": number(whole["records"].value)},
        notes=(*notes, phrases.source_of(wave)),
        sheet=caption,
        key=key,
        columns=tuple(known),
    )


def places_map(wave: Wave, places: Sequence[Place], title: str, table: str) -> Map | None:
    """A circle for each area, as large as the number of its experiences; None where no boundary is known."""
    circles = [
        Circle(place.area, place.name, place.numbers["records"].value or 0, place.numbers["records"].text)
        for place in places
    ]
    svg = circles_drawn(circles, wave.area_ids())
    if svg is None:
        return None
    figures = "; ".join(f"{circle.name} {circle.text}" for circle in circles)
    return Map(
        title=title,
        subtitle=_("Experiences by area; the surface of a circle is as large as their number"),
        alt=_("Map with a circle for each area. Experiences: %(figures)s.") % {"figures": figures},
        svg=svg,
        key="map.areas",
        table=table,
        base=_("What happens in several areas is counted in each."),
        source=phrases.source_of(wave),
    )
