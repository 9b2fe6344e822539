"""Rows of a file whose cells are addressed by the header, whatever the file was; with what is wrong in single rows.

What spoils one row (a missing cell, a formula) is a `Fault` of that row, which is then refused; what spoils the whole
file is a `RecipeError`. All bounds of what is read into memory stand here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from trama.core.legible import HARMLESS, UNSEEN, legible, shown
from trama.intake.recipe import RecipeError

MOST_ROWS = 200_000  # of one file: more would fill the memory before anybody could read the verdicts
MOST_COLUMNS = 2_000
MOST_CELLS = 2_000_000
MOST_NOTES = 20  # of one file about cells that were cleaned; the rest is counted
SEPARATORS = {";": ";", ",": ",", "\t": "TAB", "|": "|"}
EXAMPLE = "▸"  # with which the first cell of an example row begins, in the workbooks that Trama gives to be filled
TO_MEND = ("Perché", "Why")  # the first column of the rows that Trama hands back to be mended
AS_TEXT = re.compile(r'="([^"]*)"')  # how spreadsheets keep the zeros of a code in a CSV


def clean_header(text: str) -> str:
    """A header as recipes write it: marks and unseen signs gone, line breaks and repeated blanks made one blank."""
    return " ".join(legible(text).split())


@dataclass(frozen=True)
class Row:
    """One record of a file. `number` counts as a spreadsheet does: the header is row 1, the first record row 2."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


@dataclass(frozen=True)
class Fault:
    """What is wrong in a row, or was put right in it."""

    row: int
    column: str
    why: str


@dataclass
class Table:
    """The rows of a file and its columns; `faults` are rows that could not be read, `notes` what was put right."""

    name: str
    columns: list[str]
    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    sheet: str = ""
    broken: dict[int, list[str]] = field(default_factory=dict)  # the cells of rows with faults, as they stand
    sheets: list[str] = field(default_factory=list)  # of a workbook, those that are not hidden
    twice: dict[str, list[int]] = field(default_factory=dict)  # names of several columns, and which; they are numbered
    literal: bool = False  # no spreadsheet marked its texts: an apostrophe at their beginning is their own

    @property
    def called(self) -> str:
        """The file, and the sheet of it: how a sentence names the place."""
        return _("%(file)s, sheet “%(sheet)s”") % {"file": self.name, "sheet": self.sheet} if self.sheet else self.name

    def column(self, wanted: str, *, first: bool = False) -> str:
        """The column that a recipe means; an error names those that are there.

        A name that stands there twice means neither, unless whoever asks knows that the `first` bears it.
        """
        header = clean_header(wanted)
        if header in self.twice and not first:
            words = {"file": self.called, "column": shown(header), "where": ", ".join(map(str, self.twice[header][:5]))}
            text = _(
                "%(file)s, row 1: the column “%(column)s” stands there twice (columns %(where)s). Rename one of them."
            )
            raise RecipeError(text % words)
        if header in self.columns:
            return header
        by_case = {column.casefold(): column for column in self.columns}
        if header.casefold() in by_case:
            return by_case[header.casefold()]
        words = {"file": self.called, "column": header, "columns": shown_columns(self.columns)}
        if len(self.columns) == 1 and (other := _other_separator(self.columns[0], header)):
            raise RecipeError(
                _(
                    "%(file)s has one column alone, “%(columns)s”: its cells seem to be separated by “%(separator)s”. "
                    "Write that separator in the recipe, or save the file again."
                )
                % {**words, "separator": other}
            )
        raise RecipeError(
            _(
                "%(file)s, row 1: there is no column “%(column)s”; it has: %(columns)s. "
                "Correct the header of the file, or the name in the recipe."
            )
            % words
        )


def shown_columns(columns: Sequence[str]) -> str:
    """The first columns of a file, for a sentence."""
    names = [shown(column) for column in columns[:20]]
    return ", ".join([*names, "…"] if len(columns) > 20 else names)


def _other_separator(alone: str, wanted: str) -> str:
    """The sign at which a header that came out as one column falls into the one that is wanted."""
    for sign, name in SEPARATORS.items():
        parts = {part.strip(' "').casefold() for part in alone.split(sign)}
        if len(parts) > 1 and wanted.casefold() in parts:
            return name
    return ""


