"""The first rows of a file as they stand, to find where its header is; and which of its sheets is meant."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from trama.core import apart
from trama.core.legible import legible
from trama.intake import rows as bounds
from trama.intake import sheets, texts, workbooks
from trama.intake.recipe import TableSpec
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.fields import Registered, as_compared

LOOKED_AT = 25  # rows
MOST_SHEETS = 8  # of a workbook, that are looked at
WORKBOOKS = (".xlsx", ".xls", ".ods")


def first_rows(path: Path, sheet: str = "") -> tuple[list[list[str]], list[str]]:
    """The first rows of a table, and the sheets of a workbook that are not hidden. Raises RecipeError."""
    if path.suffix.lower() in WORKBOOKS:
        return _of_workbook(path, sheet)
    texts.check_size(path)
    with path.open(encoding=texts.encoding_of(path), newline="") as file:
        lines = [line.lstrip("\ufeff") for line in islice(file, LOOKED_AT)]
    # Nobody waits for a first line of a million columns to be cut into cells.
    for sign in bounds.SEPARATORS:
        texts.check_width(path, next(iter(lines), ""), sign)
    # A title above says nothing of the separator: the line that is cut most often does.
    sign = max(bounds.SEPARATORS, key=lambda one: max((line.count(one) for line in lines), default=0))
    try:
        return [
            [legible(cell).strip() for cell in row[: bounds.MOST_COLUMNS]] for row in csv.reader(lines, delimiter=sign)
        ], []
    except csv.Error:
        return [], []  # whoever reads the whole says what is wrong with it


def _of_workbook(path: Path, sheet: str) -> tuple[list[list[str]], list[str]]:
    texts.check_size(path, workbooks.MOST_BYTES)
    workbooks.look(path)
    asked = [str(path), sheet, str(bounds.MOST_ROWS), str(bounds.MOST_COLUMNS)]
    try:
        with apart.answer(Path(sheets.__file__), asked, workbooks.SECONDS) as told:
            about = json.loads(told.readline())
            if about.get("error"):
                return [], []
            found = [[legible(cell).strip() for cell in json.loads(line)] for line in islice(told, LOOKED_AT)]
            return found, list(about["seen"])
    except apart.NoAnswer:
        return [], []


def header_row(rows: list[list[str]], registers: Iterable[Registered] = ()) -> int:
    """The row (from 1) in which the names of the columns stand: the one with known names, else the first full one."""
    known = [registered.headers for registered in registers or REGISTERED.values()]
    best, found = 0.0, 1
    widest = max((sum(1 for cell in row if cell) for row in rows), default=0)
    for number, row in enumerate(rows, start=1):
        filled = [cell for cell in row if cell]
        words = [cell for cell in filled if any(char.isalpha() for char in cell)]
        if not filled or len(words) < 0.7 * len(filled):
            continue
        names = max(sum(as_compared(cell) in headers for cell in filled) for headers in known)
        if len({*filled}) < len(filled) and names < 2:
            continue  # no header: names that stand twice are no rule
        score = names * 3 + (len(filled) / widest if widest else 0) - number / 100
        if score > best:
            best, found = score, number
    return found


def sheet_and_header(path: Path, sheet: str, registers: Iterable[Registered] = ()) -> tuple[str, int]:
    """Which sheet of a workbook (none of a text) and which row hold the names of the columns."""
    some = list(registers)
    rows, seen = first_rows(path, sheet)
    row = header_row(rows, some)
    if sheet or len(seen) < 2:
        return sheet, row
    candidates = [(_known(rows, row, some), 0, seen[0], row)]
    for number, name in enumerate(seen[1:MOST_SHEETS], start=1):
        others, _seen = first_rows(path, name)
        row = header_row(others, some)
        candidates.append((_known(others, row, some), -number, name, row))
    _count, _number, name, row = max(candidates)
    return name, row


def _known(rows: list[list[str]], row: int, registers: list[Registered]) -> int:
    cells = rows[row - 1] if 0 < row <= len(rows) else []
    tables = [registered.headers for registered in registers or REGISTERED.values()]
    return max(sum(as_compared(cell) in headers for cell in cells) for headers in tables)


def spec_of(path: Path, sheet: str, row: int) -> TableSpec:
    """How a file is to be read."""
    records = "records" if path.suffix.lower() == ".json" and _is_export(path) else ""
    return TableSpec(sheet=sheet, header_row=row, records=records)


def _is_export(path: Path) -> bool:
    """Whether a JSON file is an export of ours: a table that holds its records under that name."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return '"records": [' in file.read(200_000)
