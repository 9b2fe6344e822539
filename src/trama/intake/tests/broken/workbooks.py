"""Broken workbooks: what a person does to one, and what an enemy does."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

from trama.intake.tests.broken.case import Case, Files, bodies

HEADER = ["ID", "NOME", "TIPO", "ANNO", "LAT", "LON"]
GOOD = [1, "Orto comune", "", 2001, 44.505, 11.305]
XLSX, ODS, XLS = bodies("enti.xlsx"), bodies("enti.ods"), bodies("enti.xls")


def xlsx(fill: Callable[[Any], None], name: str = "enti.xlsx") -> Callable[[], Files]:
    """A workbook that `fill` writes into."""

    def make() -> Files:
        import xlsxwriter

        target = io.BytesIO()
        with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
            fill(book)
        return {name: target.getvalue()}

    return make


def _good(sheet: Any) -> None:
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, GOOD)


def _hidden(book: Any) -> None:
    secret, seen = book.add_worksheet("Segreto"), book.add_worksheet("Enti")
    secret.write(0, 0, "niente")
    _good(seen)
    seen.activate()
    seen.set_first_sheet()
    secret.hide()


def _two_sheets(book: Any) -> None:
    _good(book.add_worksheet("Enti"))
    _good(book.add_worksheet("Altri enti"))


def _merged(book: Any) -> None:
    sheet = book.add_worksheet("Enti")
    _good(sheet)
    sheet.merge_range(2, 1, 4, 1, "Banca del tempo")


def _formula(book: Any) -> None:
    sheet = book.add_worksheet("Enti")
    _good(sheet)
    sheet.write_formula(1, 1, '="Orto"&" comune"', None, "")


def _dates(book: Any) -> None:
    sheet = book.add_worksheet("Enti")
    _good(sheet)
    sheet.write_row(2, 0, [2, "Banca", "", "il 3 maggio 1998", 44.505, 11.315])


def _far(book: Any) -> None:
    sheet = book.add_worksheet("Enti")
    _good(sheet)
    sheet.write(1_048_575, 16_383, "qui")


def _no_sheet(book: Any) -> None:
    _good(book.add_worksheet("Enti"))


def _whole(book: Any) -> None:
    _good(book.add_worksheet("Enti"))


def half() -> Files:
    """The first half of a workbook."""
    content = xlsx(_whole)()["enti.xlsx"]
    return {"enti.xlsx": content[: len(content) // 2]}


def changed(part: str, change: Callable[[bytes], bytes], fill: Callable[[Any], None] = _whole) -> Files:
    """A workbook of which one part is written anew."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(fill)()["enti.xlsx"])) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for item in source.infolist():
            content = source.read(item)
            copy.writestr(item.filename, change(content) if item.filename == part else content)
    return {"enti.xlsx": target.getvalue()}


LAUGHS = b"".join(
    b'<!ENTITY a%d "%s">' % (number, b"&a%d;" % (number - 1) * 10 if number else b"ha") for number in range(10)
)


def entities() -> Files:
    """A billion laughs."""
    return changed(
        "xl/sharedStrings.xml",
        lambda text: text.replace(b"?>", b"?><!DOCTYPE sst [" + LAUGHS + b"]>", 1).replace(b"Orto", b"&a9;"),
    )


def shared_strings() -> Files:
    """Shared strings that unfold to many megabytes."""
    return changed(
        "xl/sharedStrings.xml", lambda text: text.replace(b"Orto comune", b"Orto comune " + b"A" * 12 * 1024 * 1024)
    )


def repeated_strings() -> Files:
    """One text of two megabytes, to which ten thousand cells point: twenty gigabytes."""

    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Enti")
        _good(sheet)
        for number in range(2, 10_000):
            sheet.write_row(number, 0, [number, "Orto comune"])

    return changed(
        "xl/sharedStrings.xml", lambda text: text.replace(b"Orto comune", b"Orto comune " + b"A" * 2_000_000), fill
    )


def ods(rows: str) -> Callable[[], Files]:
    """An OpenDocument sheet with these rows."""
    names = ["office:1.0", "table:1.0", "text:1.0"]
    spaces = " ".join(f'xmlns:{n.split(":")[0]}="urn:oasis:names:tc:opendocument:xmlns:{n}"' for n in names)
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="Enti">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )

    def make() -> Files:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            book.writestr("content.xml", text)
            book.writestr("META-INF/manifest.xml", "<manifest/>")
        return {"enti.ods": target.getvalue()}

    return make


