"""A selection of a register as CSV, XLSX or JSON: all columns, the same rows as the list, in the same order."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from types import NoneType
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import facts
from trama.core.actor import Actor
from trama.core.columns import by_column, each_once, is_constant
from trama.core.keys import among
from trama.core.registers import Column, Register, Selection

FORMS = ("csv", "xlsx", "json")
# Text that a spreadsheet would take for a formula when it stands at the beginning of a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 5000


def columns_of(register: Register, actor: Actor) -> list[Column]:
    """The columns that the actor may see."""
    return [column for column in register.columns if not column.staff or actor.is_staff]


def safe_text(text: str) -> str:
    """A text that a spreadsheet shows and does not execute; telephone numbers such as +39 stay readable.

    A text that looks as if it were marked so gets the mark too: whoever takes one away has the text back.
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def lines(register: Register, columns: Sequence[Column], keys: Sequence[int], actor: Actor) -> list[tuple[Any, ...]]:
    """The values of some records, one tuple per record in the order of `keys`: few queries, whatever the number."""
    return list(zip(*_by_column(register, columns, keys, actor), strict=True))


def _by_column(register: Register, columns: Sequence[Column], keys: Sequence[int], actor: Actor) -> list[Sequence[Any]]:
    paths = [column.path for column in columns if column.path]
    rows = register.model._default_manager.filter(pk__in=among(keys)).order_by()
    # Of a record that is gone by now nothing is told.
    fields = by_column(rows, ["pk", *paths], keys, minutes=True)
    batches = {column.key: column.batch(keys, actor) for column in columns if column.batch is not None}
    result: list[Sequence[Any]] = []
    found = iter(fields[1:])
    for column in columns:
        if column.path:
            one = next(found)
        else:
            batch = batches.get(column.key)
            one = list(map(batch.get, keys)) if batch else [None] * len(keys)
        one = column.read_by(keys, one, actor) if column.read_by is not None else one
        one = _rendered(one, column.render) if column.render is not None else one
        result.append(one)
    return result


def _rendered(values: Sequence[Any], render: Callable[[Any], Any]) -> list[Any]:
    return each_once(values, lambda value: None if value is None else render(value))


def _keys(register: Register, selection: Selection, actor: Actor) -> list[int]:
    rows = selection.ordered(register, selection.rows(register, actor))
    return list(rows.values_list("pk", flat=True))


def _chunks(
    register: Register, columns: Sequence[Column], keys: Sequence[int], actor: Actor
) -> Iterator[list[Sequence[Any]]]:
    """The values by column, for so many records at a time that they are few in memory."""
    for start in range(0, len(keys), CHUNK):
        yield _by_column(register, columns, keys[start : start + CHUNK], actor)


def _moment(value: datetime, zone: tzinfo) -> str:
    return value.isoformat() if value.tzinfo is None else value.astimezone(zone).isoformat(timespec="minutes")


