"""What the registers count, as blocks of a document: read from the declarations of the apps, whichever they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.declarations import Indicator, gathered
from trama.core.models import Source
from trama.core.registers import Register, Selection
from trama.insight.crosstab import axes_of, compute, plural
from trama.insight.pictures import chart_of
from trama.insight.shapes import Cell as Counted
from trama.insight.shapes import Crosstab, Status
from trama.insight.tables import demonstration_note, printed
from trama.reports.document import Block, Cell, Chart, Heading, KeyFigure, Line, Paragraph, Table
from trama.reports.mapping import Points
from trama.territory import finding
from trama.territory.declarations import AreaDimension
from trama.territory.models import Area, Located
from trama.ui.numbers import day, number, percent

LONGEST = 40
MOST_BARS = 16
# By what a register is counted, where it has these; otherwise by the first thing that it can be counted by.
TELLING = ("activity", "kind", "group", "target", "aim")
MARKED = ("resources", "places")  # registers whose points stand on the map


def area_selection(register: Register, area: Area) -> Selection | None:
    """Everything of a register that lies in an area; None for a register that knows no areas."""
    for dimension in register.dimensions:
        if isinstance(dimension, AreaDimension) and not dimension.level:
            return Selection(((dimension.key, (area.code,)),))
    return None


def registers_of(area: Area) -> Iterator[tuple[Register, Selection]]:
    """The registers that know areas, narrowed to this one."""
    for register in sorted(gathered.registers.values(), key=_place_of):
        selection = area_selection(register, area)
        if selection is not None:
            yield register, selection


def _place_of(register: Register) -> int:
    """Registers stand in the order in which a search shows them."""
    searchable = gathered.searchables.get(register.model._meta.label_lower)
    return searchable.order if searchable is not None else 1000


def register_blocks(actor: Actor, area: Area) -> Iterator[Block]:
    """A section per register: what is counted, by what tells most; the first count also as a chart."""
    for register, selection in registers_of(area):
        yield Heading(plural(register), 2)
        base = selection.rows(register, actor).count()
        if not base:
            yield Paragraph(_("Nothing is registered here yet."))
            continue
        yield Paragraph(_("In all: %(counted)s.") % {"counted": register.counted(base)}, "lead")
        if register.caution:
            yield Paragraph(str(register.caution), "note")
        for place, key in enumerate(_telling(register, actor)):
            found = compute(actor, register, selection, key, longest=LONGEST)
            if not any(value.is_plain for value in found.rows.values):
                continue
            chart = chart_of(found, MOST_BARS) if place == 0 else None
            if chart is not None and len(found.rows.values) > 3:
                yield Chart(chart.title, chart.subtitle, chart.alt, chart.wide)
            yield table_of(found, str(register.caution), repeat_base=chart is None)


def _telling(register: Register, actor: Actor) -> list[str]:
    keys = [axis.key for axis in axes_of(register, actor) if not isinstance(axis, AreaDimension)]
    return [key for key in keys if key in TELLING] or keys[:1]


def table_of(crosstab: Crosstab, caution: str = "", *, repeat_base: bool = True) -> Table:
    """A crosstab as a table of a document, with figures as printed and as numbers.

    What the document says elsewhere (the `caution` of the register, that it is a demonstration) is left out.
    """
    table = printed(crosstab)
    shares = crosstab.cols is None and crosstab.measure.counts_records
    lines = []
    for i, line in enumerate(table.lines):
        figures = [*crosstab.cells[i], crosstab.row_totals[i]]
        cells = [_cell(text.text, cell) for text, cell in zip(line.cells, figures, strict=False)]
        if shares:
            part = crosstab.share(i)
            cells.append(Cell(percent(part), part, "%"))
        lines.append(Line(line.name, tuple(cells), "value" if line.role == "value" else "apart"))
    totals = [
        _cell(text.text, cell)
        for text, cell in zip(table.total.cells, [*crosstab.col_totals, crosstab.total], strict=False)
    ]
    if shares:
        totals.append(Cell(table.total.cells[-1].text))
    lines.append(Line(table.total.name, tuple(totals), "total"))
    notes = tuple(note for note in table.notes if note not in (caution, demonstration_note()))
    return Table(
        caption=crosstab.title,
        heads=(table.corner, *table.heads),
        lines=tuple(lines),
        subtitle=table.base if repeat_base else "",
        notes=notes,
    )


def _cell(text: str, cell: Counted) -> Cell:
    hidden = cell.status in (Status.SUPPRESSED, Status.NOT_APPLICABLE)
    return Cell(text, None if hidden else cell.value)


# --- indicators ---------------------------------------------------------------------------------------------------
def key_figures(actor: Actor, area: Area) -> list[KeyFigure]:
    """The numbers of the home page, for an area, and how many records the other registers hold; no noughts."""
    below = frozenset(finding.below(area.pk))
    found = []
    told = set()
    for indicator in _in_order():
        if not indicator.on_home:
            continue
        told.add(indicator.register)
        figure = indicator.compute(actor, below, None)
        if not figure.value:
            continue
        notes = [_("on %(day)s") % {"day": day(figure.as_of)}] if figure.as_of else []
        if figure.completeness is not None and figure.completeness < 1:
            share = _("known for %(known)s of %(base)s")
            notes.append(share % {"known": number(figure.known), "base": number(figure.base)})
        label = str(indicator.label)
        found.append(KeyFigure(figure.text, label[:1].upper() + label[1:], "; ".join(notes)))
    for register, selection in registers_of(area):
        count = 0 if register.key in told else selection.rows(register, actor).count()
        if count:
            found.append(
                KeyFigure(number(count), plural(register), _("on %(day)s") % {"day": day(timezone.localdate())})
            )
    return found


def _in_order() -> list[Indicator]:
    return sorted(gathered.indicators.values(), key=lambda indicator: (indicator.order, indicator.code))


def indicator_table(actor: Actor, area: Area) -> Table | None:
    """Every indicator of the apps for an area, with how many of how many state it."""
    below = frozenset(finding.below(area.pk))
    lines = []
    for indicator in _in_order():
        figure = indicator.compute(actor, below, None)
        known = ""
        if figure.base is not None and figure.known is not None:
            known = _("%(known)s of %(base)s") % {"known": number(figure.known), "base": number(figure.base)}
        label = str(indicator.label)
        cells = (Cell(figure.text, _whole(figure.value), "1"), Cell(str(indicator.unit)), Cell(known))
        lines.append(Line(label[:1].upper() + label[1:], cells))
    if not lines:
        return None
    return Table(
        caption=_("The indicators of the registers"),
        heads=(_("Indicator"), _("Value"), _("Unit"), _("Known for")),
        lines=tuple(lines),
        subtitle=_("What each of them counts stands in the method."),
        sheet=_("Indicators"),
        texts=frozenset({2}),
    )


def _whole(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def definitions() -> tuple[tuple[str, str], ...]:
    """What each indicator counts, for the method."""
    found = []
    for indicator in _in_order():
        label = str(indicator.label)
        found.append((f"{label[:1].upper() + label[1:]}.", str(indicator.description)))
    return tuple(found)


# --- points and sources -------------------------------------------------------------------------------------------
def points_of(actor: Actor, area: Area) -> list[Points]:
    """What stands on the map of an area."""
    found = []
    for key in MARKED:
        register = gathered.registers.get(key)
        selection = area_selection(register, area) if register is not None else None
        if register is None or selection is None or not issubclass(register.model, Located):
            continue
        rows = selection.rows(register, actor).filter(lon__isnull=False, lat__isnull=False).order_by("pk")
        places = list(rows.values_list("lon", "lat"))
        if places:
            found.append(Points(plural(register), places))
    return found


def sources_of(actor: Actor, area: Area) -> set[int]:
    """The sources of the records of an area, as keys."""
    found: set[int] = set()
    for register, selection in registers_of(area):
        if any(field.name == "source" and field.related_model is Source for field in register.model._meta.fields):
            rows = selection.rows(register, actor).filter(source__isnull=False).order_by()
            found |= set(rows.values_list("source", flat=True).distinct())
    return found


def counts_by_child(actor: Actor, children: Sequence[Area]) -> list[tuple[str, dict[int, int]]]:
    """For each register how many records lie in each of these areas (all of one kind): its name, and counts by area."""
    if not children:
        return []
    level = children[0].kind
    ids = {area.code: area.pk for area in children}
    found = []
    for register in sorted(gathered.registers.values(), key=_place_of):
        for dimension in register.dimensions:
            if isinstance(dimension, AreaDimension) and dimension.level == level:
                crosstab = compute(actor, register, Selection(), dimension.key)
                counted = {
                    ids[value.key]: int(cell.value or 0)
                    for value, cell in zip(crosstab.rows.values, crosstab.row_totals, strict=True)
                    if value.key in ids
                }
                found.append((plural(register), counted))
    return found
