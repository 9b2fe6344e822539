"""Text files as cities publish them: which encoding, which separator; read line by line, however big they are."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from trama.core.legible import shown
from trama.intake.recipe import RecipeError, TableSpec
from trama.intake.rows import MOST_COLUMNS, SEPARATORS, Fault, Table, table_of, too_wide

MOST_BYTES = 64 * 1024 * 1024  # of one text file: it is held in memory as rows
LONGEST_CELL = 1_000_000  # characters
BLOCK = 1 << 20
ENCODINGS = ("utf-8", "cp1252")
csv.field_size_limit(LONGEST_CELL)
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What begins like this is no text, whatever its name says.
BEGINNINGS = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"%PDF": "PDF",
    b"PK\x03\x04": "ZIP/XLSX/ODS",
    b"\xd0\xcf\x11\xe0": "XLS/DOC",
    b"\x1f\x8b": "GZIP",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7Z",
    b"SQLite format 3": "SQLite",
    b"\x7fELF": "ELF",
    b"MZ\x90": "EXE",
}


def check_size(path: Path, most: int = MOST_BYTES) -> None:
    """Refuse a file that is too big before a byte of it is read."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise RecipeError(_("%(file)s cannot be opened.") % {"file": shown(path.name)}) from error
    if size > most:
        raise RecipeError(
            _("%(file)s is %(found)s MB big, more than %(size)s MB: split it, or keep the columns that are needed.")
            % {"file": shown(path.name), "found": size >> 20, "size": most >> 20}
        )
    if not size:
        raise RecipeError(_("%(file)s is empty: send the file again.") % {"file": shown(path.name)})


def encoding_of(path: Path, stated: str = "") -> str:
    """The encoding that reads a file to its end: by its mark, as stated, else the first of the usual ones.

    Raises RecipeError for what is no text, and for text in another encoding, with the line where it breaks off.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    _check_text(path.name, start)
    mark = next((name for sign, name in MARKS.items() if start.startswith(sign)), "")
    if mark == "utf-16":
        return _reads(path, [mark], mark)
    if stated:
        try:
            name = codecs.lookup(stated).name
        except LookupError as error:
            raise RecipeError(_("the encoding “%(name)s” is not known.") % {"name": shown(stated)}) from error
        # Who says ISO-8859-1 has a file of Windows nearly always: its quotes and dashes are control signs there.
        return _reads(path, ["cp1252" if name == "iso8859-1" else name], stated)
    return _reads(path, list(ENCODINGS), "UTF-8")


def _check_text(name: str, start: bytes) -> None:
    kind = next((kind for sign, kind in BEGINNINGS.items() if start.startswith(sign)), "")
    words = {"file": shown(name), "kind": kind}
    if kind:
        raise RecipeError(
            _("%(file)s is no text, whatever its name says: it begins as a file of kind %(kind)s. Send the right file.")
            % words
        )
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return
    nuls = start.count(0)
    if nuls > len(start) // 4 and (not any(start[0::2]) or not any(start[1::2]) or nuls < len(start) * 3 // 4):
        raise RecipeError(_("%(file)s is written in UTF-16 without its mark: save it again as “CSV UTF-8”.") % words)
    if sum(byte < 9 or 13 < byte < 32 for byte in start) > len(start) // 10:
        raise RecipeError(_("%(file)s is no text, whatever its name says. Send the right file.") % words)


def _reads(path: Path, candidates: list[str], stated: str) -> str:
    where = 0
    for candidate in candidates:
        line = _breaks_off(path, candidate)
        if not line:
            return candidate
        where = where or line
    raise RecipeError(
        _(
            "%(file)s, line %(line)s: this is not written in %(encoding)s. Save the file again as “CSV UTF-8”, "
            "or write its encoding in the recipe."
        )
        % {"file": shown(path.name), "line": where, "encoding": stated}
    )


def _breaks_off(path: Path, encoding: str) -> int:
    """The line at which a file is not in this encoding; 0 when it is to its end."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except (LookupError, TypeError) as error:
        raise RecipeError(_("the encoding “%(name)s” is not known.") % {"name": shown(encoding)}) from error
    line = 1
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK)
            try:
                line += decoder.decode(block, final=not block).count("\n")
            except UnicodeError as error:
                return line + block[: getattr(error, "start", 0)].count(b"\n")
            if not block:
                return 0


def text_of(path: Path, encoding: str = "", most: int = MOST_BYTES) -> str:
    """The whole text of a file, without marks at its beginning."""
    check_size(path, most)
    return path.read_bytes().decode(encoding_of(path, encoding)).lstrip("\ufeff")


def read_csv(path: Path, spec: TableSpec) -> Table:
    """A CSV file as a table."""
    check_size(path)
    encoding = encoding_of(path, spec.encoding)
    with path.open(encoding=encoding, newline="") as file:
        first = _first_line(file, spec.header_row)
        separator = spec.separator or max(SEPARATORS, key=first.count)
        check_width(path, first, separator)
        lines = _without_marks(file)
        reader = csv.reader(lines, delimiter=separator, strict=True)
        try:
            header = next(reader, None)
            skipped = header is not None and re.fullmatch(r"(?i)sep=.?", "".join(header)) is not None
            if skipped:  # "sep=;" is a word of a spreadsheet to itself
                header = next(reader, None)
            for _line in range(spec.header_row - 1):  # a title stands above the header
                header = next(reader, None)
            if header is None:
                raise RecipeError(_("%(file)s is empty: send the file again.") % {"file": shown(path.name)})
            table = table_of(shown(path.name), header, reader, first=spec.header_row + 1 + skipped)
        except csv.Error as error:
            raise _unquoted(path, reader.line_num, error) from error
    if encoding == "utf-16":
        table.notes.insert(0, Fault(0, "", _("the file is written in UTF-16: it was read all the same")))
    return table


def check_width(path: Path, line: str, separator: str) -> None:
    """Refuse a header of endless columns before anything is cut into cells."""
    if (found := line.count(separator)) >= MOST_COLUMNS:
        raise too_wide(shown(path.name), found + 1)


def _first_line(file: io.TextIOWrapper, header_row: int = 1) -> str:
    """The first line that says anything, at most a million signs of it; the file stands at its beginning again."""
    line = file.readline(LONGEST_CELL).lstrip("\ufeff")
    if re.match(r"(?i)sep=.\s*$", line):
        line = line[4:5] * 2
    for _line in range(min(header_row, 100) - 1):
        line = file.readline(LONGEST_CELL)
    file.seek(0)
    return line


def _without_marks(file: io.TextIOWrapper) -> Iterator[str]:
    """The lines, the first of them without the marks that stand at the beginning of a file (there may be two)."""
    for number, line in enumerate(file):
        # The module csv refuses no NUL; it is told with the row by whoever makes the table.
        yield line.lstrip("\ufeff") if number == 0 else line


def _unquoted(path: Path, line: int, error: csv.Error) -> RecipeError:
    words = {"file": shown(path.name), "line": line, "count": LONGEST_CELL}
    if "field larger" in str(error):
        return RecipeError(
            _(
                "%(file)s, line %(line)s: a cell holds more than %(count)s signs. "
                "A closing quote or the line breaks are missing."
            )
            % words
        )
    return RecipeError(
        _(
            "%(file)s, line %(line)s: the quotes do not match. A quote inside a cell is written twice, and each one "
            "that opens must close: is the file cut off?"
        )
        % words
    )
