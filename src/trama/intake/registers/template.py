"""An empty workbook of a register, to be filled and loaded: drop-downs from the code lists, a sheet that explains.

Its headers are those of our own exports, in the language of who asks, so that a load needs no mapping. The example row
begins with a mark, by which `rows` leaves it out.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from trama.core.facts import HOME_AREA, facts
from trama.intake.registers.fields import Field, Kind, Registered
from trama.intake.rows import EXAMPLE
from trama.territory import finding

ROWS = 5000  # with drop-downs
MOST_LISTED = 12  # values that the explanation of a column names; beyond, their sheet has them
MOST_AREAS = 3000
LONGEST_PROMPT, LONGEST_TITLE = 250, 32  # characters that spreadsheets take
WIDE = frozenset({Kind.LONG_TEXT, Kind.ORGANISATIONS, Kind.CODES})
NUMBERS = frozenset({Kind.LON, Kind.LAT})
# Columns of which one value is chosen, and columns into which several may be written: there the list only helps.
ONE = frozenset({Kind.CODE, Kind.CHOICE, Kind.YES_NO, Kind.AREA})
SOME = frozenset({Kind.CODES, Kind.AREAS})


@dataclass(frozen=True)
class Taken:
    """The values that a column takes: where they stand in the sheet of values."""

    field: Field
    values: tuple[str, ...]
    column: int


def fields_of(registered: Registered) -> list[Field]:
    """The columns of a template: the name first, without the numbers that only records of ours bear."""
    left_out = {Kind.NUMBER_HERE, Kind.POINT, Kind.SOURCE}
    found = [one for one in registered.loaded() if one.kind not in left_out and one.key != "demonstration"]
    return sorted(found, key=lambda one: one.attribute != "name")


def workbook(registered: Registered) -> bytes:
    """The workbook, in the language of the moment."""
    import xlsxwriter

    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True})
    fields = fields_of(registered)
    data = book.add_worksheet(_title(str(registered.register.title)))
    about = book.add_worksheet(_title(pgettext("sheet", "Explanations")))
    values = book.add_worksheet(_title(pgettext("sheet", "Values")))
    taken = _write_values(book, values, fields)
    _write_data(book, data, values.get_name(), fields, taken, registered.key)
    _write_about(book, about, fields, taken)
    book.set_properties({"title": str(registered.title), "comments": _("Fill the first sheet and load it as it is.")})
    book.close()
    return output.getvalue()


def _title(text: str) -> str:
    """A name that a sheet may bear."""
    return "".join(sign for sign in text if sign not in "[]:*?/\\'")[:31]


def _values_of(one: Field) -> tuple[str, ...]:
    if one.kind == Kind.YES_NO:
        return (pgettext("answer", "yes"), pgettext("answer", "no"))
    if one.kind in {Kind.AREA, Kind.AREAS}:
        return area_names()
    return tuple(dict.fromkeys(label for _value, label in one.choices()))


def area_names() -> tuple[str, ...]:
    """The names of the areas in force, in the order of the tree; not those that several bear, nor of all Italy."""
    names = [node.name for node in finding.nodes().values() if node.in_force]
    counts = Counter(names)
    return tuple(name for name in names if counts[name] == 1) if len(names) <= MOST_AREAS else ()


# --- the sheets ---------------------------------------------------------------------------------------------------
def _write_values(book: Any, sheet: Any, fields: Sequence[Field]) -> dict[str, Taken]:
    """The values of the columns that take them, one column each; drop-downs point here, however long a list is."""
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    taken: dict[str, Taken] = {}
    known: dict[tuple[str, ...], int] = {}
    for one in fields:
        if one.kind not in ONE | SOME or not (values := _values_of(one)):
            continue
        if values not in known:
            known[values] = len(known)
            sheet.write_string(0, known[values], str(one.label), bold)
            for row, text in enumerate(values, start=1):
                sheet.write_string(row, known[values], text)
            sheet.set_column(known[values], known[values], 34)
        taken[one.key] = Taken(one, values, known[values])
    sheet.freeze_panes(1, 0)
    return taken


def _write_data(
    book: Any, sheet: Any, values: str, fields: Sequence[Field], taken: dict[str, Taken], register: str
) -> None:
    head = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "border": 1}
    plain, needed = book.add_format({**head, "bg_color": "#E6ECF2"}), book.add_format({**head, "bg_color": "#FFE9C7"})
    formats = {
        "text": book.add_format({"num_format": "@", "valign": "top"}),
        "long": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
        "day": book.add_format({"num_format": "dd/mm/yyyy", "align": "left", "valign": "top"}),
        "number": book.add_format({"num_format": "0.######", "valign": "top"}),
        "whole": book.add_format({"num_format": "0", "align": "left", "valign": "top"}),
    }
    quiet = {name: {"italic": True, "font_color": "#5A6772"} for name in formats}
    examples = {
        "text": book.add_format({"num_format": "@", **quiet["text"]}),
        "long": book.add_format({"num_format": "@", "text_wrap": True, **quiet["long"]}),
        "day": book.add_format({"num_format": "dd/mm/yyyy", "align": "left", **quiet["day"]}),
        "number": book.add_format({"num_format": "0.######", **quiet["number"]}),
        "whole": book.add_format({"num_format": "0", "align": "left", **quiet["whole"]}),
    }
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 32)
    for column, one in enumerate(fields):
        shape = _shape(one)
        width = 34 if one.attribute == "name" or one.kind in WIDE else 18
        sheet.set_column(column, column, width, formats[shape])
        sheet.write_string(0, column, str(one.label), needed if one.required else plain)
        value = example_of(one, taken.get(one.key))
        if one.attribute == "name":
            words = {"mark": EXAMPLE, "name": _example_name(register)}
            value = _("%(mark)s Example: %(name)s (this row is not loaded)") % words
        _write_cell(sheet, column, value, examples[shape])
        if (rule := _rule(one, taken.get(one.key), values)) is not None:
            sheet.data_validation(1, column, ROWS, column, rule)


def _shape(one: Field) -> str:
    if one.kind == Kind.DATE:
        return "day"
    if one.kind in NUMBERS:
        return "number"
    if one.kind == Kind.YEAR:
        return "whole"
    return "long" if one.kind in WIDE else "text"


def _write_cell(sheet: Any, column: int, value: Any, style: Any) -> None:
    if isinstance(value, date):
        sheet.write_datetime(1, column, value, style)
    elif isinstance(value, (int, float)):
        sheet.write_number(1, column, value, style)
    elif value:
        sheet.write_string(1, column, value, style)


def _rule(one: Field, taken: Taken | None, sheet: str) -> dict[str, Any] | None:
    """What a spreadsheet offers and checks in the cells of a column, and what it says beside them."""
    says: dict[str, Any] = {"input_title": str(one.label)[:LONGEST_TITLE]}
    if help_text := str(one.help):
        says["input_message"] = help_text[:LONGEST_PROMPT]
    if taken is not None:
        column = _letters(taken.column)
        source = f"='{sheet}'!${column}$2:${column}${len(taken.values) + 1}"
        # Into a column of several values one may write more than the list offers at a time.
        free = one.kind in SOME or one.kind == Kind.AREA
        return {"validate": "list", "source": source, "show_error": not free, "error_type": "stop", **says}
    if one.kind == Kind.DATE:
        return {"validate": "date", "criteria": ">", "value": date(1900, 1, 1), "error_type": "warning", **says}
    if one.kind == Kind.YEAR:
        this = timezone.localdate().year
        return {"validate": "integer", "criteria": "between", "minimum": 1001, "maximum": this,
                "error_type": "warning", **says}  # fmt: skip
    if one.kind in NUMBERS:
        most = 180 if one.kind == Kind.LON else 90
        return {"validate": "decimal", "criteria": "between", "minimum": -most, "maximum": most,
                "error_type": "warning", **says}  # fmt: skip
    return {"validate": "any", **says} if "input_message" in says else None


def _letters(column: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(column))


def _write_about(book: Any, sheet: Any, fields: Sequence[Field], taken: dict[str, Taken]) -> None:
    bold = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    heads = (_("Column"), _("Must be filled"), _("What it means"), _("Values"), _("Example"))
    for column, (head, width) in enumerate(zip(heads, (28, 14, 60, 50, 34), strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, bold)
    sheet.freeze_panes(1, 1)
    for row, one in enumerate(fields, start=1):
        example = example_of(one, taken.get(one.key))
        told = example.strftime("%d/%m/%Y") if isinstance(example, date) else str(example)
        needed = _("yes") if one.required else _("no")
        for column, said in enumerate((str(one.label), needed, str(one.help), _listed(one, taken), told)):
            sheet.write_string(row, column, said, text)
    below = len(fields) + 2
    for number, said in enumerate(_notes()):
        sheet.merge_range(below + number, 0, below + number, 4, said, text)
        sheet.set_row(below + number, 32)


def _listed(one: Field, taken: dict[str, Taken]) -> str:
    if one.key not in taken:
        return ""
    values = taken[one.key].values
    said = "; ".join(values[:MOST_LISTED])
    if len(values) <= MOST_LISTED:
        return said
    return _("%(values)s; … (all of them in the sheet “Values”)") % {"values": said}


def _notes() -> tuple[str, ...]:
    return (
        _("Write one record per row in the first sheet, and leave its header as it is. Columns may stay empty."),
        _("A row whose first cell begins with %(mark)s is an example: it is not loaded. It may be deleted.")
        % {"mark": EXAMPLE},
        _("Where a cell may hold several values, part them with semicolons: the list offers one of them at a time."),
        _(
            "What belongs to one of several values follows it after a comma, with its name and a colon: what is left "
            "out stays as it is here, a name with nothing behind its colon is emptied."
        ),
        _("What is not known stays empty: nothing is guessed, and nothing that is here already is emptied."),
    )


# --- examples -----------------------------------------------------------------------------------------------------
def example_of(one: Field, taken: Taken | None) -> Any:
    """What a cell of the column may hold: a text, a number or a day."""
    if taken is not None and taken.values:
        if one.kind == Kind.CODES:
            return "; ".join(taken.values[:2])
        return _home_name(taken.values) if one.kind in {Kind.AREA, Kind.AREAS} else taken.values[0]
    if one.example:
        return str(one.example)
    match one.kind:
        case Kind.DATE:
            return date(timezone.localdate().year - 1, 3, 1 if one.key in {"starts_on", "valid_from"} else 31)
        case Kind.YEAR:
            return 1998
        case Kind.COUNT:
            return "12"
        case Kind.LON:
            return 11.3426
        case Kind.LAT:
            return 44.4949
        case Kind.AREA_CODE:
            return str(facts().get(HOME_AREA) or "")
    return _example_text(one)


def _home_name(names: Sequence[str]) -> str:
    home = finding.id_of(str(facts().get(HOME_AREA) or ""))
    name = finding.name_of(home) if home is not None else ""
    return name if name in names else names[0]


def _example_name(register: str) -> str:
    """A name such as the records of a register bear."""
    return {
        "organisations": _("Circolo Arci Sole"),
        "resources": _("After school in via Roma"),
        "experiences": _("Afternoons in the courtyard"),
        "places": _("Library of the neighbourhood"),
    }[register]


def _example_text(one: Field) -> str:
    by_kind = {
        Kind.KEY: "A-0001",
        Kind.NAMES: _("Circolo Arci Sole; Arci Sole"),
        Kind.PHONES: _("051 123456 (mornings)"),
        Kind.EMAILS: "info@example.org",
        Kind.SITES: "https://www.example.org",
        Kind.PERSONS: _("the secretary (president)"),
        Kind.ORGANISATIONS: _("Circolo Arci Sole (promoter); Auser (partner)"),
        Kind.PLACES: _("Biblioteca di zona"),
    }
    by_attribute = {
        "name": _("After school in via Roma"),
        "address": "via Roma 1",
        "runts_number": "12345",
        "opening": _("Monday to Friday 9-13"),
        "directions_url": "https://www.example.org/dove",
    }
    return by_kind.get(one.kind) or by_attribute.get(one.attribute, "")
