"""A crosstab as a table to be read: the same lines for the page, the printed document and the workbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from trama.core.registers import NONE, Register, Selection
from trama.insight.shapes import Axis, Cell, Crosstab, Status, Value
from trama.ui.charts import figure
from trama.ui.numbers import day, number, share_of

PROTECTED = "•"
NUMBERS, PERCENT = "numbers", "percent"


@dataclass(frozen=True)
class TableCell:
    """A figure as printed, with the address of the records that it counts (empty: none) and a word for the ear."""

    text: str
    url: str = ""
    spoken: str = ""
    status: str = "value"


@dataclass(frozen=True)
class TableLine:
    """A line of the table. `role` is "value", "missing", "others" or "total"."""

    name: str
    cells: tuple[TableCell, ...]
    role: str = "value"


@dataclass(frozen=True)
class PrintedTable:
    """Everything that stands on and under the table. The last line is the total."""

    caption: str
    corner: str
    heads: tuple[str, ...]
    lines: tuple[TableLine, ...]
    total: TableLine
    base: str  # "594 risorse · senza risposta: 12 · 21 novembre 2026 · Comune"
    notes: tuple[str, ...]
    protects: bool = False  # counts of persons: what the sign means is explained on a page of its own


def text_of(cell: Cell) -> str:
    """A figure as it is printed: "1.200", "~ 6.900", "•", "n.a."."""
    match cell.status:
        case Status.SUPPRESSED:
            return PROTECTED
        case Status.NOT_APPLICABLE:
            return _("n.a.")
        case Status.ESTIMATED:
            return f"~ {figure(cell.value)}"
    return figure(cell.value)


def spoken_of(cell: Cell) -> str:
    """What a screen reader says where a sign alone would not be understood."""
    match cell.status:
        case Status.SUPPRESSED:
            return _("protected")
        case Status.NOT_APPLICABLE:
            return _("not known")
        case Status.ESTIMATED:
            return _("about %(number)s") % {"number": figure(cell.value)}
    return ""


def caption_of(crosstab: Crosstab) -> str:
    """What the table shows, in one line: "Risorse per attività · quartiere: Navile"."""
    return f"{crosstab.title} · {crosstab.filters}" if crosstab.filters else crosstab.title


def base_of(crosstab: Crosstab) -> str:
    """How many of how many, when, from where."""
    parts = [crosstab.counted] if crosstab.counted else []
    for axis in (crosstab.rows, crosstab.cols):
        if axis is not None and axis.missing:
            names = {"label": axis.label, "count": number(axis.missing)}
            parts.append(_("%(label)s not stated: %(count)s") % names)
    if crosstab.measure.unit:
        parts.append(_("unit: %(unit)s") % {"unit": crosstab.measure.unit})
    parts.append(day(crosstab.as_of))
    parts.append(crosstab.source)
    return " · ".join(parts)


def notes_of(crosstab: Crosstab) -> tuple[str, ...]:
    """The cautions, and how to read shares and a table that was cut."""
    notes = list(crosstab.cautions)
    if crosstab.left_out:
        notes.append(
            _("Only the largest rows are shown; %(count)s more are in the downloads.")
            % {"count": number(crosstab.left_out)}
        )
    if crosstab.demonstration:
        notes.append(demonstration_note())
    return tuple(notes)


def demonstration_note() -> str:
    """What every table of a demonstration says of itself."""
    return _("Demonstration: part of these records is invented.")


def printed(crosstab: Crosstab, register: Register | None = None, show: str = NUMBERS) -> PrintedTable:
    """The table of a crosstab. With `register` its figures lead to the records they count.

    `show` is "numbers" or "percent": of the records of each column that have an answer in the rows. A table of one
    dimension shows both.
    """
    assert crosstab.protected, "a crosstab is printed after protection"  # noqa: S101
    link = _links(crosstab, register)
    one = crosstab.cols is None
    shares = crosstab.measure.counts_records
    as_shares = show == PERCENT and shares and not one
    lines = []
    for i, value in enumerate(crosstab.rows.values):
        cells = [
            _figure(crosstab, i, j, link(value, column), as_shares=as_shares)
            for j, column in enumerate(crosstab.cols.values if crosstab.cols else ())
        ]
        cells.append(_figure(crosstab, i, None, link(value, None), as_shares=as_shares))
        if one and shares:
            cells.append(_share(crosstab, i, None, ""))
        role = "missing" if value.is_missing else "others" if value.is_others else "value"
        lines.append(TableLine(value.name, tuple(cells), role))
    return PrintedTable(
        caption=caption_of(crosstab),
        corner=crosstab.rows.label,
        heads=_heads(crosstab, one=one, shares=shares),
        lines=tuple(lines),
        total=_total(crosstab, link, as_shares=as_shares, share_column=one and shares),
        base=base_of(crosstab),
        protects=crosstab.measure.persons,
        notes=(*notes_of(crosstab), *((_shares_note(crosstab),) if shares and (one or as_shares) else ())),
    )


def _shares_note(crosstab: Crosstab) -> str:
    if crosstab.rows.multiple:
        return _("Percentages are of the records with an answer: with several answers they add up to more than 100.")
    return _("Percentages are of the records with an answer.")


def _heads(crosstab: Crosstab, *, one: bool, shares: bool) -> tuple[str, ...]:
    if one:
        what = crosstab.measure.label
        return (what, _("Share")) if shares else (what,)
    return (*(value.name for value in crosstab.cols.values), _("Total"))  # type: ignore[union-attr]


def _figure(crosstab: Crosstab, row: int, col: int | None, url: str, *, as_shares: bool) -> TableCell:
    cell = crosstab.row_totals[row] if col is None else crosstab.cells[row][col]
    if as_shares:
        return _share(crosstab, row, col, url if cell.records else "")
    return TableCell(text_of(cell), url if cell.records else "", spoken_of(cell), str(cell.status))


def _share(crosstab: Crosstab, row: int, col: int | None, url: str) -> TableCell:
    """A share, or the sign of what is protected: neither its number nor the one that it is a share of may be told."""
    cell = crosstab.row_totals[row] if col is None else crosstab.cells[row][col]
    if cell.status is Status.SUPPRESSED or crosstab.answered(col) is None:
        return TableCell(PROTECTED, url, _("protected"), str(Status.SUPPRESSED))
    return TableCell(share_of(crosstab.share(row, col), crosstab.answered(col)), url, "", str(cell.status))


def _answered(crosstab: Crosstab, col: int | None) -> str:
    count = crosstab.answered(col)
    return PROTECTED if count is None else number(count)


def _total(
    crosstab: Crosstab, link: Callable[[Value | None, Value | None], str], *, as_shares: bool, share_column: bool
) -> TableLine:
    cells = []
    columns: list[tuple[int | None, Value | None, Cell]] = [
        (j, value, crosstab.col_totals[j]) for j, value in enumerate(crosstab.cols.values if crosstab.cols else ())
    ]
    columns.append((None, None, crosstab.total))
    for j, value, cell in columns:
        text = _answered(crosstab, j) if as_shares else text_of(cell)
        cells.append(TableCell(text, link(None, value) if cell.records else "", spoken_of(cell), str(cell.status)))
    if share_column:
        answered = _("of %(base)s") % {"base": _answered(crosstab, None)}
        if crosstab.answered(None) == 0:
            answered = _("nobody states it")
        cells.append(TableCell(answered))
    return TableLine(_("Records with an answer") if as_shares else _("Total"), tuple(cells), "total")


def register_address(register: Register) -> str:
    """The address of a register's list, empty when it has none."""
    try:
        return reverse(f"{register.model._meta.app_label}:{register.key}")
    except NoReverseMatch:
        return ""


def _links(crosstab: Crosstab, register: Register | None) -> Callable[[Value | None, Value | None], str]:
    """What leads from a cell to its records: the selection narrowed to the row and the column."""
    address = register_address(register) if register is not None else ""

    def link(row: Value | None, col: Value | None) -> str:
        selection: Selection | None = crosstab.selection
        for axis, value in ((crosstab.rows, row), (crosstab.cols, col)):
            if selection is not None and axis is not None and value is not None:
                selection = _narrowed(selection, axis, value)
        if not address or selection is None:
            return ""
        query = selection.address()
        return f"{address}?{query}" if query else address

    return link


def _narrowed(selection: Selection, axis: Axis, value: Value) -> Selection | None:
    """The selection with one value of an axis; None where an address cannot say it."""
    chosen = selection.of(axis.key)
    if value.is_others or not axis.filterable:
        return None
    if axis.multiple and chosen and value.key not in chosen:
        return None  # "has a or b, and has c": an address only knows "or"
    if axis.multiple and len(chosen) > 1:
        return None
    return selection.with_(axis.key, NONE if value.is_missing else value.key)
