"""A long sheet: what was put in is what two other readers find in it."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import python_calamine
import xlsxwriter

from trama.ui.exports import plain
from trama.ui.sheets import LONGEST, LongSheet

ODD = [
    "=1+1",
    "a & b < c > d",
    " blanks around ",
    "two\nlines",
    "a return\rand a bell\x07",
    "_x0041_ is no A",
    "“virgolette” à è 🌳",
    "x" * 40_000,
]


def written(chunks: list[list[list[Any]]], heading: list[str]) -> bytes:
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output)
    bold = book.add_format({"bold": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("Righe", worksheet_class=LongSheet)
    for position, label in enumerate(heading):
        sheet.write_string(0, position, label, bold)
    count = sum(len(columns[0]) for columns in chunks)
    sheet.fill(iter(chunks), count, day, plain)
    sheet.autofilter(0, 0, count, len(heading) - 1)
    book.close()
    return output.getvalue()


def test_odd_texts_come_back_as_they_were() -> None:
    content = written([[list(range(len(ODD))), ODD]], ["n", "text"])
    expected = [*ODD[:-1], "x" * LONGEST]
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    cells = [cell for (cell,) in sheet.iter_rows(min_row=2, min_col=2, max_col=2)]
    # openpyxl leaves the marks of what XML cannot hold as they stand; xlsxwriter writes them so too.
    marked = [text.replace("_x0041_", "_x005F_x0041_").replace("\r", "_x000D_") for text in expected]
    assert [cell.value.replace("_x0007_", "\x07") for cell in cells] == marked
    assert {cell.data_type for cell in cells} == {"inlineStr"} or {cell.data_type for cell in cells} == {"s"}
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert [row[1].strip() for row in rows[1:4]] == [text.strip() for text in expected[:3]]


def test_numbers_days_and_gaps_stand_in_their_cells_over_several_chunks() -> None:
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    first = [[1, None, 3], [date(2026, 11, 21), None, date(1850, 1, 2)], ["a", "", None], [True, False, None]]
    second = [[2.5, float("nan")], [moment, None], [Decimal("1.5"), "b"], [None, None]]
    content = written([first, second], ["n", "day", "text", "flag"])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet.dimensions == "A1:D6"
    assert sheet.auto_filter.ref == "A1:D6"
    values = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert values == [
        [1, datetime(2026, 11, 21), "a", plain(True)],  # noqa: DTZ001 - as the reader gives it
        [None, None, None, plain(False)],
        [3, "1850-01-02", None, None],
        [2.5, plain(moment), 1.5, None],
        [None, None, "b", None],
    ]
