"""A selection of a register as CSV, XLSX or JSON: all columns, the same rows as the list, in the same order."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import facts
from trama.core.actor import Actor
from trama.core.keys import among
from trama.core.registers import Column, Register, Selection

FORMS = ("csv", "xlsx", "json")
# Text that a spreadsheet would take for a formula when it stands at the beginning of a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 2000


def columns_of(register: Register, actor: Actor) -> list[Column]:
    """The columns that the actor may see."""
    return [column for column in register.columns if not column.staff or actor.is_staff]


def safe_text(text: str) -> str:
    """A text that a spreadsheet shows and does not execute; telephone numbers such as +39 stay readable."""
    return f"'{text}" if text.startswith(FORMULA) else text


def lines(register: Register, columns: Sequence[Column], keys: Sequence[int], actor: Actor) -> list[tuple[Any, ...]]:
    """The values of some records, one tuple per record in the order of `keys`: few queries, whatever the number."""
    return list(zip(*_by_column(register, columns, keys, actor), strict=True))


def _by_column(register: Register, columns: Sequence[Column], keys: Sequence[int], actor: Actor) -> list[list[Any]]:
    paths = [column.path for column in columns if column.path]
    rows = {}
    for start in range(0, len(keys), CHUNK):
        some = register.model._default_manager.filter(pk__in=among(keys[start : start + CHUNK]))
        rows.update({row[0]: row[1:] for row in some.values_list("pk", *paths)})
    batches = {column.key: column.batch(keys, actor) for column in columns if column.batch is not None}
    # Column by column: thousands of rows bear the same few values, each of which is rendered once.
    empty = (None,) * len(paths)
    found = [rows.get(key, empty) for key in keys]
    values, position = [], 0
    for column in columns:
        if column.path:
            one = [row[position] for row in found]
            position += 1
        else:
            batch = batches.get(column.key, {})
            one = [batch.get(key) for key in keys]
        values.append(_rendered(one, column.render) if column.render is not None else one)
    return values


def _rendered(values: Sequence[Any], render: Callable[[Any], Any]) -> list[Any]:
    known: dict[Any, Any] = {(type(None), None): None}
    result = []
    for value in values:
        # True and 1 are the same key: they are told apart by their kind.
        key = (type(value), value)
        if key not in known:
            known[key] = render(value)
        result.append(known[key])
    return result


def _chunks(
    register: Register, selection: Selection, actor: Actor, columns: Sequence[Column]
) -> Iterator[tuple[Any, ...]]:
    for some in _keys(register, selection, actor):
        yield from lines(register, columns, some, actor)


def _keys(register: Register, selection: Selection, actor: Actor) -> Iterator[list[int]]:
    rows = selection.ordered(register, selection.rows(register, actor))
    keys = list(rows.values_list("pk", flat=True))
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


@cache
def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def plain(value: Any) -> Any:
    """A value as JSON and CSV hold it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return (
            timezone.localtime(value).isoformat(timespec="minutes") if timezone.is_aware(value) else value.isoformat()
        )
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


TEXT, NUMBERS = {str, type(None)}, {int, float, type(None)}


def _column_text(values: list[Any]) -> list[Any]:
    """A column as CSV holds it; most hold one kind of value, so that the kind is asked once."""
    kinds = set(map(type, values))
    if kinds <= TEXT:
        return [safe_text(value) if value and value[0] in FORMULA else value for value in values]
    if kinds <= NUMBERS:
        return values
    return _rendered(values, lambda value: safe_text(value) if isinstance(value, str) else plain(value))


def csv_text(register: Register, selection: Selection, actor: Actor, columns: Sequence[Column]) -> Iterator[str]:
    """CSV, comma, UTF-8 with a mark that spreadsheets understand; labels in the reader's language."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([str(column.label) for column in columns])
    yield "\ufeff" + buffer.getvalue()
    for some in _keys(register, selection, actor):
        buffer.seek(0)
        buffer.truncate()
        values = _by_column(register, columns, some, actor)
        writer.writerows(zip(*map(_column_text, values), strict=True))
        yield buffer.getvalue()


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
    for line in _chunks(register, selection, actor, columns):
        values = [v if v is None or isinstance(v, bool | int | float) else str(plain(v)) for v in line]
        yield ("" if first else ",") + "\n" + json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False)
        first = False
    yield "\n]}\n"


def xlsx_bytes(register: Register, selection: Selection, actor: Actor, columns: Sequence[Column]) -> bytes:
    """A workbook: the records, and a sheet that says what they are."""
    import xlsxwriter

    output = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    book = xlsxwriter.Workbook(output, options)
    bold = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(str(register.title)[:31])
    sheet.freeze_panes(1, 1)
    for position, column in enumerate(columns):
        sheet.set_column(position, position, 28 if not column.numeric else 12)
        sheet.write_string(0, position, str(column.label), bold)
    count = 0
    for count, line in enumerate(_chunks(register, selection, actor, columns), start=1):
        for position, value in enumerate(line):
            if value is None or value == "":
                continue
            if isinstance(value, bool):
                sheet.write_string(count, position, plain(value))
            elif isinstance(value, int | float | Decimal):
                sheet.write_number(count, position, float(value))
            elif isinstance(value, datetime):
                sheet.write_string(count, position, plain(value))
            elif isinstance(value, date):
                sheet.write_datetime(count, position, value, day)
            else:
                sheet.write_string(count, position, str(value)[:32_000])
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
