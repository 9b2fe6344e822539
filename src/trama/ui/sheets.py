"""A worksheet of many rows: they come as columns of values and are written in one go, not cell by cell.

xlsxwriter keeps an object for every cell until the file is closed and looks at each three times: for 10,000 resources
that is most of the time and of the memory of an export. Here the heading, the widths, the filter and the package are
its work, the rows are ours. Import it inside functions: the pages need no xlsxwriter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

LONGEST = 32_000  # characters; a cell holds 32,767
# What XML cannot hold stands in a workbook as _x0007_; a text that looks like that is marked itself.
UNSAFE = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9a-fA-F]{4}_")
MARKED = re.compile(r"'+[=+\-@\t\r]")
NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Days are counted from here; before March 1900 a spreadsheet counts one that never was.
FIRST_DAY, EPOCH = date(1900, 3, 1), date(1899, 12, 30).toordinal()
TEXT, NUMBERS = {str, type(None)}, {int, float, type(None)}


def _safe(found: re.Match[str]) -> str:
    text = found[0]
    if len(text) > 1:
        return f"_x005F{text}"
    return NAMED.get(text) or f"_x{ord(text):04X}_"


class LongSheet(Worksheet):
    """A worksheet with a heading in its first row; `fill` says what stands below it.

    Its one tie to the inside of xlsxwriter is that `_write_rows` writes the rows into `self.fh`.
    """

    _chunks: Iterable[Sequence[Sequence[Any]]] = ()

    def fill(
        self, chunks: Iterable[Sequence[Sequence[Any]]], count: int, day: Any, plain: Callable[[Any], Any]
    ) -> None:
        """The rows below the heading: chunks, each a list of columns of values of equal length; `count` rows in all.

        They are asked for when the workbook is closed. `day` is the format of dates; `plain` gives the text of what is
        neither text nor number nor date.
        """
        self._chunks, self._day, self._plain = chunks, day, plain
        self.dim_rowmax: int = count

    def _write_rows(self) -> None:
        super()._write_rows()
        style = self._day._get_xf_index() if self._chunks else 0
        names: list[str] = []
        first = 2
        for columns in self._chunks:
            names = names or [xl_col_to_name(position) for position in range(len(columns))]
            numbers = [str(number) for number in range(first, first + len(columns[0]))]
            first += len(numbers)
            cells = [self._cells(name, numbers, values, style) for name, values in zip(names, columns, strict=True)]
            rows = zip(numbers, map("".join, zip(*cells, strict=True)), strict=True)
            self.fh.write("".join([f'<row r="{number}">{row}</row>' for number, row in rows]))

    def _cells(self, name: str, numbers: Sequence[str], values: Sequence[Any], style: int) -> list[str]:
        """The XML of one column; most hold one kind of value, so that the kind is asked once."""
        kinds = set(map(type, values))
        if kinds <= TEXT:
            return _texts(name, numbers, values)
        if kinds <= NUMBERS:
            return [_number(name, n, value) for n, value in zip(numbers, values, strict=True)]
        return [self._cell(name, n, value, style) for n, value in zip(numbers, values, strict=True)]

    def _cell(self, name: str, number: str, value: Any, style: int) -> str:
        if isinstance(value, bool):
            value = self._plain(value)
        if isinstance(value, int | float | Decimal):
            return _number(name, number, float(value))
        if isinstance(value, date) and not isinstance(value, datetime) and value >= FIRST_DAY:
            return f'<c r="{name}{number}" s="{style}"><v>{value.toordinal() - EPOCH}</v></c>'
        return _texts(name, [number], [str(self._plain(value))])[0]


def _texts(name: str, numbers: Sequence[str], values: Sequence[str | None]) -> list[str]:
    texts = [value or "" for value in values]
    together = "\n".join(texts)
    if together.startswith("'") or "\n'" in together:
        # What looks like the mark of a CSV before a formula is marked itself, as there.
        texts = [f"'{text}" if MARKED.match(text) else text for text in texts]
    if len(together) > LONGEST:
        texts = [text if len(text) <= LONGEST else text[:LONGEST] for text in texts]
    if UNSAFE.search(together):
        texts = [UNSAFE.sub(_safe, text) for text in texts]
    # Blanks at an end are lost unless one asks for them; asked everywhere it would be a third of the file.
    start = '<is><t xml:space="preserve">' if any(text != text.strip() for text in texts) else "<is><t>"
    return [
        f'<c r="{name}{number}" t="inlineStr">{start}{text}</t></is></c>' if text else ""
        for number, text in zip(numbers, texts, strict=True)
    ]


def _number(name: str, number: str, value: float | None) -> str:
    return "" if value is None or not isfinite(value) else f'<c r="{name}{number}"><v>{value!r}</v></c>'
