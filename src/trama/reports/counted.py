"""What the registers count, as blocks of a document: read from the declarations of the apps, whichever they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import memo
from trama.core.actor import Actor
from trama.core.declarations import Figure, Indicator, gathered
from trama.core.models import Source
from trama.core.registers import Register, Selection
from trama.insight.crosstab import axes_of, compute, plural, small
from trama.insight.pictures import chart_of
from trama.insight.shapes import Cell as Counted
from trama.insight.shapes import Crosstab, Status
from trama.insight.tables import demonstration_note, printed
from trama.reports.document import Block, Cell, Chart, Heading, KeyFigure, Line, Paragraph, Table, share_cell
from trama.reports.mapping import Points
from trama.reports.phrases import listed
from trama.territory import finding
from trama.territory.declarations import AreaDimension, holds_everything, without_place
from trama.territory.models import Area, Located
from trama.ui.numbers import day, number

LONGEST = 40
MOST_BARS = 16
ENOUGH = 10  # of fewer records a table says all: no bar, no "most frequent"
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


def count_of(actor: Actor, register: Register, selection: Selection) -> int:
    """How many records a selection holds; a report asks for it in several places."""
    key = ("reports.count", register.key, selection)
    return memo.until_changed(key, actor, lambda: selection.rows(register, actor).count())


@dataclass
class Stated:
    """By what a register is counted, and for how many of its records that is stated."""

    register: Register
    label: str
    known: int
    base: int


def register_blocks(actor: Actor, area: Area) -> Iterator[Block]:
    """A section per register that holds something; the empty ones together in one sentence; how complete they are."""
    empty: list[str] = []
    stated: list[Stated] = []
    nowhere: list[str] = []
    for register, selection in registers_of(area):
        base = count_of(actor, register, selection)
        lost = without_place(register, actor)
        if base:
            yield from _register(actor, register, selection, base, stated)
        elif not lost:
            empty.append(small(plural(register)))
        if lost:
            nowhere.append(_lost(register, base, lost, at_home=holds_everything(area)))
    if nowhere:
        yield Paragraph(" ".join(nowhere), "note", key="registered.nowhere")
    if empty:
        text = (
            _("Nothing is registered here yet of these: %(lists)s.")
            if stated or nowhere
            else _("Nothing is registered here.")
        )
        yield Paragraph(text % {"lists": listed(empty)}, key="registered.empty")
    yield Paragraph("", key="registered.added")
    if stated:
        yield _completeness(stated)


def _lost(register: Register, base: int, lost: int, *, at_home: bool) -> str:
    """How many records of a register say no place, and so are counted in no area."""
    words = {"counted": register.counted(base + lost), "n": number(lost), "lost": register.counted(lost)}
    if not at_home:
        return _("%(lost)s without a stated place: they cannot be counted here.") % words
    if not base:
        return _("%(counted)s, none with a stated place: they are counted in no area.") % words
    return _("%(counted)s, %(n)s without a stated place: they are counted in no area.") % words


def _register(
    actor: Actor, register: Register, selection: Selection, base: int, stated: list[Stated]
) -> Iterator[Block]:
    """What is counted, by what tells most; the first count also as a chart."""
    yield Heading(plural(register), 2)
    tables = [compute(actor, register, selection, key, longest=LONGEST) for key in _telling(register, actor)]
    yield Paragraph(_sentence(register, base, tables), key=f"registered.{register.key}")
    if register.caution:
        yield Paragraph(str(register.caution), "note")
    for place, found in enumerate(tables):
        stated.append(Stated(register, found.rows.label, base - (found.rows.missing or 0), base))
        if not any(value.is_plain for value in found.rows.values):
            continue
        chart = chart_of(found, MOST_BARS) if place == 0 and base >= ENOUGH else None
        if chart is not None and len(found.rows.values) > 3:
            yield Chart(chart.title, chart.subtitle, chart.alt, chart.wide)
        yield table_of(found, str(register.caution), repeat_base=chart is None)


def _sentence(register: Register, base: int, tables: Sequence[Crosstab]) -> str:
    """How many records, what is most frequent among them, and what many of them do not say."""
    parts = [_("In all: %(counted)s.") % {"counted": register.counted(base)}]
    first = tables[0] if tables else None
    plain = (
        [
            (cell.value, value.name)
            for value, cell in zip(first.rows.values, first.row_totals, strict=True)
            if value.is_plain and cell.value is not None  # what is protected is not named with a number
        ]
        if first is not None
        else []
    )
    if first is not None and len(plain) > 2 and base >= ENOUGH:
        leading = sorted(plain, key=lambda pair: (-pair[0], pair[1]))[:3]
        names = [_("%(name)s (%(count)s)") % {"name": _inside(name), "count": number(count)} for count, name in leading]
        parts.append(_("The most frequent: %(names)s.") % {"names": listed(names)})
    for found in tables:
        missing = found.rows.missing
        if missing:
            text = ngettext(
                "For one record it is not stated: %(label)s.",
                "For %(count)s records it is not stated: %(label)s.",
                missing,
            )
            parts.append(text % {"count": number(missing), "label": small(found.rows.label)})
    return " ".join(parts)


def _inside(name: str) -> str:
    """The name of a value inside a sentence."""
    return small(name)


def _completeness(stated: Sequence[Stated]) -> Table:
    lines = []
    for one in stated:
        share = one.known / one.base
        cells = (
            Cell(one.label),
            Cell(number(one.known), one.known),
            Cell(number(one.base), one.base),
            share_cell(share, one.base),
        )
        lines.append(Line(plural(one.register), cells))
    return Table(
        caption=_("How complete the registers are"),
        heads=(_("Register"), _("What is stated"), _("Stated"), _("Of"), _("Share")),
        lines=tuple(lines),
        subtitle=_("A record that does not say it is counted as “not stated”, never left out."),
        sheet=_("Completeness"),
        texts=frozenset({1}),
        widths=(3, 3, 1.2, 1.2, 1.4),
    )


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
            cells.append(share_cell(part, crosstab.answered()))
        key = crosstab.rows.values[i].key
        lines.append(Line(line.name, tuple(cells), "value" if line.role == "value" else "apart", key))
    totals = [
        _cell(text.text, cell)
        for text, cell in zip(table.total.cells, [*crosstab.col_totals, crosstab.total], strict=False)
    ]
    if shares:
        totals.append(Cell(table.total.cells[-1].text))
    lines.append(Line(table.total.name, tuple(totals), "total", "total"))
    notes = tuple(note for note in table.notes if note not in (caution, demonstration_note()))
    return Table(
        caption=crosstab.title,
        heads=(table.corner, *table.heads),
        lines=tuple(lines),
        subtitle=table.base if repeat_base else "",
        notes=notes,
        key=f"register.{crosstab.register}.{crosstab.rows.key}.{crosstab.measure.key}",
        columns=("count", *[""] * (len(table.heads) - 1)),
    )


def _cell(text: str, cell: Counted) -> Cell:
    hidden = cell.status in (Status.SUPPRESSED, Status.NOT_APPLICABLE)
    status = "" if cell.status is Status.VALUE else str(cell.status)
    return Cell(text, None if hidden else cell.value, status=status)


# --- indicators ---------------------------------------------------------------------------------------------------
Counts = list[tuple[Indicator, Figure]]


def figures_of(actor: Actor, area: Area) -> Counts:
    """Every indicator of the apps with its figure for an area, in order."""
    below = frozenset(finding.below(area.pk))
    return [(indicator, indicator.compute(actor, below, None)) for indicator in _in_order()]


def key_figures(actor: Actor, area: Area, counts: Counts) -> list[KeyFigure]:
    """The numbers of the home page, for an area, and how many records the other registers hold; no noughts."""
    found = []
    told = set()
    for indicator, figure in counts:
        if not indicator.on_home:
            continue
        told.add(indicator.register)
        if not figure.value:
            found += _key_figure_without_place(actor, area, indicator)
            continue
        notes = [_("on %(day)s") % {"day": day(figure.as_of)}] if figure.as_of else []
        if figure.completeness is not None and figure.completeness < 1:
            share = _("known for %(known)s of %(base)s")
            notes.append(share % {"known": number(figure.known), "base": number(figure.base)})
        label = str(indicator.label)
        found.append(KeyFigure(figure.text, label[:1].upper() + label[1:], "; ".join(notes)))
    for register, selection in registers_of(area):
        count = 0 if register.key in told else count_of(actor, register, selection)
        if count:
            found.append(
                KeyFigure(number(count), plural(register), _("on %(day)s") % {"day": day(timezone.localdate())})
            )
    return found


def _key_figure_without_place(actor: Actor, area: Area, indicator: Indicator) -> list[KeyFigure]:
    """A register of which no record says a place: its number all the same, in the territory that it is about."""
    register = gathered.registers.get(indicator.register)
    lost = without_place(register, actor) if register is not None and holds_everything(area) else 0
    if register is None or not lost:
        return []
    return [KeyFigure(number(lost), plural(register), _("none with a stated place"))]


def _in_order() -> list[Indicator]:
    return sorted(gathered.indicators.values(), key=lambda indicator: (indicator.order, indicator.code))


def indicator_table(counts: Counts) -> Table | None:
    """Every indicator of the apps for an area, with how many of how many state it; those that say nothing stay out."""
    lines = []
    for indicator, figure in counts:
        if (figure.value is None or figure.base == 0) and not figure.protected:
            continue
        known = ""
        if figure.base is not None and figure.known is not None and not figure.protected:
            known = _("%(known)s of %(base)s") % {"known": number(figure.known), "base": number(figure.base)}
        label = str(indicator.label)
        status = str(Status.SUPPRESSED) if figure.protected else ""
        cells = (
            Cell(figure.text, _rounded(figure.value), _form(figure.value), status),
            Cell("" if figure.text.endswith("%") else str(indicator.unit)),
            Cell(known),
        )
        lines.append(Line(label[:1].upper() + label[1:], cells, key=indicator.code))
    if not any(line.cells[0].value or line.cells[0].status for line in lines):
        return None
    return Table(
        caption=_("The indicators of the registers"),
        heads=(_("Indicator"), _("Value"), _("Unit"), _("Known for")),
        lines=tuple(lines),
        subtitle=_("What each of them counts stands in the method."),
        sheet=_("Indicators"),
        texts=frozenset({2}),
        key="indicators",
        columns=("value", "", ""),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _form(value: float | None) -> str:
    return "" if value is None or float(value).is_integer() else "1"


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


def counts_by_child(actor: Actor, children: Sequence[Area]) -> list[tuple[str, str, dict[int, int | None]]]:
    """For each register how many records lie in each of these areas (all of one kind): key, name and counts.

    None is a count that is protected: records that stand for one person each.
    """
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
                    ids[value.key]: None if cell.status is Status.SUPPRESSED else int(cell.value or 0)
                    for value, cell in zip(crosstab.rows.values, crosstab.row_totals, strict=True)
                    if value.key in ids
                }
                found.append((register.key, plural(register), counted))
    return found
