"""Figures of areas as files: CSV with one area per line, a workbook with its notes, JSON. The same for each page."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from trama.core import facts
from trama.insight import spreadsheet
from trama.insight.files import TYPES

FORMS = ("csv", spreadsheet.ITALIAN, "xlsx", "json", "schema.json")


@dataclass(frozen=True)
class Field:
    """A column: its key, its head, its type in the Table Schema, what it means, the values it may have (none: any)."""

    key: str
    head: str
    kind: str = "number"
    meaning: str = ""
    among: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AreaFile:
    """A table of areas with what must be known of it; `about` is name and text.

    `document` is what the JSON says beside the rows. Cells without a number are None: a column of states says why.
    """

    title: str
    columns: tuple[Field, ...]
    rows: tuple[tuple[Any, ...], ...]
    about: tuple[tuple[str, str], ...]
    document: dict[str, Any]

    def file_name(self, form: str) -> str:
        """A name that says what, and when it was made."""
        mark = "dimostrazione-" if facts.is_demonstration() else ""
        return f"{mark}{slugify(self.title)[:90]}-{timezone.localdate().isoformat()}.{form}"


def csv_text(table: AreaFile, *, italian: bool = False) -> str:
    """One area per line."""
    return spreadsheet.csv_text([column.key for column in table.columns], table.rows, italian=italian)


def json_text(table: AreaFile) -> str:
    """The document with the rows under `areas`; its keys are stable within a `format`."""
    keys = [column.key for column in table.columns]
    areas = [dict(zip(keys, row, strict=True)) for row in table.rows]
    document = {**table.document, "demonstration": facts.is_demonstration(), "areas": areas}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def schema_text(table: AreaFile) -> str:
    """The columns of the CSV as a Table Schema (datapackage.org): types, meanings, and what each status says."""
    fields = []
    for column in table.columns:
        told: dict[str, Any] = {"name": column.key, "type": column.kind, "title": column.head}
        meanings = "; ".join(f"{key}: {meaning}" for key, meaning in column.among.items())
        if column.meaning or meanings:
            told["description"] = " ".join(part for part in (column.meaning, meanings) if part)
        if column.among:
            told["constraints"] = {"enum": list(column.among)}
        fields.append(told)
    document = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "title": table.title,
        "description": " · ".join(f"{name}: {text}" for name, text in table.about),
        "fields": fields,
        "fieldsMatch": "exact",
        "missingValues": [""],
        "primaryKey": ["code"],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def xlsx_bytes(table: AreaFile) -> bytes:
    """A sheet of figures, and one that says what they are."""
    import xlsxwriter

    output = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(output, options)
    book.set_properties({"title": table.title})
    _figures_sheet(book, table)
    notes = book.add_worksheet(_("Notes"))
    bold, wrap = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True})
    notes.set_column(0, 0, 24)
    notes.set_column(1, 1, 100)
    about = list(table.about)
    if facts.is_demonstration():
        about.insert(0, (_("Demonstration"), _("Part of these records is invented.")))
    for number, (name, text) in enumerate(about):
        notes.write_string(number, 0, name, bold)
        notes.write_string(number, 1, text, wrap)
    book.close()
    return output.getvalue()


def _figures_sheet(book: Any, table: AreaFile) -> None:
    sheet = book.add_worksheet(_("Areas"))
    bold = book.add_format({"bold": True})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 36)
    sheet.set_column(2, max(2, len(table.columns) - 1), 16)
    sheet.write_string(0, 0, table.title, bold)
    for j, column in enumerate(table.columns):
        sheet.write_string(2, j, column.head, head)
    sheet.freeze_panes(3, 2)
    for i, row in enumerate(table.rows):
        for j, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(3 + i, j, value)
            elif value is not None:
                sheet.write_number(3 + i, j, value)


def response(table: AreaFile, form: str) -> HttpResponse:
    """The file in one of `FORMS`."""
    if form == "xlsx":
        content = xlsx_bytes(table)
    elif form == spreadsheet.ITALIAN:
        content = csv_text(table, italian=True).encode("utf-8")
    else:
        texts = {"csv": csv_text, "json": json_text, "schema.json": schema_text}
        content = texts[form](table).encode("utf-8")
    answer = HttpResponse(content, content_type=TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="{table.file_name(form)}"'
    return answer