def plain(value: Any) -> Any:
    """A value as JSON and CSV hold it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return _moment(value, timezone.get_current_timezone())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value


def _file_name(register: Register, selection: Selection, form: str) -> str:
    mark = "dimostrazione-" if facts.is_demonstration() else ""
    return f"{mark}{selection.file_name(register)}-{timezone.localdate().isoformat()}.{form}"


def respond(register: Register, selection: Selection, actor: Actor, form: str) -> HttpResponse | StreamingHttpResponse:
    """The export as a download."""
    columns = columns_of(register, actor)
    response: HttpResponse | StreamingHttpResponse
    if form == "csv":
        response = StreamingHttpResponse(
            csv_text(register, selection, actor, columns), content_type="text/csv; charset=utf-8"
        )
    elif form == "json":
        response = StreamingHttpResponse(
            json_text(register, selection, actor, columns), content_type="application/json; charset=utf-8"
        )
    else:
        response = HttpResponse(
            xlsx_bytes(register, selection, actor, columns),
            content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )
    response["Content-Disposition"] = f'attachment; filename="{_file_name(register, selection, form)}"'
    return response


TEXT, NUMBERS, MOMENTS = {str, NoneType}, {int, float, NoneType}, {datetime, NoneType}
# What makes a text a field of CSV that must stand between quotes.
PARTING = (",", '"', ";", "\n", "\r")


def _csv_fields(values: Sequence[Any]) -> Sequence[str]:
    """A column as CSV holds it, quoted where it must be; most hold one kind of value: the kind is asked once."""
    if len(values) > 1 and is_constant(values):
        return list(_csv_fields(values[:1])) * len(values)
    kinds = set(map(type, values))
    if kinds <= NUMBERS:
        if NoneType not in kinds:
            return list(map(str, values))
        return ["" if value is None else str(value) for value in values]
    if kinds <= MOMENTS:
        return _moments(values, timezone.get_current_timezone())
    if not kinds <= TEXT:
        values = _rendered(values, lambda value: value if isinstance(value, str) else str(plain(value)))
    texts = [value or "" for value in values] if NoneType in kinds else values
    different = set(texts)
    if len(different) * 2 < len(texts):
        made = dict(zip(different, _fields_of(list(different)), strict=True))
        return list(map(made.__getitem__, texts))
    return _fields_of(texts)


def _fields_of(texts: Sequence[str]) -> Sequence[str]:
    """Texts as fields. What none of them has is looked for once, in all of them together."""
    if not {text[:1] for text in texts}.isdisjoint({*FORMULA, "'"}):
        texts = [safe_text(text) for text in texts]
    together = "".join(texts)
    return [_quoted(text) for text in texts] if any(mark in together for mark in PARTING) else texts


def _moments(values: Sequence[datetime | None], zone: tzinfo) -> list[str]:
    """Moments as CSV holds them, each object once: many records share theirs, for they were loaded together."""
    made = {id(value): value for value in values}
    texts = {key: "" if value is None else _moment(value, zone) for key, value in made.items()}
    return list(map(texts.__getitem__, map(id, values)))


def _quoted(text: str) -> str:
    """A text as a field of CSV, between quotes where it must be; some looks are quicker than one pattern.

    Where the semicolon parts the cells, what follows one would begin a cell, and might be a formula.
    """
    if not ("," in text or '"' in text or ";" in text or "\n" in text or "\r" in text):  # PARTING, without a loop
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def csv_text(register: Register, selection: Selection, actor: Actor, columns: Sequence[Column]) -> Iterator[str]:
    """CSV, comma, UTF-8 with a mark that spreadsheets understand; labels in the reader's language."""
    head = [str(column.label) for column in columns]
    yield "\ufeff" + ",".join(map(_quoted, head)) + "\r\n"
    for chunk in _chunks(register, columns, _keys(register, selection, actor), actor):
        yield "\r\n".join(map(",".join, zip(*map(_csv_fields, chunk), strict=True))) + "\r\n"


def _json_values(values: Sequence[Any]) -> list[Any]:
    return [v if v is None or isinstance(v, str | bool | int | float) else str(plain(v)) for v in values]


def json_text(register: Register, selection: Selection, actor: Actor, columns: Sequence[Column]) -> Iterator[str]:
    """JSON: what was asked, when, and the records by column key."""
    head = {
        "register": register.key,
        "selection": selection.address(),
        "date": timezone.now().isoformat(timespec="seconds"),
        "demonstration": facts.is_demonstration(),
        "note": str(register.caution),
        "columns": {column.key: str(column.label) for column in columns},
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "records": ['
    names = [column.key for column in columns]
    first = True
    for chunk in _chunks(register, columns, _keys(register, selection, actor), actor):
        records = (dict(zip(names, line, strict=True)) for line in zip(*map(_json_values, chunk), strict=True))
        text = ",\n".join([json.dumps(record, ensure_ascii=False) for record in records])
        yield ("\n" if first else ",\n") + text
        first = False
    yield "\n]}\n"


def xlsx_bytes(register: Register, selection: Selection, actor: Actor, columns: Sequence[Column]) -> bytes:
    """A workbook: the records, and a sheet that says what they are."""
    import xlsxwriter

    from trama.ui.sheets import LongSheet

    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(str(register.title)[:31], worksheet_class=LongSheet)
    sheet.freeze_panes(1, 1)
    for position, column in enumerate(columns):
        sheet.set_column(position, position, 28 if not column.numeric else 12)
        sheet.write_string(0, position, str(column.label), bold)
    keys = _keys(register, selection, actor)
    count = len(keys)
    sheet.fill(_chunks(register, columns, keys, actor), count, day, plain)
    sheet.autofilter(0, 0, max(count, 1), max(len(columns) - 1, 0))
    notes = book.add_worksheet(_("Notes"))
    notes.set_column(0, 0, 28)
    notes.set_column(1, 1, 90)
    about = [
        (_("Register"), str(register.title)),
        (_("Selection"), "; ".join(f"{c['dimension']}: {c['label']}" for c in selection.chips(register, actor)) or "–"),
        (_("Text looked for"), selection.text or "–"),
        (_("Records"), str(count)),
        (_("Date"), timezone.localtime().strftime("%Y-%m-%d %H:%M")),
        (_("Caution"), str(register.caution) or "–"),
    ]
    if facts.is_demonstration():
        about.insert(0, (_("Demonstration"), _("Part of these records is invented.")))
    for number, (name, text) in enumerate(about):
        notes.write_string(number, 0, name, bold)
        notes.write_string(number, 1, text)
    book.close()
    return output.getvalue()