def table_of(
    name: str,
    header: Sequence[str],
    records: Iterable[Sequence[str]],
    *,
    sheet: str = "",
    first: int = 2,
    typed: bool = False,
) -> Table:
    """The table of a file: `records` are its rows after the header, the first of which is row number `first`.

    `typed`: the file tells texts from formulas, so that a text may begin with “=”.

    Of columns with one name the later ones bear a number: “Telefono”, “Telefono (2)”. Raises RecipeError when there is
    no header, when no row follows, or when it is endless.
    """
    if len(header) > MOST_COLUMNS:
        raise too_wide(name, len(header))
    columns = [clean_header(cell) for cell in header]
    table = Table(name, columns, sheet=sheet)
    _check_header(table)
    if UNSEEN.search("".join(header)):
        _seen(table, first - 1, list(header))
    number, cells_read = first - 1, 0
    for number, cells in enumerate(records, start=first):
        if number > MOST_ROWS + 1:
            raise _endless(table, _("%(count)s rows") % {"count": MOST_ROWS})
        if not any(cells):
            continue
        if cells[0].lstrip().startswith(EXAMPLE):
            continue
        cells_read += len(cells)
        if cells_read > MOST_CELLS:
            raise _endless(table, _("%(count)s cells") % {"count": MOST_CELLS})
        _take(table, number, cells, typed=typed)
    if not table.rows and not table.faults:
        raise RecipeError(
            _("%(file)s holds a header and no rows: nothing can be loaded from it. Was it saved before it was filled?")
            % {"file": table.called}
        )
    return table


def too_wide(called: str, found: int) -> RecipeError:
    """What is said of a file with more columns than are read."""
    text = _("%(file)s has %(found)s columns, more than %(count)s: keep those that are needed.")
    return RecipeError(text % {"file": called, "found": found, "count": MOST_COLUMNS})


def _check_header(table: Table) -> None:
    if not any(table.columns):
        raise RecipeError(
            _("%(file)s, row 1: there are no names of columns. The first row must be the header.")
            % {"file": table.called}
        )
    taken = set(table.columns)
    seen: dict[str, list[int]] = {}
    for position, column in enumerate(table.columns):
        seen.setdefault(column, []).append(position)
        if column and len(seen[column]) > 1:
            number = len(seen[column])
            while f"{column} ({number})" in taken:
                number += 1
            table.columns[position] = f"{column} ({number})"
            taken.add(table.columns[position])
    table.twice = {
        column: [position + 1 for position in where] for column, where in seen.items() if column and len(where) > 1
    }


def _endless(table: Table, bound: str) -> RecipeError:
    return RecipeError(
        _("%(file)s has more than %(bound)s: split it into several files.") % {"file": table.called, "bound": bound}
    )


def _take(table: Table, number: int, cells: Sequence[str], *, typed: bool) -> None:
    """Put a row into the table, or what is wrong with it."""
    columns = table.columns
    if len(cells) != len(columns):
        if len(cells) < len(columns) or any(cells[len(columns) :]):
            why = _(
                "it has %(found)s cells, the header has %(expected)s: "
                "a separator or a quote is missing or too many, or the file is cut off here"
            )
            table.faults.append(Fault(number, "", why % {"found": len(cells), "expected": len(columns)}))
            table.broken[number] = list(cells[:MOST_COLUMNS])
            return
        cells = cells[: len(columns)]
    together = "".join(cells)
    if UNSEEN.search(together):
        cells = _seen(table, number, cells)
    if "=" in together and not typed:
        cells = [AS_TEXT.sub(r"\1", cell) if cell.startswith('="') else cell for cell in cells]
        for column, cell in zip(columns, cells, strict=True):
            if cell.lstrip().startswith("="):
                why = _("the cell holds a formula (%(text)s): write its value in its place")
                table.faults.append(Fault(number, column, why % {"text": shown(cell[:40])}))
                table.broken[number] = list(cells)
                return
    table.rows.append(Row(number, dict(zip(columns, cells, strict=True))))


def _seen(table: Table, number: int, cells: Sequence[str]) -> list[str]:
    """The cells without the signs that nobody sees; what was taken out stands in the notes."""
    for column, cell in zip(table.columns, cells, strict=True):
        signs = sorted(set(UNSEEN.findall(cell)) - HARMLESS)
        if signs and len(table.notes) < MOST_NOTES:
            names = ", ".join(f"U+{ord(sign):04X}" for sign in signs[:4])
            why = _("signs that cannot be seen were taken out (%(signs)s): look whether the text is right")
            table.notes.append(Fault(number, column, why % {"signs": names}))
    return [legible(cell) for cell in cells]
