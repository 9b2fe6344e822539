"""Documents as files: PDF through the press (another process), DOCX, XLSX and a bundle of CSV here."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from trama.reports.bundle import zip_bytes
from trama.reports.document import Bullets, Cell, Document, Heading, Paragraph, Table, as_data
from trama.reports.slides.deck import deck_of
from trama.reports.slides.pptx import Presentation
from trama.reports.slides.sheets import slides_data
from trama.reports.word import Word

PRESS_SECONDS = 60


class NotPrinted(RuntimeError):
    """The document could not be printed; the message says what the press said."""


def file_bytes(document: Document, form: str) -> bytes:
    """The document in one of the forms in which it is handed on (`choices.FORMS`), in its own language."""
    makers = {
        "pdf": pdf_bytes,
        "docx": docx_bytes,
        "xlsx": xlsx_bytes,
        "zip": zip_bytes,
        "pptx": pptx_bytes,
        "slides": slides_bytes,
    }
    with translation.override(document.language):
        return makers[form](document)


def pdf_bytes(document: Document) -> bytes:
    """The document as a tagged PDF (PDF/UA-1). Raises NotPrinted."""
    return _printed(as_data(document))


def slides_bytes(document: Document) -> bytes:
    """The document as slides 16:9, a tagged PDF (PDF/UA-1). Raises NotPrinted."""
    return _printed(slides_data(document, deck_of(document)), "--slides")


def pptx_bytes(document: Document) -> bytes:
    """The document as slides that an office goes on working on (PPTX). Raises NotPrinted."""
    slides = deck_of(document)
    return Presentation(document, slides, _drawn(slides_data(document, slides))).content()


def docx_bytes(document: Document) -> bytes:
    """The document for a word processor (DOCX). Raises NotPrinted when its pictures cannot be drawn."""
    return Word(document, _drawn(as_data(document))).content()


def _printed(data: dict[str, Any], *how: str) -> bytes:
    """What the press sets from a document's data, as PDF."""
    with tempfile.TemporaryDirectory(prefix="trama-press-") as name:
        folder = Path(name)
        _press(data, folder, *how)
        pdf = folder / "document.pdf"
        if not pdf.exists():
            raise NotPrinted("the press printed nothing")
        return pdf.read_bytes()


def _drawn(data: dict[str, Any]) -> list[bytes]:
    """The pictures of a document's data as PNG files, in order."""
    count = sum(block["type"] == "picture" for block in data["blocks"])
    if not count:
        return []
    with tempfile.TemporaryDirectory(prefix="trama-press-") as name:
        folder = Path(name)
        _press(data, folder, "--pictures")
        return [(folder / f"picture-{number}.png").read_bytes() for number in range(count)]


def _press(data: dict[str, Any], folder: Path, *how: str) -> None:
    """Let the press work on a document in a folder. It keeps its charts where the installation keeps its own."""
    (folder / "document.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    kept = Path(settings.TRAMA_HOME) / "charts" / "printed"
    command = [sys.executable, "-m", "trama.reports.press", str(folder), str(kept), *how]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PRESS_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotPrinted(_("The document took too long to print.")) from error
    if done.returncode:
        raise NotPrinted(done.stderr.strip() or f"the press ended with {done.returncode}")


def xlsx_bytes(document: Document) -> bytes:
    """Every table of the document on a sheet of its own, and the notes on the last."""
    import xlsxwriter

    output = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(output, options)
    book.set_properties({"title": f"{document.subtitle} {document.title}", "company": document.body})
    style = _Styles(book)
    names: set[str] = set()
    for table in document.tables():
        _sheet(book, _sheet_name(table, names), table, style, document.demonstration)
    _notes(book, document, style)
    book.close()
    return output.getvalue()


class _Styles:
    def __init__(self, book: Any) -> None:
        self.bold = book.add_format({"bold": True, "valign": "top"})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.warning = book.add_format({"bold": True, "font_color": "#8a4b00"})
        self.right = book.add_format({"align": "right"})
        self.numbers = {
            (form, total, rough): book.add_format(
                {"num_format": f'"~ "{code}' if rough else code, **({"bold": True, "top": 1} if total else {})}
            )
            for form, code in {"": "#,##0", "1": "#,##0.0", "%": "0.0%", "%0": "0%", "year": "0"}.items()
            for total in (False, True)
            for rough in (False, True)
        }


def _sheet_name(table: Table, taken: set[str]) -> str:
    """A name that a workbook takes: 31 characters, none of its own signs, each once."""
    plain = re.sub(r"[\[\]:*?/\\']", " ", table.sheet or table.caption).strip()[:31] or _("Table")
    name, number = plain, 2
    while name.casefold() in taken:
        name = f"{plain[:27]} {number}"
        number += 1
    taken.add(name.casefold())
    return name


def _sheet(book: Any, name: str, table: Table, style: _Styles, demonstration: str) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, max(1, len(table.heads) - 1), 16)
    for column in table.texts - {0}:
        sheet.set_column(column, column, 40)
    sheet.write_string(0, 0, table.caption, style.bold)
    sheet.write_string(1, 0, table.subtitle)
    if demonstration:
        sheet.write_string(2, 0, demonstration, style.warning)
    for position, head in enumerate(table.heads):
        sheet.write_string(3, position, head, style.head)
    sheet.freeze_panes(4, 1)
    row = 4
    for line in table.lines:
        total = line.role == "total"
        sheet.write_string(row, 0, line.name, style.bold if total or line.role == "group" else None)
        for position, cell in enumerate(line.cells, start=1):
            _write(sheet, row, position, cell, style, total=total)
        row += 1
    for number, note in enumerate(table.notes, start=row + 1):
        sheet.write_string(number, 0, note)


def _write(sheet: Any, row: int, column: int, cell: Cell, style: _Styles, *, total: bool) -> None:
    if cell.value is not None:
        sheet.write_number(row, column, cell.value, style.numbers[cell.form, total, cell.status == "estimated"])
    elif cell.text:
        sheet.write_string(row, column, cell.text, style.right if len(cell.text) < 12 else None)


def _notes(book: Any, document: Document, style: _Styles) -> None:
    sheet = book.add_worksheet(_("Notes"))
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 110)
    rows = [
        (document.subtitle, document.title),
        (_("Body"), document.body),
        (_("Date"), document.date),
    ]
    if document.demonstration:
        rows.insert(0, (_("Demonstration"), document.demonstration))
    if document.stamp:
        rows.append((_("Frozen"), document.stamp))
    section = ""
    for block in document.blocks:
        if isinstance(block, Heading):
            section = block.text
        elif isinstance(block, Paragraph) and block.text:
            rows.append((_("Note") if block.style == "note" else section, block.text))
        elif isinstance(block, Bullets):
            rows += [(term, text) for term, text in block.items]
    for number, (name, text) in enumerate(rows):
        sheet.write_string(number, 0, name.rstrip(".:"), style.bold)
        sheet.write_string(number, 1, text, style.wrap)
