"""The rows that a load left behind: their columns as they stood and why, as a workbook to be mended and loaded again.

They are kept packed with the load for a time (`models.RowsToMend`); the workbook is made when somebody asks for it.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from trama.intake.registers.planning import PROBLEMS, Plan, Told, to_mend
from trama.intake.rows import TO_MEND, Row, Table

LONGEST = 32_000  # characters that a cell of a workbook takes
Line = tuple[str, list[str]]  # why, and the cells


@dataclass(frozen=True)
class Leftover:
    """The rows of one spreadsheet that stay to be mended, each with its reason."""

    name: str
    columns: list[str]
    lines: list[Line]


def left_of(table: Table, told: Iterable[tuple[int, str]], name: str = "") -> Leftover:
    """The rows of a table that bear a reason, as (number, why)."""
    columns = [column for column in table.columns if column and column not in TO_MEND]
    by_number = {row.number: row for row in table.rows}
    lines = [(why, _cells(table, by_number.get(number), number, columns)) for number, why in told]
    return Leftover(name, columns, lines)


def of_plan(plan: Plan, name: str = "") -> Leftover:
    """The rows that a plan leaves behind; with those that cannot be read."""
    told = [(one.row, reasons(asdict(one))) for one in plan.told if to_mend(one)]
    told += [(fault.row, reasons(asdict(unread(fault.row, fault.column, fault.why)))) for fault in plan.table.faults]
    return left_of(plan.table, sorted(told), name)


def unread(row: int, column: str, why: str) -> Told:
    """What is said of a row that could not be read."""
    return Told(row, "refused", why=[(column, why)])


def _cells(table: Table, row: Row | None, number: int, columns: list[str]) -> list[str]:
    """The cells of a row under the columns that are written; of one that could not be read as they stood."""
    if row is not None:
        return [row.cells[column] for column in columns]
    cells = table.broken.get(number, [])
    named = dict(zip(table.columns, cells, strict=False))
    return [*(named.get(column, "") for column in columns), *cells[len(table.columns) :]]


def reasons(one: dict[str, Any]) -> str:
    """Why a row (a verdict as a dictionary) stands in the workbook."""
    said = _joined(one["why"])
    if one["outcome"] == "possible":
        words = {"name": one["record_name"], "number": one["record"], "why": said}
        said = _("it may be “%(name)s” (number %(number)s): %(why)s") % words
    if one["dropped"] and one["outcome"] in PROBLEMS:
        said = "; ".join([said, _joined(one["dropped"])])
    elif one["dropped"]:
        said = _("loaded without this cell: %(why)s") % {"why": _joined(one["dropped"])}
    return _("row %(row)s: %(why)s") % {"row": one["row"], "why": said}


def _joined(why: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{column}: {text}" if column else text for column, text in why)


# --- kept -------------------------------------------------------------------------------------------------------------
def pack(some: Sequence[Leftover]) -> bytes:
    """Leftovers in as few bytes as they take."""
    told = [[one.name, one.columns, one.lines] for one in some]
    return zlib.compress(json.dumps(told, ensure_ascii=False).encode(), 6)


def unpack(content: bytes) -> list[Leftover]:
    """What `pack` made."""
    return [
        Leftover(name, columns, [(why, cells) for why, cells in lines])
        for name, columns, lines in json.loads(zlib.decompress(content))
    ]


# --- as a workbook ----------------------------------------------------------------------------------------------------
def workbook(some: Sequence[Leftover]) -> bytes:
    """The rows as a workbook: one sheet for each spreadsheet, the reason in the first column."""
    import xlsxwriter

    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True})
    bold, wrapped = (
        book.add_format({"bold": True, "bottom": 1}),
        book.add_format({"text_wrap": True, "bg_color": "#FFF3CD"}),
    )
    for number, one in enumerate(some, start=1):
        title = _("Rows to mend")
        sheet = book.add_worksheet(title if len(some) == 1 else f"{title} {number}")
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 60)
        sheet.set_column(1, max(len(one.columns), 1), 24)
        for position, column in enumerate([_("Why"), *one.columns]):
            sheet.write_string(0, position, column, bold)
        for place, (why, cells) in enumerate(one.lines, start=1):
            sheet.write_string(place, 0, why[:LONGEST], wrapped)
            # Texts stay as they were: in a workbook a text is never a formula, whatever it begins with.
            for position, text in enumerate(cells, start=1):
                if text:
                    sheet.write_string(place, position, text[:LONGEST])
    book.close()
    return output.getvalue()
