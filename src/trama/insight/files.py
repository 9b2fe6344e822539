"""A crosstab as a file: CSV with one figure per line, XLSX to work on, JSON for programs (`docs/crosstab.md`)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from trama.insight import spreadsheet
from trama.insight.shapes import Axis, Cell, Crosstab, Status, Value
from trama.insight.tables import PERCENT, base_of, caption_of, notes_of, printed
from trama.ui.numbers import day

FORMS = ("csv", "xlsx", "json", "schema.json")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json; charset=utf-8",
    "schema.json": "application/json; charset=utf-8",
    spreadsheet.ITALIAN: "text/csv; charset=utf-8",
}
TOTAL = "_total"
FORMAT = 1  # of the JSON; raised when a key changes its meaning


@dataclass(frozen=True)
class Line:
    """One figure with its place. The keys `_total`, `_missing` and `_others` are no values of a dimension."""

    row: str
    row_name: str
    col: str
    col_name: str
    value: float | None
    status: str
    records: int | None
    known: int | None
    share: float | None


def lines(crosstab: Crosstab) -> Iterator[Line]:
    """Every figure, totals included, row by row."""
    assert crosstab.protected, "a crosstab leaves after protection"  # noqa: S101
    columns = crosstab.cols.values if crosstab.cols else ()
    for i, row in enumerate(crosstab.rows.values):
        for j, col in enumerate(columns):
            yield _line(row, col, crosstab.cells[i][j], crosstab.share(i, j))
        yield _line(row, None, crosstab.row_totals[i], crosstab.share(i))
    for j, col in enumerate(columns):
        yield _line(None, col, crosstab.col_totals[j], None)
    yield _line(None, None, crosstab.total, None)


def _line(row: Value | None, col: Value | None, cell: Cell, share: float | None) -> Line:
    return Line(
        *_place(row),
        *_place(col),
        None if cell.status is Status.SUPPRESSED else cell.value,
        str(cell.status),
        cell.records,
        cell.known,
        None if share is None else round(share, 6),
    )


def _place(value: Value | None) -> tuple[str, str]:
    if value is None:
        return TOTAL, _("Total")
    if value.is_missing:
        return "_missing", value.name
    return ("_others" if value.is_others else value.key), value.name


def _names(crosstab: Crosstab) -> list[str]:
    row, col = crosstab.rows.key, crosstab.cols.key if crosstab.cols else "column"
    return [row, f"{row}_name", col, f"{col}_name", "value", "status", "records", "known", "share", "demonstration"]


def csv_text(crosstab: Crosstab, *, italian: bool = False) -> str:
    """CSV: one line per figure, its status in a column."""
    rows = ((*asdict(line).values(), int(crosstab.demonstration)) for line in lines(crosstab))
    return spreadsheet.csv_text(_names(crosstab), rows, italian=italian)


def schema(crosstab: Crosstab) -> dict[str, Any]:
    """The columns of the CSV as a Table Schema (datapackage.org): types, meanings, and what each status says."""
    row, row_name, col, col_name, *_figures = _names(crosstab)
    rows, cols = crosstab.rows.label, crosstab.cols.label if crosstab.cols else _("no columns were asked for")
    said = {
        Status.VALUE: _("the figure as it was counted"),
        Status.ESTIMATED: _("the figure contains estimates, or numbers too small to be told"),
        Status.SUPPRESSED: _("protected: too few persons, or what would give them away; it is not zero"),
        Status.NOT_APPLICABLE: _("there are records, and none of them states the number"),
    }
    places = _("_total: all together; _missing: not stated; _others: what a cut table leaves out")
    fields: list[dict[str, Any]] = [
        _field(row, "string", rows, places),
        _field(row_name, "string", rows, ""),
        _field(col, "string", cols, places),
        _field(col_name, "string", cols, ""),
        _field("value", "number", crosstab.measure.label, _("Empty where the status says that there is no figure.")),
        _field("status", "string", _("Status"), "; ".join(f"{status}: {text}" for status, text in said.items()))
        | {"constraints": {"required": True, "enum": [str(status) for status in Status]}},
        _field("records", "integer", _("Records behind the figure"), ""),
        _field("known", "integer", _("Records that state the number"), ""),
        _field("share", "number", _("Share of the records with an answer"), "0 … 1"),
        _field("demonstration", "integer", _("Part of these records is invented."), ""),
    ]
    if crosstab.measure.unit:
        fields[4]["unit"] = crosstab.measure.unit
    if crosstab.threshold:
        fields[4]["threshold"] = crosstab.threshold
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "title": caption_of(crosstab),
        "description": " ".join((base_of(crosstab), *notes_of(crosstab))),
        "fields": fields,
        "fieldsMatch": "exact",
        "missingValues": [""],
        "primaryKey": [row, col],
    }


def _field(name: str, kind: str, title: str, description: str) -> dict[str, Any]:
    told = {"name": name, "type": kind, "title": title}
    return told | {"description": description} if description else told


def as_dict(crosstab: Crosstab) -> dict[str, Any]:
    """The JSON of a crosstab; its keys are stable within a `format`."""
    return {
        "format": FORMAT,
        "title": crosstab.title,
        "register": crosstab.register,
        "measure": {
            "key": crosstab.measure.key,
            "label": crosstab.measure.label,
            "unit": crosstab.measure.unit,
            "threshold": crosstab.threshold,
        },
        "rows": _axis(crosstab.rows),
        "cols": _axis(crosstab.cols) if crosstab.cols else None,
        "selection": crosstab.selection.address(),
        "filters": crosstab.filters,
        "base": crosstab.base,
        "figures": [asdict(line) for line in lines(crosstab)],
        "source": crosstab.source,
        "date": crosstab.as_of.isoformat(),
        "notes": list(notes_of(crosstab)),
        "demonstration": crosstab.demonstration,
    }


def _axis(axis: Axis) -> dict[str, Any]:
    return {"key": axis.key, "label": axis.label, "several_answers": axis.multiple, "missing": axis.missing}


def json_text(crosstab: Crosstab) -> str:
    """See `as_dict`."""
    return json.dumps(as_dict(crosstab), ensure_ascii=False, indent=1) + "\n"


def file_name(crosstab: Crosstab, form: str) -> str:
    """A name that says what, by what, narrowed to what, when."""
    axes = [crosstab.rows.key, *([crosstab.cols.key] if crosstab.cols else [])]
    chosen = [value for _key, values in crosstab.selection.values for value in values]
    parts = [slugify(part) for part in (crosstab.register, crosstab.measure.key, *axes, *chosen)]
    mark = "dimostrazione-" if crosstab.demonstration else ""
    return f"{mark}{'-'.join(part for part in parts if part)[:90]}-{crosstab.as_of.isoformat()}.{form}"


def xlsx_bytes(crosstab: Crosstab) -> bytes:
    """A workbook: the table as it is read, its percentages, and a sheet that says what the figures are."""
    import xlsxwriter

    output = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(output, options)
    book.set_properties({"title": crosstab.title, "company": crosstab.source})
    _numbers_sheet(book, crosstab)
    if crosstab.measure.counts_records and crosstab.cols is not None:
        _shares_sheet(book, crosstab)
    _notes_sheet(book, crosstab)
    book.close()
    return output.getvalue()


def write_figure(sheet: Any, row: int, col: int, cell: Cell, style: Any, words: Any, rough: Any = None) -> None:
    """A figure as a number, or the word for why there is none: never 0, never blank; an estimate in style `rough`."""
    if cell.status is Status.SUPPRESSED:
        sheet.write_string(row, col, _("protected"), words)
    elif cell.value is None:
        sheet.write_string(row, col, _("n.a."), words)
    else:
        sheet.write_number(row, col, cell.value, rough if rough and cell.status is Status.ESTIMATED else style)


def _numbers_sheet(book: Any, crosstab: Crosstab) -> None:
    table = printed(crosstab)
    sheet = book.add_worksheet(_("Table"))
    broken = any(cell.value is not None and not float(cell.value).is_integer() for cell in crosstab.figures())
    form = "#,##0.0" if broken else "#,##0"
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
    bold = book.add_format({"bold": True})
    whole, share = book.add_format({"num_format": form}), book.add_format({"num_format": "0.0%"})
    # The sign of an estimate belongs to the way the number is shown: the cell stays a number.
    rough = book.add_format({"num_format": f'"~ "{form}'})
    words = book.add_format({"align": "right", "italic": True})
    top_rough = book.add_format({"bold": True, "top": 1, "num_format": f'"~ "{form}'})
    top = book.add_format({"bold": True, "top": 1, "num_format": form})
    top_words = book.add_format({"bold": True, "top": 1, "align": "right", "italic": True})
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, len(table.heads), 14)
    sheet.write_string(0, 0, table.caption, bold)
    sheet.write_string(1, 0, table.base)
    for j, name in enumerate([table.corner, *table.heads]):
        sheet.write_string(3, j, name, head)
    sheet.freeze_panes(4, 1)
    for i, value in enumerate(crosstab.rows.values):
        sheet.write_string(4 + i, 0, value.name)
        for j, cell in enumerate([*crosstab.cells[i], crosstab.row_totals[i]]):
            write_figure(sheet, 4 + i, 1 + j, cell, whole, words, rough)
        part = crosstab.share(i)
        if crosstab.cols is None and part is not None:
            sheet.write_number(4 + i, 2, part, share)
        elif crosstab.cols is None and len(table.heads) > 1 and table.lines[i].cells[1].status == Status.SUPPRESSED:
            sheet.write_string(4 + i, 2, _("protected"), words)
    last = 4 + len(crosstab.rows.values)
    sheet.write_string(last, 0, table.total.name, top)
    for j, cell in enumerate([*crosstab.col_totals, crosstab.total]):
        write_figure(sheet, last, 1 + j, cell, top, top_words, top_rough)


def _shares_sheet(book: Any, crosstab: Crosstab) -> None:
    table = printed(crosstab, show=PERCENT)
    sheet = book.add_worksheet(_("Percentages"))
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
    share, whole = book.add_format({"num_format": "0.0%"}), book.add_format({"top": 1, "num_format": "#,##0"})
    words = book.add_format({"align": "right", "italic": True})
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, len(table.heads), 14)
    for j, name in enumerate([table.corner, *table.heads]):
        sheet.write_string(0, j, name, head)
    columns: list[int | None] = [*range(len(crosstab.col_totals)), None]
    for i, value in enumerate(crosstab.rows.values):
        sheet.write_string(1 + i, 0, value.name)
        for j, column in enumerate(columns):
            part = crosstab.share(i, column)
            if part is not None:
                sheet.write_number(1 + i, 1 + j, part, share)
            elif table.lines[i].cells[j].status == Status.SUPPRESSED:
                sheet.write_string(1 + i, 1 + j, _("protected"), words)
    last = 1 + len(crosstab.rows.values)
    sheet.write_string(last, 0, table.total.name, whole)
    for j, column in enumerate(columns):
        answered = crosstab.answered(column)
        if answered is None:
            sheet.write_string(last, 1 + j, _("protected"), words)
        else:
            sheet.write_number(last, 1 + j, answered, whole)


def _notes_sheet(book: Any, crosstab: Crosstab) -> None:
    sheet = book.add_worksheet(_("Notes"))
    bold, wrap = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    about = [
        (_("Table"), caption_of(crosstab)),
        (_("Base"), base_of(crosstab)),
        (_("Filters"), crosstab.filters or "–"),
        (_("Source"), crosstab.source),
        (_("Date"), day(crosstab.as_of)),
        *((_("Note"), note) for note in notes_of(crosstab)),
    ]
    if crosstab.demonstration:
        about.insert(0, (_("Demonstration"), _("Part of these records is invented.")))
    for number, (name, text) in enumerate(about):
        sheet.write_string(number, 0, name, bold)
        sheet.write_string(number, 1, text, wrap)


def content(crosstab: Crosstab, form: str) -> bytes:
    """The file of one of `FORMS`, or the CSV for Italian spreadsheets."""
    if form == "xlsx":
        return xlsx_bytes(crosstab)
    if form == spreadsheet.ITALIAN:
        return csv_text(crosstab, italian=True).encode("utf-8")
    if form == "schema.json":
        return (json.dumps(schema(crosstab), ensure_ascii=False, indent=1) + "\n").encode("utf-8")
    return (csv_text(crosstab) if form == "csv" else json_text(crosstab)).encode("utf-8")
