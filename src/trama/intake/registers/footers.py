"""Lines below a table that are no records: sources, dates of the last change, notes. They are told, never loaded alone.

A line is taken for one only where the table ends: from the last full row on, what stands after an empty row with one
cell filled, and what begins as notes do (“Fonte: …”, “Aggiornato al …”). Further up, only what bears no name at all
and begins so. Whoever loads can have each of them taken as a row all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from trama.core.search import fold
from trama.intake.rows import Row, Table

NOTE = re.compile(
    r"(?:font[ei]|not[ae]|n\. ?b\.?|nb|legenda|avvertenz[ae]|(?:ri)?elaborazion[ei]|sources?|notes?|legend)\s*[:.–-]"
    r"|(?:font[ei]|not[ae]|n\. ?b\.?|nb|legenda|avvertenz[ae]|sources?|notes?|legend)$"
    r"|(?:ultimo |data (?:di |dell')?)?aggiornament[oi]\b"
    r"|(?:dati |elenco |lista |tabella )?aggiornat[aeio] (?:al|il|a)\b"
    r"|(?:dati|situazione|elenco|estrazione|rilevazione) (?:al|del|estratt\w+)\b.*\d"
    r"|estratt[aeio] (?:al|il|da)\b|a cura d[ei]|(?:last )?updated\b|as of \d|\*|\(\*+\)|\(\d\) "
)
FIRST = 2  # columns in which a note stands
LONGEST = 30  # lines of notes: a longer end of a table is a list
LOOKED_AT, THIN = 300, 0.05  # where more of the other rows hold one cell, one cell says nothing


def footers(table: Table, names: Sequence[str]) -> dict[int, Row]:
    """The lines of a table that are no records, by their numbers; `names`: the columns that name a record."""
    found = {
        row.number: row
        for row in table.rows
        if not any(row.cells[name].strip() for name in names) and _is_note(_filled(row))
    }
    found.update((row.number, row) for row in _below(table))
    return found


def take_in(table: Table, found: Iterable[Row]) -> None:
    """Have lines that could not be read as rows (a CSV line without separators) stand among the rows of a table."""
    lines = {row.number: row for row in found if row.number in table.broken}
    if lines:
        table.faults[:] = [fault for fault in table.faults if fault.row not in lines]
        for number in lines:
            del table.broken[number]
        table.rows[:] = sorted([*table.rows, *lines.values()], key=lambda row: row.number)


def text_of(row: Row) -> str:
    """What a line says."""
    return " ".join(text.strip() for text in row.cells.values() if text.strip())[:200]


def _filled(row: Row) -> list[tuple[int, str]]:
    return [(position, text) for position, cell in enumerate(row.cells.values()) if (text := cell.strip())]


def _is_note(filled: list[tuple[int, str]]) -> bool:
    return bool(filled) and filled[0][0] < FIRST and NOTE.match(fold(filled[0][1])) is not None


def _is_thin(filled: list[tuple[int, str]]) -> bool:
    return len(filled) == 1 and filled[0][0] < FIRST


def _below(table: Table) -> list[Row]:
    """The lines after the last record."""
    block: list[tuple[Row, list[tuple[int, str]]]] = []
    for row in _from_the_end(table):
        filled = _filled(row)
        if not (_is_thin(filled) or (len(filled) <= FIRST and _is_note(filled)) or _sums_up(filled)):
            break
        block.insert(0, (row, filled))
        if len(block) > LONGEST:
            return []
    first = block[0][0].number if block else 0
    others = [row for row in table.rows if row.number < first][-LOOKED_AT:]
    by_shape = bool(others) and sum(_is_thin(_filled(row)) for row in others) <= THIN * len(others)
    above = others[-1].number if others else 0
    found: list[Row] = []
    for row, filled in block:
        apart = by_shape and above and row.number > above + 1
        if not _sums_up(filled) and (found or _is_note(filled) or apart):
            found.append(row)
        elif _is_thin(filled) and not _sums_up(filled):
            by_shape = False  # a record of which only the name is known: so may others be
        above = row.number
    return found


def _sums_up(filled: list[tuple[int, str]]) -> bool:
    return bool(filled) and fold(filled[0][1]).startswith(("total", "subtotal", "sub-total", "sub total"))


def _from_the_end(table: Table) -> Iterator[Row]:
    """The rows of a table from its last one, with the short lines of a text file among them."""
    broken = [
        _padded(table, number, cells) for number, cells in table.broken.items() if len(cells) < len(table.columns)
    ]
    last = sorted([*table.rows[-LONGEST - 2 :], *broken], key=lambda row: row.number)
    return reversed(last)


def _padded(table: Table, number: int, cells: Sequence[str]) -> Row:
    texts = [*cells, *[""] * (len(table.columns) - len(cells))]
    return Row(number, dict(zip(table.columns, texts, strict=True)))
