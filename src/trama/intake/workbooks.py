"""Spreadsheets (XLSX, ODS, XLS): looked at, then read by a process of their own (`sheets`) with bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import apart, archives
from trama.core.legible import shown
from trama.intake import rows, sheets
from trama.intake.recipe import RecipeError, TableSpec
from trama.intake.rows import Fault, Table
from trama.intake.texts import check_size

MOST_BYTES = 40 * 1024 * 1024  # as it is sent
MOST_UNPACKED = 160 * 1024 * 1024
MOST_PARTS = 2000
MOST_CHARACTERS = 64 * 1024 * 1024  # of one sheet, as its rows are handed over
SECONDS = 300  # by the clock, on a machine that has much to do
OLE = b"\xd0\xcf\x11\xe0"
# What stands behind the rows in a workbook of ours (`registers.template`, `context.template`), in either language.
OUR_SHEETS = ({"Spiegazioni", "Valori"}, {"Explanations", "Values"})
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def read_workbook(path: Path, spec: TableSpec) -> Table:
    """One sheet of a workbook as a table: the one that the recipe names, else the first that is not hidden."""
    check_size(path, MOST_BYTES)
    look(path)
    asked = [str(path), spec.sheet, str(rows.MOST_ROWS), str(rows.MOST_COLUMNS)]
    try:
        with apart.answer(Path(sheets.__file__), asked, SECONDS) as told:
            return _table(path, spec, told)
    except apart.NoAnswer as error:
        raise _too_big(path) from error


def look(path: Path) -> None:
    """Refuse, before any library opens it, what is no workbook, is locked, or unfolds without end."""
    words = {"file": shown(path.name)}
    with path.open("rb") as file:
        start = file.read(4096)
    if start.lstrip()[:1] == b"<":
        raise RecipeError(
            _("%(file)s is a page of text that calls itself a workbook: open it and save it as .xlsx or “CSV UTF-8”.")
            % words
        )
    if start.startswith(OLE):
        if ENCRYPTED in path.read_bytes():
            raise _locked(path)
        return
    if not start.startswith(b"PK"):
        raise RecipeError(_("%(file)s is no workbook, whatever its name says. Send the right file.") % words)
    try:
        with archives.opened(path, path.name) as archive:
            for item in archives.entries(archive, path.name, most_bytes=MOST_UNPACKED, most_files=MOST_PARTS):
                if item.filename.endswith((".xml", ".rels")):
                    beginning = next(archives.blocks(archive, item), b"")
                    if b"<!DOCTYPE" in beginning or b"<!ENTITY" in beginning:
                        raise RecipeError(
                            _("%(file)s declares entities (“%(part)s”), which no workbook does: it is not opened.")
                            % {**words, "part": shown(item.filename)}
                        )
    except archives.ArchiveRefused as error:
        raise RecipeError(str(error)) from error


def _locked(path: Path) -> RecipeError:
    return RecipeError(
        _("%(file)s is locked with a password: save it without one and send it again.") % {"file": shown(path.name)}
    )


def _too_big(path: Path) -> RecipeError:
    return RecipeError(
        _(
            "%(file)s unfolds into more than can be read, or is broken: copy the cells that are needed into a new "
            "workbook, or save them as “CSV UTF-8”."
        )
        % {"file": shown(path.name)}
    )


def _table(path: Path, spec: TableSpec, told: IO[bytes]) -> Table:
    about = json.loads(told.readline())
    _check(path, spec, about)
    records = _records(path, told)
    header = next(islice(records, max(spec.header_row, 1) - 1, None), [])
    while header and not header[-1]:
        header.pop()
    width = len(header)
    _check_merged(path, about, width, spec.header_row)
    table = rows.table_of(
        shown(path.name),
        header,
        (row[:width] for row in records),
        sheet=about["sheet"],
        first=spec.header_row + 1,
        # A formula that was handed back as a text is still none that anybody mended.
        typed=not header or header[0].strip() not in rows.TO_MEND,
    )
    table.sheets = list(about["seen"])
    others = [name for name in about["seen"] if name != about["sheet"]]
    if others and not spec.sheet and set(others) not in OUR_SHEETS:
        text = _("only the sheet “%(sheet)s” was read, not: %(others)s; say which one is meant")
        _note(table, text % {"sheet": shown(about["sheet"]), "others": rows.shown_columns(others)})
    if about["hidden"]:
        text = ngettext(
            "a hidden sheet was left alone: %(names)s", "hidden sheets were left alone: %(names)s", len(about["hidden"])
        )
        _note(table, text % {"names": rows.shown_columns(about["hidden"])})
    return table


def _note(table: Table, text: str) -> None:
    table.notes.append(Fault(0, "", text))


def _check(path: Path, spec: TableSpec, about: dict[str, Any]) -> None:
    words = {"file": shown(path.name), "sheet": shown(str(about.get("sheet", spec.sheet)))}
    match about.get("error"):
        case sheets.LOCKED:
            raise _locked(path)
        case sheets.NO_SHEET:
            raise RecipeError(
                _("%(file)s has no sheet “%(sheet)s”; it has: %(sheets)s. Write one of these names.")
                % {**words, "sheet": shown(spec.sheet), "sheets": rows.shown_columns(about["sheets"])}
            )
        case sheets.BIG:
            raise RecipeError(
                _(
                    "%(file)s, sheet “%(sheet)s”: it has %(rows)s rows and %(columns)s columns, more than can be read. "
                    "Copy the cells that are filled into a new workbook."
                )
                % {**words, "rows": about["rows"], "columns": about["columns"]}
            )
        case sheets.BROKEN:
            raise _too_big(path)
    if about["formula"]:
        raise RecipeError(
            _(
                "%(file)s, sheet “%(sheet)s”, cell %(cell)s: there is a formula without its result. Open the workbook, "
                "let it compute and save it, or paste the values."
            )
            % {**words, "cell": about["formula"]}
        )


def _check_merged(path: Path, about: dict[str, Any], width: int, header_row: int = 1) -> None:
    """Merged cells hold their value once: what the others mean is for whoever made the sheet to say."""
    for top, left, bottom, right in about["merged"]:
        if left < width and (top, left) != (bottom, right) and bottom >= header_row - 1:  # not of a title above
            raise RecipeError(
                _(
                    "%(file)s, sheet “%(sheet)s”: the cells %(first)s to %(last)s are merged. Split them and write the "
                    "value into each."
                )
                % {
                    "file": shown(path.name),
                    "sheet": shown(about["sheet"]),
                    "first": cell_name(top, left),
                    "last": cell_name(bottom, right),
                }
            )


def cell_name(row: int, column: int) -> str:
    """The name of a cell as a spreadsheet writes it; both count from 0: (1, 27) is AB2."""
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def _records(path: Path, told: IO[bytes]) -> Iterator[list[str]]:
    left = MOST_CHARACTERS
    for line in told:
        left -= len(line)
        if left < 0:
            raise _too_big(path)
        yield json.loads(line)