def cells(texts: list[str], more: str = "") -> str:
    """A row of an OpenDocument sheet."""
    inside = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
    )
    return f"<table:table-row {more}>{inside}</table:table-row>"


ROW_BOMB = ods(cells(HEADER) + cells(["1", "Orto", "", "", "", ""], 'table:number-rows-repeated="1048575"'))
CELL_BOMB = ods(
    cells(HEADER)
    + '<table:table-row table:number-rows-repeated="1048575"><table:table-cell table:number-columns-repeated="16384" '
    'office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _locked() -> Files:
    return {"enti.xlsx": OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(1000)}


def _old() -> Files:
    return {"enti.xls": OLE + bytes(2000)}


def _page() -> Files:
    return {"enti.xls": b"\n<html><table><tr><td>ID</td></tr></table></html>"}


CASES = [
    Case(
        "a hidden sheet before the one that is meant",
        xlsx(_hidden),
        XLSX,
        ("enti.xlsx", "nascosto", "Segreto"),
        ("enti.xlsx", "hidden", "Segreto"),
        1,
    ),
    Case(
        "two sheets and no word on which",
        xlsx(_two_sheets),
        XLSX,
        ("enti.xlsx", "solo il foglio «Enti»", "Altri enti"),
        ("enti.xlsx", "only the sheet “Enti”", "Altri enti"),
        1,
    ),
    Case(
        "merged cells",
        xlsx(_merged),
        XLSX,
        ("enti.xlsx, foglio «Enti»", "da B3 a B5", "Dividile"),
        ("enti.xlsx, sheet “Enti”", "B3 to B5", "Split them"),
    ),
    Case(
        "a formula without its result",
        xlsx(_formula),
        XLSX,
        ("enti.xlsx, foglio «Enti», cella B2", "formula", "salvala"),
        ("enti.xlsx, sheet “Enti”, cell B2", "formula", "save it"),
    ),
    Case(
        "dates as text",
        xlsx(_dates),
        XLSX,
        ("riga 3", "«ANNO»", "«il 3 maggio 1998» non è un anno"),
        ("row 3", "“ANNO”", "“il 3 maggio 1998” is not a year"),
        1,
    ),
    Case(
        "no such sheet",
        xlsx(_no_sheet),
        bodies("enti.xlsx", 'sheet = "Dati"'),
        ("enti.xlsx non ha il foglio «Dati»", "Enti"),
        ("enti.xlsx has no sheet “Dati”", "Enti"),
    ),
    Case("half a workbook", half, XLSX, ("«enti.xlsx»", "rotto"), ("“enti.xlsx”", "broken")),
    Case("locked with a password", _locked, XLSX, ("enti.xlsx", "password"), ("enti.xlsx", "password")),
    Case("an old workbook, broken", _old, XLS, ("enti.xls", "rotto"), ("enti.xls", "broken")),
    Case("a page that calls itself a workbook", _page, XLS, ("enti.xls", "pagina"), ("enti.xls", "page of text")),
    Case(
        "no workbook at all", lambda: {"enti.xlsx": b"ciao"}, XLSX, ("enti.xlsx non è",), ("enti.xlsx is no workbook",)
    ),
    Case(
        "a billion laughs",
        entities,
        XLSX,
        ("enti.xlsx", "entità", "sharedStrings"),
        ("enti.xlsx", "entities", "sharedStrings"),
    ),
    Case("rows without end", ROW_BOMB, ODS, ("enti.ods",), ("enti.ods",)),
]
# These want memory: they are brought in where it is measured, too.
HUGE = [
    Case("one cell at the far end", xlsx(_far), XLSX, ("enti.xlsx", "celle"), ("enti.xlsx", "cells")),
    Case("cells without end", CELL_BOMB, ODS, ("enti.ods",), ("enti.ods",)),
    Case("shared strings that unfold", shared_strings, XLSX, ("«enti.xlsx»", "MB"), ("“enti.xlsx”", "MB")),
    Case("one text for all cells", repeated_strings, XLSX, ("enti.xlsx", "celle"), ("enti.xlsx", "cells")),
]
